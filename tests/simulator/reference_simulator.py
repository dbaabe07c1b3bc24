"""The plain simulator that the compiled one is compared with: objects, loops, nothing shared.

It follows the published semantics of `tfopt simulate --replay`: instances are objects with a life,
alarms are lists of datapoints (`reference_policies`). Latency is not simulated here; the
discrete-event tests do that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reference_policies import Policy, Simple, Tracking, plain

from tfopt_sim.types import ScalingPolicy, WarmPool


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
    requests: float  # per instance in service


class Group:
    def __init__(
        self,
        bounds: tuple[int, int],
        desired: int,
        scaling: Sequence[ScalingPolicy],
        capacity_rps: float,
        timeout_s: float = 0.0,
        pool: WarmPool | None = None,
    ) -> None:
        self.low, self.high = bounds
        self.policies = [plain(policy) for policy in scaling]
        self.capacity_rps = capacity_rps
        self.timeout_s = timeout_s
        size = min(max(desired, self.low), self.high)
        self.instances = [Instance(-10_000, -10_000) for _ in range(size)]
        self.backlog = 0.0
        self.pool_rules = pool
        self.pool: list[int] = []  # minutes from which its instances are ready
        self.tended = -1  # minute in which the pool was last looked after
        if pool is not None:
            self.pool = [-10_000] * self.pool_size(pool)

    def serving(self, minute: int) -> list[Instance]:
        return [each for each in self.instances if each.ready <= minute]

    def resize(self, wanted: int, minute: int, boot: int) -> None:
        wanted = max(self.low, min(self.high, wanted))
        while len(self.instances) < wanted:
            self.instances.append(Instance(minute, minute + self.start(boot)))
        while len(self.instances) > wanted:
            booting = [each for each in self.instances if each.ready >= minute]
            # What boots goes first, last to serve first; then the oldest in service.
            gone = max(booting, key=lambda each: each.ready) if booting else self.oldest()
            self.instances.remove(gone)
            reuse = self.pool_rules is not None and self.pool_rules.reuse_on_scale_in
            if reuse and gone.ready < minute:
                self.pool.append(self.tended)

    def pool_size(self, pool: WarmPool) -> int:
        prepared = self.high if pool.max_prepared is None else pool.max_prepared
        return max(pool.min_size, prepared - len(self.instances))

    def start(self, boot: int) -> int:
        """Minutes until a new instance serves: one of the pool where one is ready."""
        ready = [at for at in self.pool if at <= self.tended]
        if self.pool_rules is None or not ready:
            return boot
        self.pool.remove(ready[0])
        return math.ceil(self.pool_rules.start_s / 60)

    def tend_pool(self, minute: int, boot: int) -> None:
        if self.pool_rules is None:
            return
        while len(self.pool) < self.pool_size(self.pool_rules):
            self.pool.append(minute + boot)
        while len(self.pool) > self.pool_size(self.pool_rules):
            self.pool.remove(max(self.pool))
        self.tended = minute

    def billed(self, minute: int) -> int:
        running = self.pool_rules is not None and self.pool_rules.state == "running"
        paid = self.pool if running else [at for at in self.pool if at > minute]
        return len(self.instances) + len(paid)

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
        requests = 60.0 * rps / len(serving) if serving else 0.0
        return Seen(len(serving), self.billed(minute), cpu, left, lost, requests)

    def autoscale(self, minute: int, seen: Seen, boot: int) -> None:
        """Act on what `minute` came to; what is ordered counts from the next one."""
        wants = [(policy, policy.want(self, minute, seen)) for policy in self.policies]
        before = len(self.instances)
        wanted = self.combined(wants, minute)
        if wanted is None:
            return
        self.resize(wanted, minute + 1, boot)
        if len(self.instances) == before:
            return
        for policy, want in wants:
            policy.resized()
            if want != wanted:
                continue
            policy.acted(before, len(self.instances), minute + 1)
            if isinstance(policy, Simple):
                for each in self.policies:
                    if isinstance(each, Simple):
                        each.cool_down(minute + 1, policy.policy.cooldown_s)

    def combined(self, wants: list[tuple[Policy, int | None]], minute: int) -> int | None:
        """The largest that any wants; target trackings remove only where all would."""
        now = len(self.instances)
        opinions = []
        for policy, want in wants:
            if want is None:
                continue
            if isinstance(policy, Tracking) and want < now:
                votes = [
                    each
                    for each in self.policies
                    if isinstance(each, Tracking) and each.policy.scale_in
                ]
                most = max(each.less for each in votes)
                if most < now and all(each.ready_to_scale_in(self, minute + 1) for each in votes):
                    opinions.append(most)
            else:
                opinions.append(want)
        return max(opinions, default=None)


def simulate_plainly(
    group: Group, demand_rps: Sequence[float], boot: int, changes: Sequence[Change] = ()
) -> list[Seen]:
    """Run a group through a demand, minute by minute."""
    by_minute = {change.minute: change for change in changes}
    seen = []
    for minute, rps in enumerate(demand_rps):
        if minute in by_minute:
            group.follow(by_minute[minute], minute, boot)
        group.tend_pool(minute, boot)
        what = group.serve(minute, rps)
        group.autoscale(minute, what, boot)
        seen.append(what)
    return seen
