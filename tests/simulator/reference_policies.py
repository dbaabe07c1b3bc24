"""The scaling policies of the plain simulator: lists of datapoints, one small class per kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from tfopt_sim.types import Adjustment, Alarm, SimpleScaling, StepScaling, TargetTracking


class Minute(Protocol):
    """What a policy is told of a minute that is over."""

    in_service: int
    cpu: float
    requests: float


class Life(Protocol):
    ready: int


class Sized(Protocol):
    """What a policy asks of the group."""

    instances: list[Life]


def settled(group: Sized, minute: int, warmup_s: float) -> bool:
    """Nothing boots (an instance due at this very minute still does) and nothing warms up."""
    warm = math.ceil(warmup_s / 60)
    return all(each.ready < minute and minute >= each.ready + warm for each in group.instances)


class Meter:
    """Makes datapoints of a metric."""

    def __init__(self, metric: str, period_s: int) -> None:
        self.metric = metric
        self.minutes = period_s // 60
        self.samples: list[float] = []

    def take(self, minute: int, seen: Minute) -> float | None:
        if seen.in_service:
            self.samples.append(seen.cpu if self.metric == "cpu" else seen.requests)
        if (minute + 1) % self.minutes != 0 or not self.samples:
            return None
        mean = sum(self.samples) / len(self.samples)
        self.samples = []
        return mean


class Tracking:
    whole = False  # scale-in counts from what serves; from the whole capacity where True

    def __init__(self, policy: TargetTracking) -> None:
        self.policy = policy
        self.meter = Meter(policy.metric, policy.metric_period_s)
        self.datapoints: list[float] = []  # since the last action
        self.less = 0  # what the last datapoint of a low alarm asked for

    def in_a_row(self, beyond: Callable[[float], bool]) -> int:
        count = 0
        for value in reversed(self.datapoints):
            if not beyond(value):
                break
            count += 1
        return count

    def low(self) -> bool:
        threshold = self.policy.scale_in_ratio * self.policy.target
        return self.in_a_row(lambda x: x < threshold) >= self.policy.in_datapoints

    def base(self, group: Sized, minute: int) -> int:
        """Instances that a scale-out counts from."""
        return sum(each.ready <= minute for each in group.instances)

    def free_to_scale_in(self, group: Sized, minute: int) -> bool:
        return settled(group, minute, self.policy.warmup_s)

    def ready_to_scale_in(self, group: Sized, minute: int) -> bool:
        return self.low() and self.free_to_scale_in(group, minute)

    def want(self, group: Sized, minute: int, seen: Minute) -> int | None:
        value = self.meter.take(minute, seen)
        if value is None:
            return None
        self.datapoints.append(value)
        now = len(group.instances)
        share = value / self.policy.target
        proportional = math.ceil(self.base(group, minute) * share - 1e-9)
        if self.in_a_row(lambda x: x > self.policy.target) >= self.policy.out_datapoints:
            return max(now, proportional)
        if not self.low():
            return None
        measured = now if self.whole else seen.in_service
        self.less = min(now, math.ceil(measured * share - 1e-9))
        free = self.policy.scale_in and self.free_to_scale_in(group, minute + 1)
        return self.less if free and self.less < now else None

    def resized(self) -> None:
        self.datapoints = []

    def acted(self, before: int, after: int, minute: int) -> None:
        """Warm-up is a matter of instances, not of the policy."""


class Cooldown:
    """The cooldowns of one policy of a service."""

    def __init__(self, out_s: float, in_s: float) -> None:
        self.out, self.inward = math.ceil(out_s / 60), math.ceil(in_s / 60)
        self.out_until = self.in_until = 0
        self.before = 0  # capacity when the scale-out began

    def base(self, now: int, minute: int) -> int:
        return self.before if minute < self.out_until else now

    def start(self, before: int, after: int, minute: int) -> None:
        if after < before:
            self.in_until = minute + self.inward
            return
        if minute >= self.out_until:
            self.before = before
        self.out_until = minute + self.out
        self.in_until = 0


class ServiceTracking(Tracking):
    whole = True

    def __init__(self, policy: TargetTracking, cooldowns_s: tuple[float, float]) -> None:
        super().__init__(policy)
        self.cooldown = Cooldown(*cooldowns_s)

    def base(self, group: Sized, minute: int) -> int:
        return self.cooldown.base(len(group.instances), minute + 1)

    def free_to_scale_in(self, _group: Sized, minute: int) -> bool:
        return minute >= self.cooldown.in_until

    def acted(self, before: int, after: int, minute: int) -> None:
        self.cooldown.start(before, after, minute)


class Bell:
    """A metric alarm."""

    def __init__(self, alarm: Alarm) -> None:
        self.alarm = alarm
        self.meter = Meter(alarm.metric, alarm.period_s)
        self.breaches: list[bool] = []

    def hear(self, minute: int, seen: Minute) -> float | None:
        """The datapoint of a minute in which the alarm is on."""
        value = self.meter.take(minute, seen)
        if value is None:
            return None
        threshold = self.alarm.threshold
        self.breaches.append(
            {
                ">": value > threshold,
                ">=": value >= threshold,
                "<": value < threshold,
                "<=": value <= threshold,
            }[self.alarm.comparison]
        )
        on = sum(self.breaches[-self.alarm.of :]) >= self.alarm.datapoints
        return value if on else None


def adjust(base: int, change: float, adjustment: Adjustment, least: int) -> int:
    if adjustment == "exact":
        return int(change)
    if adjustment == "change":
        return max(0, base + int(change))
    share = base * change / 100
    size = abs(share)
    whole = 0 if size == 0 else max(1, least, math.floor(size + 1e-9))
    return max(0, base + (whole if share > 0 else -whole))


class Stepping:
    def __init__(self, policy: StepScaling) -> None:
        self.policy = policy
        self.bell = Bell(policy.alarm)

    def change(self, value: float) -> float | None:
        gap = value - self.policy.alarm.threshold
        for step in self.policy.steps:
            lower = -math.inf if step.lower is None else step.lower
            upper = math.inf if step.upper is None else step.upper
            if self.policy.alarm.comparison in (">", ">="):
                inside = lower <= gap + 1e-9 < upper
            else:
                inside = lower < gap - 1e-9 <= upper
            if inside:
                return step.change
        return None

    def want(self, group: Sized, minute: int, seen: Minute) -> int | None:
        value = self.bell.hear(minute, seen)
        change = None if value is None else self.change(value)
        if change is None:
            return None
        kind, least = self.policy.adjustment, self.policy.min_magnitude
        now = len(group.instances)
        if adjust(now, change, kind, least) < now:
            free = self.free_to_scale_in(group, minute + 1)
            return adjust(now, change, kind, least) if free else None
        return max(now, adjust(self.base(group, minute), change, kind, least))

    def base(self, group: Sized, minute: int) -> int:
        since = minute + 1 - math.ceil(self.policy.warmup_s / 60)
        return sum(each.ready <= min(since, minute) for each in group.instances)

    def free_to_scale_in(self, group: Sized, minute: int) -> bool:
        return settled(group, minute, self.policy.warmup_s)

    def resized(self) -> None:
        """Alarms of the user know nothing of the group's size."""

    def acted(self, before: int, after: int, minute: int) -> None:
        """Warm-up is a matter of instances, not of the policy."""


class ServiceStepping(Stepping):
    def __init__(self, policy: StepScaling, cooldown_s: float) -> None:
        super().__init__(policy)
        self.cooldown = Cooldown(cooldown_s, cooldown_s)

    def base(self, group: Sized, minute: int) -> int:
        return self.cooldown.base(len(group.instances), minute + 1)

    def free_to_scale_in(self, _group: Sized, minute: int) -> bool:
        return minute >= self.cooldown.in_until

    def acted(self, before: int, after: int, minute: int) -> None:
        self.cooldown.start(before, after, minute)


class Simple:
    def __init__(self, policy: SimpleScaling) -> None:
        self.policy = policy
        self.bell = Bell(policy.alarm)
        self.until = 0
        self.length = 0

    def cool_down(self, minute: int, cooldown_s: float) -> None:
        self.length = math.ceil(cooldown_s / 60)
        self.until = minute + self.length

    def want(self, group: Sized, minute: int, seen: Minute) -> int | None:
        if minute < self.until and any(each.ready > minute for each in group.instances):
            self.until = minute + 1 + self.length  # counts from the last launch that finishes
        if self.bell.hear(minute, seen) is None or minute + 1 < self.until:
            return None
        policy = self.policy
        now = len(group.instances)
        return adjust(now, policy.change, policy.adjustment, policy.min_magnitude)

    def resized(self) -> None:
        """Alarms of the user know nothing of the group's size."""

    def acted(self, before: int, after: int, minute: int) -> None:
        """The cooldown starts for all of its kind at once (`Group.autoscale`)."""


Policy = Tracking | Stepping | Simple


def plain(policy: object) -> Policy:
    """Return the plain counterpart of a policy."""
    match policy:
        case TargetTracking():
            cooldowns = policy.cooldowns_s
            return ServiceTracking(policy, cooldowns) if cooldowns else Tracking(policy)
        case StepScaling():
            cooldown = policy.cooldown_s
            return Stepping(policy) if cooldown is None else ServiceStepping(policy, cooldown)
        case SimpleScaling():
            return Simple(policy)
    raise TypeError(policy)
