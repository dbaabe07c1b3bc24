"""The nouns of the simulator: what a group is made of, what it is asked to do, what came of it.

Every class is immutable. Units ride in the names: `_s` seconds, `_ms` milliseconds, `_rps` requests
per second, `_usd_per_hour` US dollars per hour; shares and CPU are fractions of one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class Workload:
    """What one request costs and how instances take them."""

    cpu_s_per_request: float  # mean vCPU-seconds on a machine of speed 1
    service_cv2: float = 1.0  # squared coefficient of variation of that time (log-normal)
    boot_s: float = 90.0  # launch to first request served; the median where boot is a distribution
    boot: Literal["distribution", "fixed"] = "distribution"
    balancing: Literal["least-outstanding", "random"] = "least-outstanding"
    timeout_s: float = 0.0  # 0: clients wait


@dataclass(frozen=True, slots=True)
class Slo:
    """A minute is bad when more than 1 % of its requests take longer than `p99_ms`."""

    p99_ms: float = 250.0
    max_bad_minutes: float = 0.01  # share of a week's minutes that may be bad


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """Target tracking on mean CPU, with AWS's two managed alarms.

    Out on the `out_datapoints`-th datapoint in a row above the target, in on the
    `in_datapoints`-th below `scale_in_ratio` × target (EC2: 0.7, application autoscaling: 0.9).
    """

    target_cpu: float
    scale_in_ratio: float = 0.7
    out_datapoints: int = 3
    in_datapoints: int = 15
    metric_period_s: int = 60  # 300 without detailed monitoring
    warmup_s: float = 300.0  # unset in AWS: falls back to the default cooldown of 300 s
    scale_in: bool = True  # False: disable_scale_in


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """At each `recurrence` (five-field cron, wall clock of `time_zone`) sets what is not None."""

    recurrence: str
    time_zone: str = "Etc/UTC"
    min_size: int | None = None
    max_size: int | None = None
    desired_capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What plain Terraform can hold for one instance group."""

    machine: Machine
    min_size: int
    max_size: int
    desired_capacity: int  # where the simulated period starts; held for good where scaling is None
    scaling: TargetTracking | None = None
    schedules: tuple[ScheduledAction, ...] = ()


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

    @property
    def usd_per_hour(self) -> FloatArray:
        """Mean cost rate, shape (C, S)."""
        return self.cost_usd / self.hours


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What one configuration did in each minute of one scenario; arrays of shape (minutes,)."""

    start: datetime
    in_service: NDArray[np.int64]
    billed: NDArray[np.int64]  # in service and booting
    cpu: FloatArray  # 0..1
    backlog_requests: FloatArray
    bad: FloatArray  # probability that the minute is bad
    demand_rps: FloatArray
    p99_ms: float  # over all requests of the period
    cost_usd: float
    extras: dict[str, float] = field(default_factory=dict)
