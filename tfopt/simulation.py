"""The answer of `tfopt simulate`: what the present settings cost and serve, JSON schema version 1.

Money in USD, time in seconds unless the name says otherwise, shares as fractions of one.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from tfopt.recommendation import Interval, PlanInfo, Settings, SkippedResource

SCHEMA_VERSION: Final = 1
HOURS_PER_WEEK: Final = 168
TWENTIETHS: Final = 20

Cause = Literal["peak demand", "capacity lag", "tight target", "backlog"]
"""Why a minute is bad.

peak demand: more is asked than the largest allowed group serves. capacity lag: more instances are
allowed, but not there yet. tight target: the group is as busy as its target lets it be, and that
is too busy. backlog: the minute's own demand fits, but requests of minutes before it wait.
"""


class _Model(BaseModel):
    # a figure that is not finite has no JSON number: it is refused where it arises
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Hourly = Annotated[list[float | None], Field(min_length=HOURS_PER_WEEK, max_length=HOURS_PER_WEEK)]


class Tool(_Model):
    """Which tfopt answered, with which prices."""

    name: Literal["tfopt"] = "tfopt"
    version: str
    price_date: str
    price_attribution: str


class CostParts(_Model):
    """A monthly cost by what it is paid for."""

    on_demand: Interval  # instances at list price, those that a commitment covers left out
    spot: Interval
    surplus: Interval  # CPU of burstable types beyond their credits
    disk: Interval  # root volumes
    commitment: Interval  # paid whether used or not


class Cost(_Model):
    """What the group costs; monthly = mean hourly × 730."""

    monthly_usd: Interval
    parts: CostParts
    # the middle of each twentieth of the simulated periods, cheapest first
    twentieths_usd: Annotated[list[float], Field(min_length=TWENTIETHS, max_length=TWENTIETHS)]


class Capacity(_Model):
    """What runs, over the scenarios; instances are those billed, so booting ones count."""

    mean_instances: Interval
    peak_instances: Interval
    mean_cpu: Interval
    launches_per_week: Interval


class SloFigures(_Model):
    """What the SLO asks, and how the present settings hold it."""

    slo_p99_ms: float
    max_bad_minutes: float
    p99_ms: Interval  # over all requests of a scenario; of the first 40
    bad_minute_share: Interval
    met_share: float  # share of the simulated weeks that meet the SLO
    weeks: int  # weeks simulated in all; periods where the horizon is shorter than one


class Band(_Model):
    """A figure by hour of the week over scenarios and weeks."""

    p05: Hourly
    p50: Hourly
    p95: Hourly


class ByHourOfWeek(_Model):
    """Means over each hour of the week, Monday 00:00 UTC first; null outside of the horizon."""

    time_zone: Literal["Etc/UTC"] = "Etc/UTC"
    demand_rps: Band
    capacity_rps: Band  # what the instances in service can serve within the SLO
    instances: Band  # in service
    cpu: Band
    p99_ms: Hourly  # over all requests of that hour
    bad_minute_risk: Hourly  # share of its minutes that are bad


class BadDay(_Model):
    """A day of the horizon (UTC) that has bad minutes, and why it has them."""

    date: str  # ISO 8601
    bad_minutes: float  # expected
    risk: float  # share of the scenarios in which the day has more than the SLO allows
    why: Cause  # of most of them
    causes: dict[Cause, float]  # share of the bad minutes
    peak_rps: float  # of its busiest minute, median over the scenarios
    most_instances: float  # in service, median over the scenarios


class ByRequest(_Model):
    """The same replay on a second simulator, one request after the other, as a cross-check.

    It shares no code with the first: arrivals, queue, boots and target tracking are its own.
    """

    cost_usd: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    bad_minute_share: float
    mean_instances: float
    peak_instances: int
    mean_cpu: float
    same_capacity_share: float  # of the minutes: as many in service in both


class Replay(_Model):
    """What one given demand comes to, minute by minute from `start`.

    `cost_usd` is instance-minutes × list price, booting ones included, without disk. `p99_ms` is
    over all requests; minutes without arrivals are left out of `bad_minute_share`.
    """

    source: str  # "past-week.csv:requests_per_second"
    start: str  # ISO 8601
    minutes: int
    requests: float
    cost_usd: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    bad_minute_share: float
    slow_share: float  # of the requests, over the SLO's p99_ms
    mean_instances: float  # billed
    peak_instances: int
    mean_cpu: float
    launches: int
    lost_requests: float  # whose clients left
    by_request: ByRequest | None = None  # with --requests
    capacity: list[int]  # instances in service, per minute
    billed: list[int]  # in service and booting
    cpu: list[float]
    demand_rps: list[float]


class DemandFigures(_Model):
    """Where the demand is from, and how much it is."""

    source: str  # "web.csv:requests_per_second", "assumed profile 'diurnal'"
    mean_rps: float
    peak_rps: float
    history_days: float  # 0 where nothing was measured
    forecast_skill: float | None = None  # 1 − weighted quantile loss ÷ seasonal-naive's


class Group(_Model):
    """One instance group under its present settings."""

    address: str
    kind: str
    region: str | None
    status: Literal["simulated", "not-analysed"]
    reason: str
    assumed: bool = False  # traffic, or the work of a request, is assumed in part at least
    current: Settings | None = None
    start: str | None = None  # ISO 8601, of the simulated period
    demand: DemandFigures | None = None
    cost: Cost | None = None
    capacity: Capacity | None = None
    slo: SloFigures | None = None
    by_hour_of_week: ByHourOfWeek | None = None
    worst_days: list[BadDay] = []
    replay: Replay | None = None
    notes: list[str] = []


class Totals(_Model):
    """Sums over the simulated groups, assumed ones apart; summed scenario by scenario."""

    groups: int
    monthly_usd: Interval | None  # null in a replay


class Coverage(_Model):
    """What was and what was not looked at."""

    analysed: int
    skipped: list[SkippedResource]


class Simulation(_Model):
    """All groups of one plan, simulated as they are."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tool: Tool
    plan: PlanInfo
    mode: Literal["forecast", "replay"]
    horizon_s: int
    scenarios: int  # 1 in a replay
    seed: int
    groups: list[Group]
    totals: Totals
    coverage: Coverage
