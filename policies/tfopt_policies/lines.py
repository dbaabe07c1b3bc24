"""Lines through the settings far from a winner, along which each is dearer and safer than before.

A low minimum under a low aim, or floors by the hour, lie beyond any single step: what is between
them and the winner is dearer or does not hold. On a line, the least level that holds is found by
halving.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tfopt_policies.expressible import distinct
from tfopt_policies.floors import floors_by_hour
from tfopt_policies.policy import Problem
from tfopt_policies.steps import aim_of, with_aim
from tfopt_sim.types import Configuration, ScheduledAction

_AIMS = tuple(round(0.05 * step, 2) for step in range(3, 18))  # 0.15 … 0.85
_FLOORED_AIMS = tuple(aim for aim in _AIMS if aim >= 0.4)  # floors carry the peaks: it may run hot
_SHARES = (0.5, 0.75, 1.0)  # of an hour's minutes that its floor serves
_HEADROOM = tuple(round(0.1 * step, 1) for step in range(7, 15))  # 0.7 … 1.4


def lines(problem: Problem, winner: Configuration) -> Iterator[list[Configuration]]:
    """Yield lines of expressible configurations, each the cheapest first.

    One for each aim, over the minimum; one for each aim and share of the minutes that floors serve,
    over the floors' headroom. None where the winner has no aim that can be moved.
    """
    if aim_of(winner) is None or not problem.knobs.target_cpu:
        return
    low = winner.min_size
    bare = replace(winner, schedules=problem.present.schedules)
    for aim in _AIMS:
        yield distinct(problem, _sized(with_aim(bare, aim), range(1, 2 * low + 1)))
    if not (problem.knobs.schedules and problem.knobs.min_size):  # a floor sets the minimum
        return
    for share in _SHARES:
        floors = [floors_by_hour(problem, winner.machine, share, room) for room in _HEADROOM]
        for aim in _FLOORED_AIMS:
            yield distinct(problem, (_floored(with_aim(bare, aim), each) for each in floors))


def _floored(wanted: Configuration, floors: tuple[ScheduledAction, ...]) -> Configuration:
    """Return a configuration under floors, its minimum no higher than the lowest of them."""
    sizes = [action.min_size for action in floors if action.min_size is not None]
    return replace(wanted, schedules=floors, min_size=min([wanted.min_size, *sizes]))


def _sized(wanted: Configuration, sizes: Iterable[int]) -> Iterator[Configuration]:
    for size in sizes:
        yield replace(wanted, min_size=size, max_size=max(size, wanted.max_size))
