"""Lines through the settings far from a winner, along which each is dearer and safer than before.

A low minimum under a low aim, or floors by the hour, lie beyond any single step: what is between
them and the winner is dearer or does not hold. On a line, the least level that holds is found by
halving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from tfopt_policies.expressible import express
from tfopt_policies.floors import floors_by_hour
from tfopt_policies.policy import Problem
from tfopt_policies.steps import aim_of, with_aim
from tfopt_sim.types import Configuration, ScheduledAction

_AIMS = tuple(round(0.05 * step, 2) for step in range(3, 18))  # 0.15 … 0.85
_FLOORED_AIMS = tuple(aim for aim in _AIMS if aim >= 0.4)  # floors carry the peaks: it may run hot
_SHARES = (0.5, 0.75, 1.0)  # of an hour's minutes that its floor serves
_HEADROOM = tuple(round(0.1 * step, 1) for step in range(7, 15))  # 0.7 … 1.4


class Line(NamedTuple):
    """Levels of one thing, the cheapest first; each configuration is made when it is asked for."""

    length: int
    at: Callable[[int], Configuration]


def lines(problem: Problem, winner: Configuration) -> Iterator[Line]:
    """Yield lines of expressible configurations; neighbours may be the same where a knob is fixed.

    One for each aim, over the minimum; one for each aim and share of the minutes that floors serve,
    over the floors' headroom. None where the winner has no aim that can be moved.
    """
    if aim_of(winner) is None or not problem.knobs.target_cpu:
        return
    bare = replace(winner, schedules=problem.present.schedules)
    for aim in _AIMS:
        yield _over_minima(problem, with_aim(bare, aim))
    if not (problem.knobs.schedules and problem.knobs.min_size):  # a floor sets the minimum
        return
    for share in _SHARES:
        floors = [floors_by_hour(problem, winner.machine, share, room) for room in _HEADROOM]
        for aim in _FLOORED_AIMS:
            yield _over_floors(problem, with_aim(bare, aim), floors)


def _over_minima(problem: Problem, wanted: Configuration) -> Line:
    def at(level: int) -> Configuration:
        size = level + 1
        sized = replace(wanted, min_size=size, max_size=max(size, wanted.max_size))
        return express(problem, sized)

    return Line(2 * wanted.min_size, at)


def _over_floors(
    problem: Problem, wanted: Configuration, floors: Sequence[tuple[ScheduledAction, ...]]
) -> Line:
    """Return the line over floors; the minimum is no higher than the lowest of them."""

    def at(level: int) -> Configuration:
        actions = floors[level]
        lowest = (action.min_size for action in actions if action.min_size is not None)
        least = min([wanted.min_size, *lowest])
        return express(problem, replace(wanted, schedules=actions, min_size=least))

    return Line(len(floors), at)
