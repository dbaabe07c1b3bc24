"""Proves proposals in simulation: the cheapest that holds the SLO wins, if the saving is real."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.calibrated import safer, single_steps
from tfopt_policies.errors import PolicyError
from tfopt_policies.expressible import distinct
from tfopt_policies.policy import Problem
from tfopt_policies.race import FIRST, SECOND, Race
from tfopt_sim.types import Configuration, FloatArray, Outcome

AS_WRITTEN = "as-written"
_POLISH_ROUNDS, _MENDED = 3, 2  # rounds of local search; failed ones made safer in each
_HEAT = 4  # configurations taken to the second stage at a time


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a change has to achieve before it is recommended."""

    max_slo_risk: float = 0.05
    min_savings_share: float = 0.10
    min_savings_usd_per_month: float = 20.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration on the held-back scenarios."""

    proposer: str
    configuration: Configuration
    usd_per_month: float
    bad_minute_share: float  # mean over the scenarios
    risk: float  # (misses + 1) / (scenarios + 1)
    past_weeks_missed: int
    meets_slo: bool  # risk within the limit, and every past week held that anything tried held
    scenarios: int


@dataclass(frozen=True, slots=True)
class Saving:
    """Present minus chosen: mean over the scenarios and its paired 95 % interval."""

    usd_per_month: float
    low: float
    high: float
    share: float  # of the present cost


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the proof found."""

    chosen: Configuration  # the present one where no change is recommended
    changed: bool
    won_by: str  # who proposed `chosen`
    reason: str
    saving: Saving
    contenders: tuple[Trial, ...]  # the best configuration of each contender
    tried: tuple[Trial, ...]  # everything, cheapest first
    chosen_outcome: Outcome  # arrays of shape (1, scenarios)
    present_outcome: Outcome
    group_weeks: float  # simulated in all
    past_weeks: int  # replayed beside the scenarios


def prove(
    problem: Problem,
    contenders: Mapping[str, Sequence[Configuration]],
    held_back_rps: FloatArray,
    *,
    max_slo_risk: float = 0.05,
    min_savings_share: float = 0.10,
    min_savings_usd_per_month: float = 20.0,
    seed: int = 0,
) -> Verdict:
    """Race the present settings and all contenders on scenarios that none of them has seen.

    A configuration meets the SLO when (misses + 1) / (scenarios + 1) ≤ `max_slo_risk` (the split
    conformal bound on the risk of the coming week) and it holds every one of the last weeks of
    history that anything tried here holds. The cheapest that does wins.

    Args:
        problem: the group; `problem.knobs` bounds what may be tried.
        contenders: proposals by who made them.
        held_back_rps: shape (scenarios, minutes), other draws than `problem.scenarios_rps`.
        max_slo_risk: largest acceptable share of weeks that miss the SLO.
        min_savings_share: of the present cost, below which nothing is changed.
        min_savings_usd_per_month: the same in money.
        seed: of the simulation's own randomness.

    Raises:
        PolicyError: too few scenarios to ever show a risk of `max_slo_risk`.
    """
    thresholds = Thresholds(max_slo_risk, min_savings_share, min_savings_usd_per_month)
    if 1 / (held_back_rps.shape[0] + 1) > max_slo_risk:
        needed = math.ceil(1 / max_slo_risk) - 1
        raise PolicyError(
            f"a risk of {max_slo_risk:.1%} cannot be shown with {held_back_rps.shape[0]} scenarios",
            hint=f"Give at least {needed}",
        )
    trial = _Proof(problem, Race(problem, held_back_rps, seed), thresholds)
    return trial.run(contenders)


class _Proof:
    def __init__(self, problem: Problem, race: Race, thresholds: Thresholds):
        self.problem = problem
        self.race = race
        self.thresholds = thresholds
        self.proposer: dict[Configuration, str] = {problem.present: AS_WRITTEN}
        self.mended: set[Configuration] = set()  # whose safer forms were tried

    def run(self, contenders: Mapping[str, Sequence[Configuration]]) -> Verdict:
        present = self.problem.present
        for name, proposals in contenders.items():
            for configuration in distinct(self.problem, proposals):
                self.proposer.setdefault(configuration, name)
        self._screen()
        for _ in range(_POLISH_ROUNDS):
            self._polish()
            self._screen()
        self._show_every_contender()
        self.race.run([present], self.race.size)
        winner = next((c for c in self._finals() if self._meets(c)), None)
        chosen, reason = self._decide(winner)
        return self._verdict(chosen, reason)

    def _polish(self) -> None:
        """Try steps around the cheapest that may hold, and safer forms of cheaper ones."""
        leader = self._leader()
        near = [(leader, c) for c in single_steps(leader)] if leader else []
        for parent in self._nearly(leader):
            self.mended.add(parent)
            near += [(parent, c) for c in safer(parent)]
        for parent, wanted in near:
            for configuration in distinct(self.problem, [wanted]):
                self.proposer.setdefault(configuration, self.proposer[parent])

    def _nearly(self, leader: Configuration | None) -> list[Configuration]:
        """Return what fails by least among what costs less than the leader."""
        failed = [c for c in self.proposer if c not in self.mended and not self._may_meet(c)]
        if leader:
            bound = 0.95 * self.race.past_cost(leader)
            failed = [c for c in failed if self.race.past_cost(c) < bound]
        return sorted(failed, key=self.race.past_bad_share)[:_MENDED]

    def _screen(self) -> None:
        """Replay the past weeks on all; run those that held them on the first scenarios.

        The cheapest go first, and what costs more than one that is on course can wait.
        """
        self.race.enter(self.proposer)
        waiting = [
            c for c in self._by_past_cost() if not (self._past_misses(c) or self.race.seen(c))
        ]
        while waiting:
            leader = self._leader()
            if leader and self.race.past_cost(waiting[0]) > self.race.past_cost(leader):
                break
            self.race.run(waiting[:_HEAT], FIRST)
            waiting = waiting[_HEAT:]

    def _leader(self) -> Configuration | None:
        """Return the cheapest that was run and may hold."""
        entrants = (c for c in self._by_cost() if self.race.seen(c) and self._may_meet(c))
        return next(entrants, None)

    def _by_past_cost(self) -> list[Configuration]:
        return sorted(self.proposer, key=self.race.past_cost)

    def _show_every_contender(self) -> None:
        """Run a contender whose every proposal failed on the past weeks too: it is shown."""
        for name in dict.fromkeys(self.proposer.values()):
            own = [c for c, proposer in self.proposer.items() if proposer == name]
            if not any(self.race.seen(c) for c in own):
                self.race.run([min(own, key=self._harm)], FIRST)

    def _by_cost(self) -> list[Configuration]:
        return sorted(self.proposer, key=self.race.cost)

    def _attainable(self) -> NDArray[np.bool_]:
        """Return for each past week whether anything tried held it."""
        missed = np.stack([self.race.past_missed(c) for c in self.proposer])
        return np.asarray(~missed.all(axis=0), dtype=np.bool_)

    def _past_misses(self, configuration: Configuration) -> int:
        return int(np.sum(self.race.past_missed(configuration) & self._attainable()))

    def _may_meet(self, configuration: Configuration) -> bool:
        if self._past_misses(configuration):
            return False
        return self.race.on_course(configuration, self.thresholds.max_slo_risk)

    def _cost_so_far(self, configuration: Configuration) -> float:
        return float(self.race.usd_per_month(configuration)[:SECOND].mean())

    def _meets(self, configuration: Configuration) -> bool:
        complete = self.race.seen(configuration) == self.race.size
        within = self.race.risk(configuration) <= self.thresholds.max_slo_risk
        return complete and within and not self._past_misses(configuration)

    def _finals(self) -> Iterator[Configuration]:
        """Yield finalists, cheapest first, each run as far as it is not hopeless."""
        entrants = [c for c in self._by_cost() if self._may_meet(c)]
        for begin in range(0, len(entrants), _HEAT):
            heat = entrants[begin : begin + _HEAT]
            self.race.run(heat, SECOND)
            heat = [c for c in heat if self._may_meet(c)]
            for configuration in sorted(heat, key=self._cost_so_far):
                for upto in (96, self.race.size):
                    if self._may_meet(configuration):
                        self.race.run([configuration], upto)
                yield configuration

    def _decide(self, winner: Configuration | None) -> tuple[Configuration, str]:
        """Return what to recommend and why; the present configuration where nothing is gained."""
        present = self.problem.present
        if winner is None:
            return self._least_evil()
        if winner == present:
            return present, "the present settings are the cheapest that hold the SLO"
        saving = self._saving(winner)
        if not self._meets(present):
            return winner, f"{self._misses(present)}; this {_change(saving)}"
        too_little = self._too_little(saving)
        if too_little:
            return present, too_little
        return winner, f"holds the SLO and {_change(saving)}"

    def _too_little(self, saving: Saving) -> str | None:
        """Return why a saving is not worth a change, None where it is."""
        least = self.thresholds
        if saving.low <= 0:
            return "no change saves money beyond the spread between scenarios"
        if saving.share < least.min_savings_share:
            asked = f"{least.min_savings_share:.0%} asked for"
            return f"the best change saves {saving.share:.1%}, less than the {asked}"
        if saving.usd_per_month < least.min_savings_usd_per_month:
            asked = f"{least.min_savings_usd_per_month:.0f} asked for"
            return f"the best change saves {saving.usd_per_month:.0f} USD a month, not the {asked}"
        return None

    def _least_evil(self) -> tuple[Configuration, str]:
        """Nothing tried holds the SLO: take what misses least, if it misses clearly less."""
        present = self.problem.present
        safest = sorted(self.proposer, key=self._harm)[:_HEAT]
        self.race.run(safest, self.race.size)
        best = min(safest, key=self._harm)
        fewer = self.race.misses(present) - self.race.misses(best)
        calmer = self._past_misses(best) <= self._past_misses(present)
        # paired misses: two standard errors of the difference, were all of them discordant
        if calmer and fewer > 2 * math.sqrt(self.race.misses(present) + self.race.misses(best)):
            return best, (
                f"no setting tried holds the SLO; this one misses it in {self.race.risk(best):.0%} "
                f"of the weeks instead of {self.race.risk(present):.0%}"
            )
        return present, "no setting tried holds the SLO, and none misses it clearly less often"

    def _harm(self, configuration: Configuration) -> tuple[float, float, float]:
        misses = self.race.misses(configuration) / max(1, self.race.seen(configuration))
        return self._past_misses(configuration), misses, self.race.bad_share(configuration)

    def _misses(self, configuration: Configuration) -> str:
        past = self._past_misses(configuration)
        if self.race.risk(configuration) <= self.thresholds.max_slo_risk:
            return f"the present settings would have missed the SLO in {past} of the last weeks"
        share = self.race.misses(configuration) / self.race.seen(configuration)
        return f"the present settings miss the SLO in {share:.0%} of the weeks ahead"

    def _saving(self, chosen: Configuration) -> Saving:
        now = self.race.usd_per_month(self.problem.present)
        paired = now - self.race.usd_per_month(chosen)
        mean = float(paired.mean())
        margin = 1.96 * float(paired.std(ddof=1)) / math.sqrt(paired.size)
        share = mean / max(float(now.mean()), 1e-9)
        return Saving(mean, mean - margin, mean + margin, share)

    def _trial(self, configuration: Configuration) -> Trial:
        race = self.race
        return Trial(
            proposer=self.proposer[configuration],
            configuration=configuration,
            usd_per_month=self._shown_cost(configuration),
            bad_minute_share=race.bad_share(configuration),
            risk=race.risk(configuration),
            past_weeks_missed=self._past_misses(configuration),
            meets_slo=self._meets(configuration),
            scenarios=race.seen(configuration),
        )

    def _shown_cost(self, configuration: Configuration) -> float:
        if self.race.seen(configuration):
            return float(self.race.usd_per_month(configuration).mean())
        return self.race.cost(configuration)

    def _verdict(self, chosen: Configuration, reason: str) -> Verdict:
        present = self.problem.present
        tried = tuple(self._trial(configuration) for configuration in self._by_cost())
        best: dict[str, Trial] = {}
        for trial in tried:
            known = best.get(trial.proposer)
            if known is None or self._rank(trial, chosen) < self._rank(known, chosen):
                best[trial.proposer] = trial
        return Verdict(
            chosen=chosen,
            changed=chosen != present,
            won_by=self.proposer[chosen],
            reason=reason,
            saving=self._saving(chosen),
            contenders=tuple(best.values()),
            tried=tried,
            chosen_outcome=self.race.outcome(chosen),
            present_outcome=self.race.outcome(present),
            group_weeks=self.race.group_weeks,
            past_weeks=self.race.past_weeks,
        )

    def _rank(self, trial: Trial, chosen: Configuration) -> tuple[bool, bool, int, float, float]:
        """Order a contender's configurations: the chosen one, those that hold, the cheapest."""
        return (
            trial.configuration != chosen,
            not trial.meets_slo,
            trial.past_weeks_missed,
            -trial.scenarios,
            trial.usd_per_month,
        )


def _change(saving: Saving) -> str:
    if saving.usd_per_month >= 0:
        return f"saves {saving.usd_per_month:.0f} USD a month ({saving.share:.0%})"
    return f"costs {-saving.usd_per_month:.0f} USD a month more, which is what holding it takes"
