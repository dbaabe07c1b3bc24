"""The plain simulator that the compiled one is compared with: objects, loops, nothing shared.

It follows the published semantics of `tfopt simulate --replay`: instances are objects with a life,
alarms are lists of datapoints. Latency is not simulated here; the discrete-event tests do that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfopt_sim.types import TargetTracking


@dataclass(eq=False)
class Instance:
    ordered: int  # minute from which it is billed
    ready: int  # minute from which it serves


@dataclass
class Change:
    """A scheduled action at a minute."""

    minute: int
    min_size: int | None = None
    max_size: int | None = None
    desired: int | None = None


@dataclass
class Seen:
    """What was seen of one minute."""

    in_service: int
    billed: int
    cpu: float
    backlog: float
    lost: float


class Group:
    def __init__(
        self,
        bounds: tuple[int, int],
        desired: int,
        scaling: TargetTracking | None,
        capacity_rps: float,
        timeout_s: float = 0.0,
    ) -> None:
        self.low, self.high = bounds
        self.scaling = scaling
        self.capacity_rps = capacity_rps
        self.timeout_s = timeout_s
        size = min(max(desired, self.low), self.high)
        self.instances = [Instance(-10_000, -10_000) for _ in range(size)]
        self.samples: list[float] = []  # minutes of the unfinished datapoint
        self.datapoints: list[float] = []  # since the last action
        self.backlog = 0.0

    def serving(self, minute: int) -> list[Instance]:
        return [each for each in self.instances if each.ready <= minute]

    def resize(self, wanted: int, minute: int, boot: int) -> None:
        wanted = max(self.low, min(self.high, wanted))
        while len(self.instances) < wanted:
            self.instances.append(Instance(minute, minute + boot))
        while len(self.instances) > wanted:
            booting = [each for each in self.instances if each.ready >= minute]
            # What boots goes first, last to serve first; then the oldest in service.
            gone = max(booting, key=lambda each: each.ready) if booting else self.oldest()
            self.instances.remove(gone)

    def oldest(self) -> Instance:
        return min(self.instances, key=lambda each: each.ready)

    def follow(self, change: Change, minute: int, boot: int) -> None:
        if change.min_size is not None:
            self.low = change.min_size
            if change.max_size is None:
                self.high = max(self.high, self.low)
        if change.max_size is not None:
            self.high = change.max_size
            self.low = min(self.low, self.high)
        now = len(self.instances)
        self.resize(now if change.desired is None else change.desired, minute, boot)

    def serve(self, minute: int, rps: float) -> Seen:
        serving = self.serving(minute)
        load = self.backlog + 60.0 * rps
        room = 60.0 * self.capacity_rps * len(serving)
        done = min(load, room)
        left = load - done
        lost = 0.0
        if self.timeout_s:
            kept = min(left, self.timeout_s * self.capacity_rps * len(serving))
            if not serving and self.timeout_s > 60:
                kept = left
            lost, left = left - kept, kept
        self.backlog = left
        cpu = done / room if serving else 0.0
        return Seen(len(serving), len(self.instances), cpu, left, lost)

    def autoscale(self, minute: int, seen: Seen, boot: int) -> None:
        """Act on the CPU of `minute`; what is ordered counts from the next one."""
        rule = self.scaling
        if rule is None:
            return
        if seen.in_service:
            self.samples.append(seen.cpu)
        if (minute + 1) % (rule.metric_period_s // 60) != 0 or not self.samples:
            return
        cpu = sum(self.samples) / len(self.samples)
        self.samples = []
        self.datapoints.append(cpu)
        before = len(self.instances)
        want = math.ceil(seen.in_service * cpu / rule.target - 1e-9)
        if self.in_a_row(lambda x: x > rule.target) >= rule.out_datapoints:
            self.resize(max(before, want), minute + 1, boot)
        elif (
            rule.scale_in
            and self.in_a_row(lambda x: x < rule.scale_in_ratio * rule.target) >= rule.in_datapoints
            and self.settled(minute + 1)
        ):
            self.resize(min(before, want), minute + 1, boot)
        if len(self.instances) != before:
            self.datapoints = []

    def in_a_row(self, beyond: Callable[[float], bool]) -> int:
        count = 0
        for cpu in reversed(self.datapoints):
            if not beyond(cpu):
                break
            count += 1
        return count

    def settled(self, minute: int) -> bool:
        """Nothing boots (an instance due at this very minute still does) and nothing warms up."""
        assert self.scaling is not None
        warm = math.ceil(self.scaling.warmup_s / 60)
        return all(each.ready < minute and minute >= each.ready + warm for each in self.instances)


def simulate_plainly(
    group: Group, demand_rps: Sequence[float], boot: int, changes: Sequence[Change] = ()
) -> list[Seen]:
    """Run a group through a demand, minute by minute."""
    by_minute = {change.minute: change for change in changes}
    seen = []
    for minute, rps in enumerate(demand_rps):
        if minute in by_minute:
            group.follow(by_minute[minute], minute, boot)
        what = group.serve(minute, rps)
        group.autoscale(minute, what, boot)
        seen.append(what)
    return seen
