"""Decides groups together that share literals: one value that fits all, or each holds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tfopt.advise.decide import Decision
from tfopt.advise.figures import monthly
from tfopt.advise.leaves import same_literal
from tfopt.advise.pinning import Value, pinned, value_of
from tfopt.advise.shared import LeafPlace, Traced
from tfopt.scenario import Case
from tfopt_policies.prove import DEAREST, Thresholds, Trial, Verdict, saving_of, too_little
from tfopt_sim.types import Configuration, FloatArray

MOST_TYPES = 2  # instance types that are tried for all groups of a cluster
MOST_SIZES = 2  # combinations of sizes, beside those of the present
SHOWN_WISHES = 3
_TYPE = "instance_type"
# what groups decide under narrower cases than those of decisions they have taken before
Again = Callable[[Sequence[Case], Sequence[Decision]], Sequence[Decision]]
Pins = Mapping[LeafPlace, Value]  # what shared literals are given; None: what they have now


@dataclass(frozen=True, slots=True)
class Member:
    """One group of a cluster, as decided alone."""

    traced: Traced
    case: Case
    decision: Decision

    def value(self, configuration: Configuration, attribute: str) -> Value:
        """Return a setting of a configuration."""
        return value_of(self.case.group, configuration, attribute)

    def wants(self, decision: Decision, place: LeafPlace) -> Value:
        """Return what a decision gives the first setting that a literal is."""
        name = next(n for n, its in self.traced.shared.items() if its == place)
        return self.value(decision.verdict.chosen, name)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a cluster came to, by member; `held` tells what nobody may change, and why."""

    cases: Sequence[Case]
    decisions: Sequence[Decision]
    held: Sequence[Mapping[str, str]]  # attribute → why


@dataclass(frozen=True, slots=True)
class _Option:
    """Shared literals as given, and what every member decides around them.

    `disputes` are the literals that were wanted differently so far, with the wishes by member.
    """

    pins: Pins
    cases: tuple[Case, ...]
    decisions: tuple[Decision, ...]
    max_risk: float
    disputes: Mapping[LeafPlace, Mapping[int, Value]] = field(default_factory=dict)

    @property
    def usd(self) -> FloatArray:
        """The monthly cost of all members together, per scenario."""
        total: FloatArray = np.sum([monthly(d.verdict.chosen_outcome) for d in self.decisions], 0)
        return total

    @property
    def trouble(self) -> tuple[int, int]:
        """How many members miss the SLO, and how many past weeks would have missed it."""
        return _trouble(
            [_trial(d.verdict, d.verdict.chosen) for d in self.decisions], self.max_risk
        )

    @property
    def rank(self) -> tuple[int, float]:
        """What orders options: a past week missed counts like doubling the cost."""
        failing, missed = self.trouble
        return failing, float(self.usd.mean()) * (1 + missed / len(self.decisions))

    def beats(self, other: _Option) -> bool:
        """Tell whether it is better than another, and not by chance."""
        if self.rank >= other.rank:
            return False
        return self.trouble < other.trouble or saving_of(other.usd, self.usd).low > 0


def _trial(verdict: Verdict, configuration: Configuration) -> Trial:
    return next(trial for trial in verdict.tried if trial.configuration == configuration)


def _trouble(trials: Sequence[Trial], max_risk: float) -> tuple[int, int]:
    return sum(t.risk > max_risk for t in trials), sum(t.past_weeks_missed for t in trials)


def reconcile(members: Sequence[Member], again: Again, least: Thresholds) -> Agreement:
    """Find for every shared literal one value that fits all groups it sizes, where there is one.

    Where all want the same, that is it. Else the type is settled first, then the sizes: of what
    each wants and what suits all, the value with which everyone holds the SLO (or misses it no more
    than now) at the least cost in all. It has to beat the literal left as it is, and to be worth it
    for the cluster as a whole.
    """
    table = _Table(members, again, least)
    option = table.alone
    if any(name == _TYPE for name in table.disputed(option).values()):
        option = table.with_types()
    if table.disputed(option):
        option = table.with_sizes(option)
    if any(value is not None for value in option.pins.values()) and not table.worth(option):
        option = table.unchanged()
    return Agreement(option.cases, option.decisions, table.refusals(option))


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the members of a cluster meet."""

    members: Sequence[Member]
    again: Again
    least: Thresholds

    @property
    def alone(self) -> _Option:
        """What the members decide without regard to each other."""
        cases = tuple(member.case for member in self.members)
        decisions = tuple(member.decision for member in self.members)
        return _Option({}, cases, decisions, self.least.max_slo_risk)

    @property
    def places(self) -> dict[LeafPlace, str]:
        """The shared literals, and which setting each one is."""
        return {place: name for m in self.members for name, place in m.traced.shared.items()}

    def wishes(self, option: _Option, place: LeafPlace) -> dict[int, Value]:
        """Return what each member that a literal sizes makes of it."""
        pairs = enumerate(zip(self.members, option.decisions, strict=True))
        return {
            i: member.wants(decision, place)
            for i, (member, decision) in pairs
            if place in member.traced.shared.values()
        }

    def disputed(self, option: _Option) -> dict[LeafPlace, str]:
        """Return the literals, not given yet, of which members want different things."""
        return {
            place: name
            for place, name in self.places.items()
            if place not in option.pins and len(set(self.wishes(option, place).values())) > 1
        }

    def with_types(self) -> _Option:
        """Settle the types on which the members disagree; sizes are still everyone's own."""
        disputed = [p for p, name in self.disputed(self.alone).items() if name == _TYPE]
        ranked = {place: self._common_types(place) for place in disputed}
        tries = [
            {place: names[i] for place, names in ranked.items()}
            for i in range(min(MOST_TYPES, *map(len, ranked.values())))
        ]
        settled = self._best(self.alone, dict.fromkeys(disputed), tries)
        return self._after(self.alone, disputed, settled)

    def with_sizes(self, option: _Option) -> _Option:
        """Settle the sizes; what is agreed upon by now is given to all, so that it stays."""
        disputed = self.disputed(option)
        agreed = {
            place: next(iter(self.wishes(option, place).values()))
            for place in self.places
            if place not in disputed
        }
        suiting = {p: _suiting(name, self.wishes(option, p)) for p, name in disputed.items()}
        each = (
            {p: self.wishes(option, p).get(i, suiting[p]) for p in disputed}
            for i in range(len(self.members))
        )
        hold = self._moving({**agreed, **option.pins, **dict.fromkeys(disputed)})
        tries: list[Pins] = []
        for values in (suiting, *each):
            pins = self._moving({**hold, **values})
            if pins not in (hold, *tries):
                tries.append(pins)
        return self._after(option, disputed, self._best(option, hold, tries[:MOST_SIZES]))

    def _after(self, before: _Option, disputed: Iterable[LeafPlace], option: _Option) -> _Option:
        """Return an option that remembers what it settled."""
        wishes = {place: self.wishes(before, place) for place in disputed}
        return replace(option, disputes={**before.disputes, **wishes, **option.disputes})

    def _moving(self, pins: Pins) -> Pins:
        """Return the pins with None for what is the present value anyway."""
        present = {
            place: member.value(member.case.problem.present, name)
            for member in self.members
            for name, place in member.traced.shared.items()
        }
        return {place: None if v == present[place] else v for place, v in pins.items()}

    def unchanged(self) -> _Option:
        """Return what the members decide around shared literals that stay as they are."""
        option = self._held(self.alone, dict.fromkeys(self.places))
        return self._after(self.alone, filter(self._is_wanted, self.places), option)

    def worth(self, option: _Option) -> bool:
        """Tell whether an option is worth it for the cluster, against the present settings."""
        verdicts = [member.decision.verdict for member in self.members]
        now: FloatArray = np.sum([monthly(v.present_outcome) for v in verdicts], 0)
        presents = [m.case.problem.present for m in self.members]
        trials = [_trial(v, present) for v, present in zip(verdicts, presents, strict=True)]
        saving = saving_of(now, option.usd)
        if option.trouble < _trouble(trials, self.least.max_slo_risk):
            return 1 - saving.share <= DEAREST
        return too_little(saving, self.least) is None

    def refusals(self, option: _Option) -> list[dict[str, str]]:
        """Return by member which shared settings are left as they are, and why."""
        held = [place for place in option.disputes if option.pins.get(place) is None]
        return [
            {
                name: self._why(i, name, option.disputes[place])
                for name, place in member.traced.shared.items()
                if place in held
            }
            for i, member in enumerate(self.members)
        ]

    def _is_wanted(self, place: LeafPlace) -> bool:
        """Tell whether anyone, alone, would move a literal."""
        wishes = self.wishes(self.alone, place).values()
        return any(self._moving({place: wish})[place] is not None for wish in wishes)

    def _why(self, i: int, attribute: str, wishes: Mapping[int, Value]) -> str:
        this = self.members[i]
        present = this.value(this.case.problem.present, attribute)
        names = {j: self.members[j].traced.name_beside(this.traced) for j in wishes}
        others = [name for j, name in names.items() if j != i]
        told = [
            f"{names[j]} would {'keep' if wish == present else 'take'} {wish}"
            for j, wish in wishes.items()
        ]
        shown = ", ".join(told[:SHOWN_WISHES]) + (", …" if told[SHOWN_WISHES:] else "")
        return (
            f"{same_literal(attribute, ', '.join(others))}; {shown}; no one value costs less in all"
        )

    def _best(self, before: _Option, hold: Pins, tries: Sequence[Pins]) -> _Option:
        """Return the best of the options, or that in which the disputed literals stay."""
        held = self._held(before, hold)
        found = [option for option in (self._with(before, pins) for pins in tries) if option]
        worthwhile = filter(self.worth, found)
        best = min(worthwhile, key=lambda option: option.rank, default=held)
        return best if best.beats(held) else held

    def _held(self, before: _Option, pins: Pins) -> _Option:
        return self._with(before, pins) or self.unchanged()

    def _with(self, before: _Option, pins: Pins) -> _Option | None:
        """Return what the members decide with literals given; None where one cannot do so."""
        cases = list(before.cases)
        decisions = list(before.decisions)
        open_: list[int] = []
        for i, member in enumerate(self.members):
            wanted = {n: pins[p] for n, p in member.traced.shared.items() if p in pins}
            if self._conforms(i, before, wanted):
                continue
            case = pinned(member.case, wanted)
            if case is None:
                return None
            cases[i] = case
            open_.append(i)
        taken = self.again([cases[i] for i in open_], [before.decisions[i] for i in open_])
        for i, decision in zip(open_, taken, strict=True):
            problem, chosen = cases[i].problem, decision.verdict.chosen
            if problem.pinned is not None and chosen == problem.present:
                return None  # nothing with the given values will do
            decisions[i] = decision
        return _Option(pins, tuple(cases), tuple(decisions), self.least.max_slo_risk)

    def _conforms(self, i: int, before: _Option, wanted: Mapping[str, Value]) -> bool:
        """Tell whether a member has decided so anyway."""
        member, chosen = self.members[i], before.decisions[i].verdict.chosen
        present = member.case.problem.present
        return all(
            member.value(chosen, name) == (member.value(present, name) if v is None else v)
            for name, v in wanted.items()
        )

    def _common_types(self, place: LeafPlace) -> list[str]:
        """Return the types that every member at a literal may have, the cheapest in all first."""
        costs = [
            _costs(member.case, member.decision, self.least.max_slo_risk)
            for member in self.members
            if place in member.traced.shared.values()
        ]
        common = set(costs[0]).intersection(*costs[1:])
        return sorted(common, key=lambda name: (sum(cost[name] for cost in costs), name))


def _suiting(attribute: str, wishes: Mapping[int, Value]) -> Value:
    """Return the wish that suits all: the largest size, the lowest target."""
    values = [wish for wish in wishes.values() if isinstance(wish, int | float)]
    if not values:
        return None
    return min(values) if attribute == "target_cpu" else max(values)


def _costs(case: Case, decision: Decision, max_risk: float) -> dict[str, float]:
    """Return what the group would cost on each other type: as tried, else by price per work."""
    verdict = decision.verdict
    present, chosen = case.problem.present.machine, verdict.chosen.machine
    usd = float(monthly(verdict.chosen_outcome).mean())
    unit = chosen.usd_per_hour / (chosen.vcpus * chosen.speed)
    found = {
        m.name: usd * m.usd_per_hour / (m.vcpus * m.speed) / unit
        for m in case.problem.machines
        if m != present
    }
    tried = [(t.configuration.machine, t.usd_per_month) for t in verdict.tried if t.meets_slo]
    tried += [
        (r.configuration.machine, r.monthly_usd) for r in decision.rivals if r.risk <= max_risk
    ]
    for machine, cost in sorted(tried, key=lambda pair: -pair[1]):
        if machine.name in found:
            found[machine.name] = cost
    return found
