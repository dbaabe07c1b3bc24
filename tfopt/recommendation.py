"""The answer: what tfopt recommends for the groups of a plan, as JSON schema version 1.

Money in USD, time in seconds unless the name says otherwise, shares as fractions of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = 1

Status = Literal["recommended", "unchanged", "not-analysed"]
Grade = Literal[
    "patchable",
    "patchable-shared",
    "edit-literal",
    "module-default",
    "ignored-by-lifecycle",
    "ignored-by-comment",
    "value-from-environment",
    "unknown",
]
ImpactKind = Literal["none", "in-place", "rolling", "replace"]


class _Model(BaseModel):
    # a figure that is not finite has no JSON number: it is refused where it arises
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tool(_Model):
    """Which tfopt answered, with which policy and prices."""

    name: Literal["tfopt"] = "tfopt"
    version: str
    policy: str
    policy_sha256: str | None
    price_date: str
    price_attribution: str


class PlanInfo(_Model):
    """Which plan was read."""

    path: str
    terraform_version: str
    complete: bool
    warnings: list[str] = []


class SourcedPlan(PlanInfo):
    """Which plan was read, and where the sources stand that edits name their files in."""

    config_dir: str | None = None  # from the working directory; null where the plan holds them


class Interval(_Model):
    """A figure over the scenarios: its median and the 5th and 95th percentile."""

    p50: float
    p05: float
    p95: float


class ScheduleValues(_Model):
    """One scheduled action; what is null is left as it is."""

    recurrence: str
    time_zone: str = "Etc/UTC"
    min_size: int | None = None
    max_size: int | None = None
    desired_capacity: int | None = None


class StepValues(_Model):
    """One row of a step table: what is done while the metric stands between the bounds.

    `metric` "cpu" is the mean of the instances as a share, "requests" those of an instance in a
    minute. `change` counts instances, per cent of them, or is the size itself, by `adjustment`.
    """

    policy: str  # its address
    metric: Literal["cpu", "requests"]
    lower: float | None  # null: unbounded
    upper: float | None
    change: float
    adjustment: Literal["change", "percent", "exact"]
    after_s: int  # for so long before it is done


class Settings(_Model):
    """The sizing of a group, in tfopt's words whatever the cloud calls them."""

    instance_type: str
    min_size: int | None
    max_size: int | None
    desired_capacity: int | None
    target_cpu: float | None
    steps: list[StepValues] | None = None  # of step and simple policies; null where there are none
    other_policies: list[str] = []  # what else acts on the group's load, in words
    schedules: list[ScheduleValues] = []
    spot_share: float = 0.0
    unit: Literal["instance", "task", "pod"] = "instance"


class Cost(_Model):
    """Monthly = mean hourly × 730."""

    current_monthly_usd: Interval
    recommended_monthly_usd: Interval
    savings_share: Interval  # paired over the scenarios; positive saves
    saving_monthly_usd: Interval | None = None  # paired likewise; null where only shares are known


class SloFigures(_Model):
    """Share of minutes in which over 1 % of requests miss `slo_p99_ms`, now and as recommended."""

    slo_p99_ms: float
    max_bad_minutes: float
    current_bad_minute_share: Interval
    recommended_bad_minute_share: Interval
    current_risk: float  # share of scenario weeks that miss the SLO
    recommended_risk: float
    p99_ms: Interval  # of the recommended settings


class Alternative(_Model):
    """A type that was weighed and not taken."""

    instance_type: str
    why_not: str
    monthly_usd: float | None = None
    savings_share: float | None = None
    risk: float | None = None


class ReadyToAdd(_Model):
    """Something the present configuration has no place for, as a block to add."""

    what: str
    block: str
    savings_share: Interval | None = None


class Fact(_Model):
    """Something measured that moved the trained planner towards the settings or away from them."""

    fact: str  # "past cost", "service ahead", "minimum", …
    value: str  # "the last 4 weeks, replayed, would have cost 38 % less"
    effect: Literal["for", "against"]
    share: float  # of all that moved it, 0..1


class Rejected(_Model):
    """Settings that came near and were not taken."""

    settings: str  # "m5.large, 2–14, target 60 %"
    monthly_usd: float
    why_not: str


class Explanation(_Model):
    """Why these settings and not others."""

    proposed_by: str
    facts: list[Fact] = []  # the largest first; none where no trained planner was asked
    rejected: list[Rejected] = []


class Edit(_Model):
    """One attribute and the literal that decides it; no file or range where not patchable."""

    attribute: str
    grade: Grade
    reason: str | None = None  # why it is not patchable, or what to know about the patch
    file: str | None = None  # relative to the config directory
    line: int | None = None  # 1-based, in the file as it is
    byte_range: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    path: str | None = None  # "web.instance_type"
    old: str | None = None  # source text
    new: str | None = None
    also_moves: list[str] = []
    trace: list[str] = []


class Impact(_Model):
    """What an apply of the change does to running instances."""

    kind: ImpactKind
    notes: list[str] = []


class Confidence(_Model):
    """How far to trust the figures."""

    history_days: float
    forecast_skill: float | None  # 1 − weighted quantile loss ÷ seasonal-naive's, on the history
    scenarios: int
    notes: list[str] = []  # gaps, duplicates, short history, outside the policy's training range


class Contender(_Model):
    """One proposer in the proof: its best configuration on the held-back scenarios."""

    name: str
    monthly_usd: float
    bad_minute_share: float
    risk: float
    meets_slo: bool


class Proof(_Model):
    """How the recommendation was proven: who proposed it and what it was measured against."""

    won_by: str  # whose proposal was taken; "as-written" when nothing beats the present settings
    contenders: list[Contender]
    saving_usd_per_month: Interval  # paired 95 % interval of the mean: p05/p95 hold its ends
    scenarios_spent: int  # group-weeks simulated in all


class DemandFigures(_Model):
    """What the group was asked and is expected to be asked, by hour of the coming week."""

    source: str  # "traffic/web.csv", "assumed profile 'diurnal'"
    history_mean_rps: float
    history_peak_rps: float
    hourly_p05_rps: list[float]  # 168 values from `start`
    hourly_p50_rps: list[float]
    hourly_p95_rps: list[float]
    hourly_capacity_now: list[float]  # rps the present settings can serve within the SLO, median
    hourly_capacity_recommended: list[float]
    start: str  # ISO 8601


class HourlyService(_Model):
    """How one group of settings serves each hour from `DemandFigures.start`."""

    p99_ms: list[float]  # of the hour's requests, over five scenarios
    bad_minute_risk: list[float]  # share of the hour's minutes that are bad, over ten scenarios


class Group(_Model):
    """One instance group and what to do about it."""

    address: str
    plan: str | None = None  # path of the plan it stands in
    kind: str
    region: str | None
    status: Status
    reason: str
    assumed: bool = False  # traffic is assumed, in part at least: no edits unless accepted
    part_of: str | None = None  # address of the node pool whose cost holds this group's
    current: Settings | None = None
    recommended: Settings | None = None
    cost: Cost | None = None
    slo: SloFigures | None = None
    demand: DemandFigures | None = None
    hourly_now: HourlyService | None = None
    hourly_recommended: HourlyService | None = None
    why_this_type: str | None = None
    alternatives: list[Alternative] = []
    explanation: Explanation | None = None
    ready_to_add: list[ReadyToAdd] = []
    edits: list[Edit] = []
    impact: Impact | None = None
    confidence: Confidence | None = None
    proof: Proof | None = None
    notes: list[str] = []


def counted(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that a sum of costs takes in: pods whose nodes are among them are not."""
    there = {(group.plan, group.address) for group in groups if group.cost}
    return [group for group in groups if (group.plan, group.part_of) not in there]


class Totals(_Model):
    """Sums over the analysed groups, assumed ones apart; summed scenario by scenario."""

    groups: int
    recommended: int  # groups to change, those on assumed traffic apart
    current_monthly_usd: Interval
    recommended_monthly_usd: Interval
    savings_share: Interval
    saving_monthly_usd: Interval | None = None


class SkippedResource(_Model):
    """A compute-like resource that is not analysed."""

    address: str
    plan: str | None = None  # path of the plan it stands in
    kind: str
    reason: str


class Coverage(_Model):
    """What was and what was not looked at."""

    analysed: int
    partial: int  # analysed, but at least one attribute is not patchable
    ignored: int = 0  # attributes that a tfopt:ignore comment leaves alone
    skipped: list[SkippedResource]


class Report(_Model):
    """All groups of one or several plans."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tool: Tool
    plan: SourcedPlan
    plans: list[SourcedPlan] = []  # every plan, where several were given
    groups: list[Group]
    totals: Totals
    coverage: Coverage
