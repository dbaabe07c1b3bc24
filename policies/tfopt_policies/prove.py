"""Proves proposals in simulation: the cheapest that holds the SLO wins, if the saving is real."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfopt_policies.errors import PolicyError
from tfopt_policies.expressible import express
from tfopt_policies.policy import Problem
from tfopt_policies.race import Race, Record
from tfopt_policies.search import AS_WRITTEN, Search
from tfopt_sim.types import Configuration, FloatArray, Outcome

__all__ = [
    "AS_WRITTEN",
    "DEAREST",
    "LAST_ANSWER",
    "Saving",
    "Thresholds",
    "Trial",
    "Verdict",
    "prove",
    "saving_of",
    "too_little",
]

_LEAST_EVIL = 4  # configurations run to the end where nothing holds the SLO
LAST_ANSWER = "last-answer"  # proposes what was recommended before
# Hysteresis: what was recommended before stays while it holds, until another saves so much more a
# month, and while it saves this share of what a new change would have to.
ANOTHER_SHARE, ANOTHER_USD = 0.03, 10.0
STILL_WORTH = 0.8
DEAREST = 2.0  # × the present cost: what mending may cost, unless most weeks are missed


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
    risk: float  # (misses + 1) / (scenarios + 1); where it lost early, its share of misses so far
    past_weeks_missed: int
    meets_slo: bool  # risk within the limit, and no more past weeks missed than by what was chosen
    scenarios: int  # it was run on before it won or lost


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
    records: Mapping[Configuration, Record] = field(repr=False)  # of all that was run


def prove(
    problem: Problem,
    contenders: Mapping[str, Sequence[Configuration]],
    held_back_rps: FloatArray,
    *,
    max_slo_risk: float = 0.05,
    min_savings_share: float = 0.10,
    min_savings_usd_per_month: float = 20.0,
    seed: int = 0,
    after: Verdict | None = None,
    last_answer: Configuration | None = None,
) -> Verdict:
    """Race the present settings and all contenders on scenarios that none of them has seen.

    A configuration meets the SLO when (misses + 1) / (scenarios + 1) ≤ `max_slo_risk`: the split
    conformal bound on the risk of the coming week. The cheapest that does wins, where each of the
    last weeks of history that it would have missed counts like doubling its cost. A change has to
    hold with a fifth of the allowed bad minutes to spare, the present settings without.

    Where a shared setting is pinned, the present settings are only what is compared with: they
    are chosen where nothing else will do. Whether the saving is enough is then for all who share
    it to say, so no threshold applies.

    Args:
        problem: the group; `problem.knobs` bounds what may be tried.
        contenders: proposals by who made them.
        held_back_rps: shape (scenarios, minutes), other draws than `problem.scenarios_rps`.
        max_slo_risk: largest acceptable share of weeks that miss the SLO.
        min_savings_share: of the present cost, below which nothing is changed.
        min_savings_usd_per_month: the same in money.
        seed: of the simulation's own randomness.
        after: an earlier proof of the same group on the same scenarios, with other knobs: what it
            ran is not run again.
        last_answer: what was recommended before. While it holds the SLO it is kept unless another
            change saves clearly more, so that the advice does not flicker with the facts.

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
    race = Race(problem, held_back_rps, seed)
    if after is not None:
        race.records = {c: replace(record) for c, record in after.records.items()}
        race.group_weeks = after.group_weeks
    search = Search(problem, race, max_slo_risk)
    if last_answer is None or problem.pinned is not None:
        return _Judgement(search, thresholds).verdict(search.run(contenders))
    last_answer = express(problem, last_answer)
    winner = search.run({LAST_ANSWER: [last_answer], **contenders})
    race.run([last_answer], race.size)
    return _Judgement(search, thresholds, last_answer).verdict(winner)


class _Judgement:
    def __init__(
        self, search: Search, thresholds: Thresholds, last_answer: Configuration | None = None
    ):
        self.last_answer = last_answer
        self.search = search
        self.race = search.race
        self.present = search.problem.present
        self.thresholds = thresholds

    def verdict(self, winner: Configuration | None) -> Verdict:
        chosen, reason = self._decide(winner)
        trials = (self._trial(configuration, chosen) for configuration in self.search.proposer)
        tried = tuple(sorted(trials, key=lambda trial: trial.usd_per_month))
        best: dict[str, Trial] = {}
        for trial in tried:
            known = best.get(trial.proposer)
            if known is None or _rank(trial, chosen) < _rank(known, chosen):
                best[trial.proposer] = trial
        return Verdict(
            chosen=chosen,
            changed=chosen != self.present,
            won_by=self.search.proposer[chosen],
            reason=reason,
            saving=self._saving(chosen),
            contenders=tuple(best.values()),
            tried=tried,
            chosen_outcome=self.race.outcome(chosen),
            present_outcome=self.race.outcome(self.present),
            group_weeks=self.race.group_weeks,
            past_weeks=self.race.past_weeks,
            records=self.race.records,
        )

    def _decide(self, winner: Configuration | None) -> tuple[Configuration, str]:
        """Return what to recommend and why; the present configuration where nothing is gained."""
        if winner is None:
            return self._least_evil("no setting tried holds the SLO")
        if self._is_kept_before(winner):
            winner = self.last_answer or winner
        if winner == self.present:
            return self.present, "the present settings are the cheapest that hold the SLO"
        saving = self._saving(winner)
        if not self.search.holds(self.present):
            return self._mend(winner, saving)
        fewer = self.search.past_misses(self.present) - self.search.past_misses(winner)
        if fewer > 0:
            weeks = f"{fewer} of the last {self.race.past_weeks} weeks"
            return winner, f"the present settings miss the SLO in {weeks}; this {_change(saving)}"
        too_little = self._too_little(saving, again=winner == self.last_answer)
        if too_little:
            return self.present, too_little
        alone = self.search.problem.pinned is None
        given = "" if alone else "with what it shares with other groups, "
        before = ", as recommended before" if winner == self.last_answer else ""
        return winner, f"{given}holds the SLO and {_change(saving)}{before}{self._past(winner)}"

    def _is_kept_before(self, winner: Configuration) -> bool:
        """Say whether the last answer still holds, and the winner is hardly cheaper."""
        kept, search = self.last_answer, self.search
        if kept is None or self.present in (kept, winner) or not search.holds(kept):
            return False
        if search.past_misses(kept) > search.past_misses(winner):
            return False
        usd = self.race.mean_cost(kept)
        return usd - self.race.mean_cost(winner) <= max(ANOTHER_SHARE * usd, ANOTHER_USD)

    def _mend(self, winner: Configuration, saving: Saving) -> tuple[Configuration, str]:
        """Replace present settings that do not hold the SLO, unless a few weeks cost a multiple."""
        share = self.race.misses(self.present) / self.race.seen(self.present)
        times = 1 - saving.share
        if share < 0.5 and times > DEAREST:
            return self._least_evil(f"holding the SLO would cost {times:.1f} × as much")
        trouble = f"the present settings miss the SLO in {share:.0%} of the weeks ahead"
        return winner, f"{trouble}; this {_change(saving)}"

    def _past(self, winner: Configuration) -> str:
        missed = self.search.past_misses(winner)
        if not missed:
            return ""
        return (
            f", though it would have missed it in {missed} of the last {self.race.past_weeks} weeks"
        )

    def _too_little(self, saving: Saving, *, again: bool = False) -> str | None:
        """Return why a saving is not worth a change, None where it is; `again`: as last time."""
        if self.search.problem.pinned is not None:
            return None
        least = self.thresholds
        if again:
            least = replace(
                least,
                min_savings_share=STILL_WORTH * least.min_savings_share,
                min_savings_usd_per_month=STILL_WORTH * least.min_savings_usd_per_month,
            )
        return too_little(saving, least)

    def _least_evil(self, why: str) -> tuple[Configuration, str]:
        """Take what misses clearly less at a bearable price, else what saves and misses no more."""
        limit = DEAREST * self.race.mean_cost(self.present)
        bearable = [c for c in self.search.proposer if self.race.mean_cost(c) <= limit]
        safest = sorted(bearable, key=self.search.harm)[:_LEAST_EVIL]
        self.race.run(safest, self.race.size)
        best = min(safest, key=self.search.harm)
        now, then = self.race.misses(self.present), self.race.misses(best)
        # two standard errors of the difference of paired counts, were every miss discordant
        if now - then > 2 * math.sqrt(now + then):
            return best, (
                f"{why}; this one misses it in {self.race.risk(best):.0%} of the weeks instead of "
                f"{self.race.risk(self.present):.0%} and {_change(self._saving(best))}"
            )
        for cheaper in self._no_worse():
            saving = self._saving(cheaper)
            if self._too_little(saving) is None:
                return cheaper, f"{why}; this misses it no more often and {_change(saving)}"
        return (
            self.present,
            f"{why}, and nothing near the present cost misses it clearly less often",
        )

    def _no_worse(self) -> list[Configuration]:
        """Return what costs less than the present and misses no more, run to the end."""
        race, search = self.race, self.search
        found = []
        for configuration in sorted(search.proposer, key=race.mean_cost):
            if race.mean_cost(configuration) >= race.mean_cost(self.present):
                break
            calm = search.past_misses(configuration) <= search.past_misses(self.present)
            if calm and race.misses(configuration) <= race.misses(self.present):
                race.run([configuration], race.size)
                if race.misses(configuration) <= race.misses(self.present):
                    found.append(configuration)
            if len(found) == _LEAST_EVIL:
                break
        return found

    def _saving(self, chosen: Configuration) -> Saving:
        return saving_of(self.race.usd_per_month(self.present), self.race.usd_per_month(chosen))

    def _shown_risk(self, configuration: Configuration) -> float:
        seen = self.race.seen(configuration)
        if seen == self.race.size:
            return self.race.risk(configuration)
        return self.race.misses(configuration) / seen if seen else 1.0

    def _trial(self, configuration: Configuration, chosen: Configuration) -> Trial:
        race, past_misses = self.race, self.search.past_misses
        calm = past_misses(configuration) <= past_misses(chosen)
        return Trial(
            proposer=self.search.proposer[configuration],
            configuration=configuration,
            usd_per_month=race.mean_cost(configuration),
            bad_minute_share=race.bad_share(configuration),
            risk=self._shown_risk(configuration),
            past_weeks_missed=past_misses(configuration),
            meets_slo=calm and self.search.seems_to_hold(configuration),
            scenarios=race.seen(configuration),
        )


def saving_of(now: FloatArray, then: FloatArray) -> Saving:
    """Return what is saved between two monthly costs under the same scenarios, shape (S,)."""
    paired = now - then
    mean = float(paired.mean())
    margin = 1.96 * float(paired.std(ddof=1)) / math.sqrt(paired.size)
    share = mean / max(float(now.mean()), 1e-9)
    return Saving(mean, mean - margin, mean + margin, share)


def too_little(saving: Saving, least: Thresholds) -> str | None:
    """Return why a saving is not worth a change, None where it is."""
    if saving.low <= 0:
        return "no change saves money beyond the spread between scenarios"
    if saving.share < least.min_savings_share:
        asked = f"{least.min_savings_share:.0%} asked for"
        return f"the best change saves {saving.share:.1%}, less than the {asked}"
    if saving.usd_per_month < least.min_savings_usd_per_month:
        asked = f"{least.min_savings_usd_per_month:.0f} asked for"
        return f"the best change saves {saving.usd_per_month:.0f} USD a month, not the {asked}"
    return None


def _rank(trial: Trial, chosen: Configuration) -> tuple[bool, bool, float]:
    """Order a contender's configurations: the chosen one, those that hold, the cheapest."""
    burden = trial.usd_per_month * (1 + trial.past_weeks_missed)
    return trial.configuration != chosen, not trial.meets_slo, burden


def _change(saving: Saving) -> str:
    if saving.usd_per_month >= 0:
        return f"saves {saving.usd_per_month:.0f} USD a month ({saving.share:.0%})"
    return f"costs {-saving.usd_per_month:.0f} USD a month more ({-saving.share:.0%})"
