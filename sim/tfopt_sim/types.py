"""The nouns of the simulator: what a group is made of, what it is asked to do, what came of it.

Every class is immutable. Units ride in the names: `_s` seconds, `_ms` milliseconds, `_rps` requests
per second, `_usd_per_hour` US dollars per hour; shares and CPU are fractions of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.pods import ClusterAutoscaler, PodAutoscaler

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Burst:
    """CPU credits of a burstable type (one credit = one vCPU busy for one minute)."""

    baseline: float  # share of each vCPU that is earned back
    credits_per_hour: float
    max_credits: float
    initial_credits: float = 0.0
    unlimited: bool = True  # surplus is sold instead of throttled
    surplus_usd_per_vcpu_hour: float = 0.05


@dataclass(frozen=True, slots=True)
class Machine:
    """One purchasable unit of capacity: an instance type at a price, or a task or pod size."""

    name: str
    vcpus: float
    memory_gib: float
    usd_per_hour: float
    speed: float = 1.0  # work per busy vCPU, relative to the machine the workload was measured on
    architecture: str = "x86_64"
    burst: Burst | None = None
    boost: float = 1.0  # speed of a vCPU while the others idle ÷ its speed while all are busy
    threads_per_core: int = 1  # 2: vCPUs are hyper-threads, the boost ends at half of them busy


@dataclass(frozen=True, slots=True)
class Workload:
    """What one request costs and how instances take them."""

    cpu_s_per_request: float  # mean vCPU-seconds on a machine of speed 1
    service_cv2: float = 1.0  # squared coefficient of variation of that time (log-normal)
    boot_s: float = 90.0  # launch to first request served; the median where boot is a distribution
    boot: Literal["distribution", "fixed"] = "distribution"
    balancing: Literal["least-outstanding", "random"] = "least-outstanding"
    timeout_s: float = 0.0  # 0: clients wait
    arrivals: Literal["poisson", "even"] = "poisson"  # within a minute; "even": CPU has no noise


@dataclass(frozen=True, slots=True)
class Slo:
    """A minute is bad when more than 1 % of its requests take longer than `p99_ms`."""

    p99_ms: float = 250.0
    max_bad_minutes: float = 0.01  # share of a week's minutes that may be bad


Metric = Literal["cpu", "requests"]
"""What an autoscaler looks at: mean CPU of the instances in service (0..1, ends at 1), or requests
per instance in service and minute (what a load balancer counts per target; it does not saturate).
"""


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """Target tracking, with AWS's two managed alarms.

    Out on the `out_datapoints`-th datapoint in a row above the target, in on the
    `in_datapoints`-th below `scale_in_ratio` × target (EC2: 0.7, application autoscaling: 0.9).
    """

    target: float  # a share for CPU, requests per instance and minute otherwise
    scale_in_ratio: float = 0.7
    out_datapoints: int = 3
    in_datapoints: int = 15
    metric_period_s: int = 60  # 300 without detailed monitoring
    warmup_s: float = 300.0  # unset in AWS: falls back to the default cooldown of 300 s
    scale_in: bool = True  # False: disable_scale_in
    metric: Metric = "cpu"
    cooldowns_s: tuple[float, float] | None = None  # out, in: application autoscaling's; no warm-up


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm as the user wrote it; it rings on `datapoints` breaches of the last `of`."""

    threshold: float  # in the unit of the metric
    comparison: Literal[">", ">=", "<", "<="]
    metric: Metric = "cpu"
    period_s: int = 60
    datapoints: int = 1
    of: int = 1  # evaluation periods


Adjustment = Literal["change", "percent", "exact"]
"""ChangeInCapacity, PercentChangeInCapacity, ExactCapacity."""


@dataclass(frozen=True, slots=True)
class Step:
    """An adjustment while metric − threshold lies in [lower, upper) (above it; mirrored below)."""

    change: float  # instances, percent, or a capacity
    lower: float | None = None  # relative to the threshold; None: unbounded
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class StepScaling:
    """Step scaling: acts in every period in which its alarm rings, as the breach is large."""

    alarm: Alarm
    steps: tuple[Step, ...]
    adjustment: Adjustment = "change"
    min_magnitude: int = 0  # least instances that a percentage changes
    warmup_s: float = 300.0
    cooldown_s: float | None = None  # application autoscaling's, in place of the warm-up


@dataclass(frozen=True, slots=True)
class SimpleScaling:
    """Simple scaling: one adjustment, then nothing until the cooldown is over."""

    alarm: Alarm
    change: float
    adjustment: Adjustment = "change"
    min_magnitude: int = 0
    cooldown_s: float = 300.0


@dataclass(frozen=True, slots=True)
class PredictiveScaling:
    """Predictive scaling: at the start of each hour at least what its forecast asks for."""

    target: float
    metric: Metric = "cpu"
    buffer_s: float = 300.0  # SchedulingBufferTime: so long before the hour
    max_capacity_buffer: float | None = None  # share above the forecast; None: HonorMaxCapacity
    forecast_only: bool = False


@dataclass(frozen=True, slots=True)
class GceAutoscaler:
    """Google's managed-instance-group autoscaler on CPU or load-balancing rate."""

    target: float  # a share for CPU, requests per instance and minute otherwise
    metric: Metric = "cpu"
    initialization_s: float = 60.0  # from launch; no scale-out on the metric of younger instances
    stabilization_s: float = 600.0  # scale-in follows the largest need of so long
    scale_in_most: float | None = None  # scale-in control: instances, or a share below 1, that …
    scale_in_window_s: float = 600.0  # … the group may be below its largest size of this window
    mode: Literal["on", "only-scale-out", "off"] = "on"
    predictive: bool = False  # for CPU: also what is forecast, initialization_s ahead


@dataclass(frozen=True, slots=True)
class AzureRule:
    """One rule of an Azure autoscale profile."""

    alarm: Alarm  # period_s: time grain; of: time window ÷ time grain (datapoints: not used)
    direction: Literal["increase", "decrease"]
    change: float = 1.0  # instances, percent, or a capacity
    adjustment: Adjustment = "change"
    cooldown_s: float = 300.0  # since the last scale action of any rule
    aggregation: Literal["average", "minimum", "maximum", "last"] = "average"  # of the window


@dataclass(frozen=True, slots=True)
class AzureAutoscale:
    """Azure Monitor autoscale: out on any rule, in on all, never where it would flap."""

    rules: tuple[AzureRule, ...]
    look_ahead_s: float | None = None  # predictive autoscale acts so long ahead; None: disabled


Tracking = TargetTracking | GceAutoscaler | PodAutoscaler
ScalingPolicy = (
    TargetTracking
    | StepScaling
    | SimpleScaling
    | PredictiveScaling
    | GceAutoscaler
    | AzureAutoscale
    | PodAutoscaler
    | ClusterAutoscaler
)


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """At each `recurrence` (five-field cron, wall clock of `time_zone`) sets what is not None.

    The minimum of a `floor` stands beside the configuration's own: the larger one holds.
    """

    recurrence: str
    time_zone: str = "Etc/UTC"
    min_size: int | None = None
    max_size: int | None = None
    desired_capacity: int | None = None
    late_s: float = 0.0  # acts up to so much later, drawn per occurrence (AWS: up to 120)
    floor: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A machine that a mixed group may launch, in its order of preference."""

    machine: Machine
    weight: int = 1  # units of capacity that one instance counts for
    spot_usd_per_hour: float | None = None
    interruptions_per_month: float = 0.05  # share of spot instances reclaimed in a month


@dataclass(frozen=True, slots=True)
class WarmPool:
    """Instances initialised beforehand that wait to be put in service."""

    min_size: int = 0
    max_prepared: int | None = None  # with those in service; None: the group's max_size
    state: Literal["stopped", "running", "hibernated"] = "stopped"
    start_s: float = 30.0  # from the pool into service
    reuse_on_scale_in: bool = False


Termination = Literal[
    "default", "oldest-instance", "newest-instance", "oldest-template", "allocation-strategy"
]


@dataclass(frozen=True, slots=True)
class Fleet:
    """How a group's instances are bought, placed and removed, where that is more than one type."""

    slots: tuple[Slot, ...] = ()  # empty: the configuration's machine alone
    on_demand_base: int = 0
    spot_share: float = 0.0  # of what is above the base
    spot_allocation: Literal[
        "price-capacity-optimized", "capacity-optimized", "lowest-price", "prioritized"
    ] = "price-capacity-optimized"
    spot_pools: int = 2  # of "lowest-price": the cheapest pools of a zone, used alike
    on_demand_allocation: Literal["prioritized", "lowest-price"] = "prioritized"
    capacity_rebalance: bool = False  # replace spot instances at the notice, not once they are gone
    reclaimed_share: float = 0.5  # of a pool's spot instances that one reclaim takes (assumed)
    zones: int = 1
    termination: tuple[Termination, ...] = ("default",)  # "default" only as the last
    outdated: int = 0  # instances of the start that run an earlier launch template
    warm_pool: WarmPool | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """What a group pays besides the list price of its instances."""

    root_gib: float = 0.0
    root_usd_per_gib_month: float = 0.08
    committed_usd_per_hour: float = 0.0  # paid whether used or not (a savings plan)
    committed_discount: float = 0.0  # off the list price of what the commitment covers


@dataclass(frozen=True, slots=True)
class Configuration:
    """What plain Terraform can hold for one instance group."""

    machine: Machine
    min_size: int
    max_size: int
    desired_capacity: (
        int  # where the simulated period starts; held for good where nothing scales it
    )
    scaling: tuple[ScalingPolicy, ...] = ()
    schedules: tuple[ScheduledAction, ...] = ()
    fleet: Fleet = Fleet()
    money: Money = Money()

    @property
    def actions(self) -> tuple[ScheduledAction, ...]:
        """The schedules as they act: a floor within the configuration's own bounds."""
        return tuple(
            replace(action, min_size=min(max(action.min_size or 0, self.min_size), self.max_size))
            if action.floor
            else action
            for action in self.schedules
        )

    @property
    def tracking(self) -> Tracking | None:
        """The one target that a planner may move: of the only policy that tracks mean CPU."""
        found = [p for p in self.scaling if isinstance(p, Tracking) and p.metric == "cpu"]
        return found[0] if len(found) == 1 else None

    def with_target(self, target_cpu: float) -> Configuration:
        """Return the configuration with another CPU target; itself where nothing tracks CPU."""
        own = self.tracking
        moved = tuple(replace(p, target=target_cpu) if p is own else p for p in self.scaling)
        return replace(self, scaling=moved)


@dataclass(frozen=True, slots=True)
class Demand:
    """Measured requests per second on a regular grid; NaN where nothing was measured."""

    start: datetime  # aware, UTC; the first step covers [start, start + step_s)
    step_s: int
    rps: FloatArray  # shape (steps,), mean rate over each step

    @property
    def days(self) -> float:
        """Length of the series in days, gaps included."""
        return self.rps.size * self.step_s / 86_400


@dataclass(frozen=True, slots=True)
class Bill:
    """What C configurations pay under S scenarios, by part; arrays of shape (C, S), in USD."""

    on_demand: FloatArray  # at list price, what a commitment covers left out
    spot: FloatArray
    surplus: FloatArray  # CPU credits spent beyond those earned
    disk: FloatArray
    commitment: FloatArray  # paid in every hour, used or not

    @property
    def total(self) -> FloatArray:
        """All parts together, shape (C, S)."""
        return self.on_demand + self.spot + self.surplus + self.disk + self.commitment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to C configurations under S scenarios; every array has shape (C, S).

    `bad_minute_share` counts among minutes with arrivals; `slow_share` is the share of requests
    over the SLO's `p99_ms`; instances are those billed, booting ones included; `launches` counts
    instances ordered after the start.
    """

    hours: float  # simulated hours per scenario
    cost_usd: FloatArray
    bad_minute_share: FloatArray
    slow_share: FloatArray
    mean_instances: FloatArray
    max_instances: FloatArray
    mean_cpu: FloatArray
    launches: FloatArray
    interruptions: FloatArray | None = None  # spot instances reclaimed; None: not kept
    bill: Bill | None = None  # `cost_usd` by part; None: not kept

    @property
    def usd_per_hour(self) -> FloatArray:
        """Mean cost rate, shape (C, S)."""
        return self.cost_usd / self.hours


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What one configuration did in each minute of one scenario; arrays of shape (minutes,)."""

    start: datetime
    in_service: NDArray[np.int64]
    billed: NDArray[np.int64]  # in service, booting, and in the warm pool where that runs
    cpu: FloatArray  # 0..1
    backlog_requests: FloatArray
    bad: FloatArray  # probability that the minute is bad
    demand_rps: FloatArray
    p99_ms: float  # over all requests of the period
    cost_usd: float
    extras: dict[str, float] = field(default_factory=dict)
    machines: FloatArray | None = None  # in service, as so many of the configuration's machine
