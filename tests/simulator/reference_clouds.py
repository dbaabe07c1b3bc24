"""The autoscalers of other clouds for the plain simulator: lists of minutes, nodes as objects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, gt, le, lt

from reference_simulator import Group, Seen

from tfopt_sim.pods import ClusterAutoscaler, PodAutoscaler, PodBehavior
from tfopt_sim.types import AzureAutoscale, AzureRule, GceAutoscaler, Machine


class Watchful:
    """Sees by itself that the group was resized, whoever did it."""

    def resized(self) -> None:
        pass

    def acted(self, before: int, after: int, minute: int) -> None:
        pass


class PlainGce(Watchful):
    def __init__(self, policy: GceAutoscaler) -> None:
        self.policy = policy
        self.needs: list[int] = []
        self.sizes: list[int] = []

    def want(self, group: Group, _: int, seen: Seen) -> int | None:
        policy, size = self.policy, len(group.instances)
        value = seen.cpu if policy.metric == "cpu" else seen.requests
        if not self.sizes:  # the group has long been as it is
            self.needs, self.sizes = [size] * 100, [size] * 100
        self.sizes.append(size)
        young = max(1, math.ceil(policy.initialization_s / 60))
        if not seen.in_service or policy.mode == "off":
            self.needs.append(0)
            return None
        self.needs.append(self.need(seen.in_service, value))
        out = self.need(min(seen.in_service, *self.sizes[-young:], size), value)
        if out > size:
            return out
        back = max(self.needs[-max(young, math.ceil(policy.stabilization_s / 60)) :])
        if policy.mode == "on" and back < size:
            return min(size, max(back, self.floor()))
        return size

    def need(self, count: int, value: float) -> int:
        return math.ceil(count * value / self.policy.target - 1e-9)

    def floor(self) -> int:
        most = self.policy.scale_in_most
        if most is None:
            return 0
        peak = max(self.sizes[-math.ceil(self.policy.scale_in_window_s / 60) - 1 :])
        return peak - math.floor(most if most >= 1 else most * peak + 0.5)


class PlainAzure(Watchful):
    def __init__(self, policy: AzureAutoscale) -> None:
        self.rules = policy.rules
        self.seen: list[Seen] = []
        self.size = -1
        self.scaled = -10_000

    def want(self, group: Group, minute: int, seen: Seen) -> int | None:
        size = len(group.instances)
        if self.size not in (-1, size):
            self.scaled = minute
        self.size = size
        self.seen.append(seen)
        ups = [rule for rule in self.rules if rule.direction == "increase"]
        downs = [rule for rule in self.rules if rule.direction == "decrease"]
        ringing = [rule for rule in ups if self.rings(rule)]
        if ringing:
            due = [rule for rule in ringing if self.due(rule, minute)]
            return max([size, *(self.adjusted(rule) for rule in due)])
        if not downs or not all(self.rings(rule) and self.due(rule, minute) for rule in downs):
            return None
        lowest = max(self.adjusted(rule) for rule in downs)
        for smaller in range(max(1, lowest), size):
            if not any(self.rings(rule, size / smaller) for rule in ups):
                return smaller
        return None

    def due(self, rule: AzureRule, minute: int) -> bool:
        return minute + 1 - self.scaled >= math.ceil(rule.cooldown_s / 60)

    def adjusted(self, rule: AzureRule) -> int:
        up = rule.direction == "increase"
        if rule.adjustment == "exact":
            return max(self.size, int(rule.change)) if up else min(self.size, int(rule.change))
        change = rule.change
        if rule.adjustment == "percent":
            share = round(self.size * rule.change / 100, 9)
            change = math.ceil(share) if up else math.floor(share)
        return max(0, self.size + int(change if up else -change))

    def rings(self, rule: AzureRule, heavier: float = 1.0) -> bool:
        alarm = rule.alarm
        grain = max(1, round(alarm.period_s / 60))
        minutes = self.seen[::-1][: grain * alarm.of]
        samples = []
        for k in range(0, len(minutes), grain):
            values = [
                seen.cpu if alarm.metric == "cpu" else seen.requests
                for seen in minutes[k : k + grain]
                if seen.in_service
            ]
            if values:
                samples.append(sum(values) / len(values))
            elif k == 0 and rule.aggregation == "last":
                return False
        if not samples:
            return False
        together: dict[str, Callable[[list[float]], float]] = {
            "average": lambda many: sum(many) / len(many),
            "minimum": min,
            "maximum": max,
            "last": lambda many: many[0],
        }
        compare = {">": gt, ">=": ge, "<": lt, "<=": le}[alarm.comparison]
        return bool(compare(heavier * together[rule.aggregation](samples), alarm.threshold))


@dataclass(eq=False)
class Node:
    pods: int = 0
    unneeded_since: int | None = None

    def marked(self, minute: int) -> int:
        return minute if self.unneeded_since is None else self.unneeded_since


class PlainPods(Watchful):
    """The documented algorithm of the horizontal pod autoscaler, on a group of pods."""

    def __init__(self, policy: PodAutoscaler, machine: Machine) -> None:
        self.policy, self.machine = policy, machine
        self.recommended: list[int] = []
        self.events: list[tuple[int, int]] = []  # second, pods added

    def want(self, group: Group, minute: int, seen: Seen) -> int:
        pods = len(group.instances)
        if not self.recommended:
            self.recommended = [pods] * 100
        used = seen.cpu * seen.in_service * self.machine.vcpus
        wanted = pods if seen.in_service == 0 else self.ask(pods, seen.in_service, used)
        self.recommended.append(min(max(wanted, group.low), group.high))
        wanted = pods
        if (least := min(self.last(self.policy.up))) > wanted:
            wanted = least
        if (most := max(self.last(self.policy.down))) < wanted:
            wanted = most
        for second in range(60 * minute, 60 * minute + 60, 15):
            after = pods
            if wanted > pods:
                after = min(wanted, max(self.allowed(self.policy.up, second, pods, 1), pods))
            elif wanted < pods:
                after = max(wanted, min(self.allowed(self.policy.down, second, pods, -1), pods))
            self.events.append((second, after - pods))
            pods = after
        return pods

    def last(self, way: PodBehavior) -> list[int]:
        return self.recommended[-max(1, math.ceil(way.stabilization_s / 60)) :]

    def allowed(self, way: PodBehavior, second: int, pods: int, sign: int) -> int:
        if way.select == "disabled" or not way.rules:
            return pods
        limits = []
        for rule in way.rules:
            period = 15 * max(1, math.ceil(rule.period_s / 15))
            start = pods - sum(added for at, added in self.events if at > second - period)
            change = rule.value if rule.unit == "pods" else start * rule.value / 100
            limit = start + sign * change
            limits.append(math.ceil(limit - 1e-9) if sign > 0 else math.floor(limit + 1e-9))
        pick = max if (way.select == "max") == (sign > 0) else min
        return max(0, pick(limits))

    def ask(self, pods: int, ready: int, used: float) -> int:
        """Unready pods are set aside, but use nothing once they would be added to."""

        def ratio(count: int) -> float:
            share = math.floor(100 * used / (count * self.machine.vcpus) + 1e-9) / 100
            return share / self.policy.target

        first = ratio(ready)
        if first > 1 and ready < pods:
            again = ratio(pods)
            if again < 1 or abs(again - 1) <= self.policy.tolerance + 1e-9:
                return pods
            return math.ceil(again * pods - 1e-9)
        if abs(first - 1) <= self.policy.tolerance + 1e-9:
            return pods
        return math.ceil(first * ready - 1e-9)


class PlainCluster(Watchful):
    def __init__(self, policy: ClusterAutoscaler, machine: Machine) -> None:
        self.policy, self.machine = policy, machine
        self.allocatable = machine.vcpus - policy.node_vcpus_reserved
        fit = (self.allocatable - policy.daemon_vcpus) / policy.pod_vcpus
        self.fit = min(math.floor(fit + 1e-9), policy.max_pods_per_node or 110)
        self.nodes: list[Node] = []
        self.doomed: list[Node] = []
        self.pods = 0
        self.recommended: list[int] = []
        self.added = -10_000

    def running(self) -> int:
        return sum(node.pods for node in self.nodes)

    def want(self, group: Group, minute: int, seen: Seen) -> int:
        used = seen.cpu * seen.in_service * self.machine.vcpus
        if not self.recommended:
            self.pods = math.ceil(used / (self.policy.pod_vcpus * self.policy.target) - 1e-9)
            self.pods = min(self.clipped(self.pods), max(seen.in_service * self.fit, self.least()))
            self.recommended = [self.pods] * 100
        self.meet(seen.in_service)
        self.schedule()
        self.scale_pods(used)
        self.schedule()
        self.judge(minute)
        size = len(group.instances)
        booting = size - seen.in_service
        missing = math.ceil((self.pods - self.running()) / self.fit) - booting
        missing = min(missing, group.high - size)
        if missing > 0:
            self.added = minute + 1
            return size + missing
        waits = minute + 1 - self.added < math.ceil(self.policy.delay_after_add_s / 60)
        return size if waits or booting else size - self.removable(minute)

    def least(self) -> int:
        return self.policy.min_pods

    def clipped(self, pods: int) -> int:
        return min(max(pods, self.least()), self.policy.max_pods)

    def meet(self, count: int) -> None:
        """Nodes came or went: those that were to go, else those with the fewest pods."""
        while len(self.nodes) < count:
            self.nodes.append(Node())
        while len(self.nodes) > count:
            gone = self.doomed.pop(0) if self.doomed else min(self.nodes, key=lambda n: n.pods)
            self.nodes.remove(gone)
        self.doomed = []

    def schedule(self) -> None:
        while self.running() < self.pods:
            # Among those with as few pods, rather one that is needed.
            emptiest = min(self.nodes, key=lambda n: (n.pods, -n.marked(10_000)), default=None)
            if emptiest is None or emptiest.pods == self.fit:
                return
            emptiest.pods += 1
        while self.running() > self.pods:
            # Among those with as many pods, rather one that is not needed.
            max(self.nodes, key=lambda n: (n.pods, -n.marked(10_000))).pods -= 1

    def scale_pods(self, used: float) -> None:
        running = self.running()
        wanted = self.clipped(self.recommend(used, running) if running else self.pods)
        self.recommended.append(wanted)
        window = max(1, math.ceil(self.policy.stabilization_s / 60))
        if wanted < self.pods:
            self.pods = min(self.pods, max(self.recommended[-window:]))
        for _ in range(4):
            self.pods = max(self.pods, min(wanted, self.pods + max(4, self.pods)))

    def recommend(self, used: float, running: int) -> int:
        def ratio(pods: int) -> float:
            percent = math.floor(100 * used / (pods * self.policy.pod_vcpus) + 1e-9)
            return percent / 100 / self.policy.target

        def close(value: float) -> bool:
            return abs(value - 1) <= self.policy.tolerance + 1e-9

        if running < self.pods and ratio(running) > 1:
            if ratio(self.pods) < 1 or close(ratio(self.pods)):
                return self.pods
            return math.ceil(ratio(self.pods) * self.pods - 1e-9)
        if close(ratio(running)):
            return self.pods
        return math.ceil(ratio(running) * running - 1e-9)

    def judge(self, minute: int) -> None:
        """Mark what is little requested and fits on the others: empty ones, then the longest so."""
        little = [
            node
            for node in self.nodes
            if (node.pods * self.policy.pod_vcpus + self.policy.daemon_vcpus) / self.allocatable
            < self.policy.utilization_threshold - 1e-9
        ]
        little.sort(key=lambda node: (node.pods > 0, node.marked(minute), node.pods))
        marked = little[: len(self.nodes) - math.ceil(self.running() / self.fit)]
        for node in self.nodes:
            node.unneeded_since = node.marked(minute) if node in marked else None

    def removable(self, minute: int) -> int:
        long = math.ceil(self.policy.unneeded_s / 60)
        due = [
            node
            for node in self.nodes
            if node.unneeded_since is not None and minute - node.unneeded_since >= long
        ]
        due.sort(key=lambda node: node.pods)
        empty = [node for node in due if node.pods == 0][: 6 * self.policy.max_empty_bulk_delete]
        self.doomed = due[: len(empty) + 1]
        return len(self.doomed)
