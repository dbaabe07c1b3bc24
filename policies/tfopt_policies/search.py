"""Searches proposals for the cheapest that hold: screens, polishes, mends, proves, goes on.

Weeks of history are replayed beside the forecast's scenarios. A forecast can be wrong where a
replay cannot, and a week that was is only one week; so a past week missed is neither ignored nor
forbidden: it counts like doubling the cost (`burdened_cost`), by which everything is ordered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tfopt_policies.calibrated import safer, single_steps
from tfopt_policies.expressible import distinct
from tfopt_policies.lines import lines
from tfopt_policies.policy import Problem
from tfopt_policies.race import FIRST, SECOND, THIRD, Race
from tfopt_sim.types import Configuration

AS_WRITTEN = "as-written"
LOCAL_SEARCH = "local-search"  # around the present settings
_POLISH_ROUNDS = 2
_MENDED = 2  # failed configurations made safer in each round
_HEAT = 4  # configurations taken to the next stage at a time
_DESCENTS = 8  # steps down from the first that holds, each to the cheapest that still does
_MAX_HEATS = 6  # beyond those, what is left costs far more than what failed


def _heir(proposer: str) -> str:
    """Name who found a neighbour of a proposal; what lies around the present is found by search."""
    return LOCAL_SEARCH if proposer == AS_WRITTEN else proposer


class Search:
    """Everything that was proposed or found near it, and who proposed it."""

    def __init__(self, problem: Problem, race: Race, max_slo_risk: float):
        self.problem = problem
        self.race = race
        self.max_slo_risk = max_slo_risk
        self.proposer: dict[Configuration, str] = {problem.present: AS_WRITTEN}
        self._mended: set[Configuration] = set()

    def run(self, contenders: Mapping[str, Sequence[Configuration]]) -> Configuration | None:
        """Return the cheapest configuration that holds the SLO, None where none does."""
        for name, proposals in contenders.items():
            for configuration in distinct(self.problem, proposals):
                found_by = name if self.problem.pinned is None else _heir(name)
                self.proposer.setdefault(configuration, found_by)
        self._screen()
        for _ in range(_POLISH_ROUNDS):
            self._polish()
            self._screen()
        self._show_every_contender()
        self.race.run([self.problem.present], self.race.size)
        winner = self._first_to_hold(self._entrants()) or self._first_to_hold(self._safest())
        if winner is None:
            return None
        winner = self._descended(winner)
        return self._descended(self._along_lines(winner))

    def eligible(self, configuration: Configuration) -> bool:
        """Say whether it may win: the present settings may not where a shared one is pinned."""
        return self.problem.pinned is None or configuration != self.problem.present

    def burdened_cost(self, configuration: Configuration) -> float:
        """Return the mean cost, once more for every past week missed."""
        return self.race.cost(configuration) * (1 + self.past_misses(configuration))

    def past_misses(self, configuration: Configuration) -> int:
        """Return how many of the past weeks would have missed the SLO."""
        return int(self.race.past_missed(configuration).sum())

    def holds(self, configuration: Configuration) -> bool:
        """Say whether it ran on every scenario and its risk stayed within the limit."""
        complete = self.race.seen(configuration) == self.race.size
        return complete and self.race.risk(configuration) <= self.max_slo_risk

    def seems_to_hold(self, configuration: Configuration) -> bool:
        """Say `holds` of what ran to the end, else whether its misses so far are few enough."""
        seen = self.race.seen(configuration)
        if seen == self.race.size:
            return self.holds(configuration)
        return seen > 0 and self.race.misses(configuration) <= self.max_slo_risk * seen

    def harm(self, configuration: Configuration) -> tuple[float, float, float]:
        """Return what orders configurations that all miss: scenarios, past weeks, bad minutes."""
        misses = self.race.misses(configuration) / max(1, self.race.seen(configuration))
        return misses, self.past_misses(configuration), self.race.bad_share(configuration)

    def _on_course(self, configuration: Configuration) -> bool:
        return self.race.on_course(configuration, self.max_slo_risk)

    def _screen(self) -> None:
        """Replay the past weeks on all, then run the first scenarios on the cheapest.

        What costs more than one that is on course can wait.
        """
        self.race.enter(self.proposer)
        unseen = [c for c in self.proposer if not self.race.seen(c)]
        waiting = sorted(unseen, key=self.burdened_cost)
        while waiting:
            leader = self._leader()
            if leader and self.burdened_cost(waiting[0]) > self.burdened_cost(leader):
                break
            self.race.run(waiting[:_HEAT], FIRST)
            waiting = waiting[_HEAT:]

    def _leader(self) -> Configuration | None:
        seen = (c for c in self.proposer if self.race.seen(c) and self._on_course(c))
        running = filter(self.eligible, seen)
        return min(running, key=self.burdened_cost, default=None)

    def _polish(self) -> None:
        """Try one step around the leader, and safer forms of cheaper ones that do not hold."""
        leader = self._leader()
        near = [(leader, c) for c in single_steps(leader)] if leader else []
        for parent in self._nearly(leader):
            self._mended.add(parent)
            near += [(parent, c) for c in safer(parent)]
        for parent, wanted in near:
            for configuration in distinct(self.problem, [wanted]):
                self.proposer.setdefault(configuration, _heir(self.proposer[parent]))

    def _nearly(self, leader: Configuration | None) -> list[Configuration]:
        """Return what fails by least among what costs less than the leader."""
        failed = [
            c
            for c in self.proposer
            if c not in self._mended and (self.past_misses(c) or not self._on_course(c))
        ]
        if leader:
            bound = 0.95 * self.race.cost(leader)
            failed = [c for c in failed if self.race.cost(c) < bound]
        return sorted(failed, key=self.race.past_bad_share)[:_MENDED]

    def _show_every_contender(self) -> None:
        """Run a contender whose every proposal waits or failed too: it is shown."""
        for name in dict.fromkeys(self.proposer.values()):
            own = [c for c, proposer in self.proposer.items() if proposer == name]
            if not any(self.race.seen(c) for c in own):
                self.race.run([min(own, key=self.burdened_cost)], FIRST)

    def _descended(self, winner: Configuration) -> Configuration:
        """Return where steps down from a winner end."""
        for _ in range(_DESCENTS):
            cheaper = self._descend(winner)
            if cheaper is None:
                break
            winner = cheaper
        return winner

    def _descend(self, winner: Configuration) -> Configuration | None:
        """Return what holds and costs less, one step from a winner; None where nothing does.

        Screening trusts a few scenarios and so polishes around what is a little too cheap; from
        what has shown on all of them that it holds, every step down is a real one.
        """
        for near in distinct(self.problem, single_steps(winner)):
            self.proposer.setdefault(near, _heir(self.proposer[winner]))
        self._screen()
        limit = self.burdened_cost(winner)
        return self._first_to_hold(c for c in self._entrants() if self.burdened_cost(c) < limit)

    def _along_lines(self, winner: Configuration) -> Configuration:
        """Return the cheapest that holds on the lines through what is far from a winner."""
        found_by = _heir(self.proposer[winner])
        for line in lines(self.problem, winner):
            low, high = -1, line.length  # too unsafe, too dear
            while high - low > 1:
                middle = (low + high) // 2
                tried = line.at(middle)
                self.proposer.setdefault(tried, found_by)
                self.race.enter([tried])
                if self._beats(tried, winner):
                    winner, high = tried, middle
                elif self._costs_less(tried, winner):
                    low = middle
                else:
                    high = middle
        return winner

    def _beats(self, tried: Configuration, winner: Configuration) -> bool:
        """Say whether one holds and costs less than a winner; it is run until that is plain."""
        if not self.eligible(tried):
            return False
        for upto in (FIRST, SECOND, THIRD, self.race.size):
            if not (self._may_hold(tried) and self._costs_less(tried, winner)):
                return False
            self.race.run([tried], upto)
        return self.holds(tried) and self._costs_less(tried, winner)

    def _costs_less(self, tried: Configuration, winner: Configuration) -> bool:
        """Say whether one costs less than a winner, on what both have run on."""
        cost = self.race.cost if self.race.seen(tried) else self.race.past_cost
        mine, theirs = (cost(c) * (1 + self.past_misses(c)) for c in (tried, winner))
        return mine < theirs

    def _entrants(self) -> list[Configuration]:
        """Return what may still turn out to hold, seen or not, cheapest first."""
        able = filter(self.eligible, self.proposer)
        return sorted(filter(self._may_hold, able), key=self.burdened_cost)

    def _safest(self) -> list[Configuration]:
        """Return the same, by how little was bad so far: for where none of the cheapest holds."""
        return sorted(self._entrants(), key=self.race.bad_share)

    def _may_hold(self, configuration: Configuration) -> bool:
        finished = self.race.seen(configuration) == self.race.size
        return self.holds(configuration) if finished else self._on_course(configuration)

    def _first_to_hold(self, entrants: Iterable[Configuration]) -> Configuration | None:
        """Return the first that holds, each run as far as it stays on course."""
        able = list(entrants)
        for begin in range(0, min(len(able), _HEAT * _MAX_HEATS), _HEAT):
            heat = able[begin : begin + _HEAT]
            self.race.run(heat, SECOND)
            heat = list(filter(self._may_hold, heat))
            for configuration in sorted(heat, key=self.burdened_cost):
                for upto in (THIRD, self.race.size):
                    if self._may_hold(configuration):
                        self.race.run([configuration], upto)
                if self.holds(configuration):
                    return configuration
        return None
