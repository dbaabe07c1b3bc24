"""A first tfopt.toml for the groups of a plan: every key, commented out and explained."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tfopt.plan.model import InstanceGroup, Plan
from tfopt.pricing import PriceBook

_HEAD = """\
# Who needs what, for `tfopt recommend`. Made by `tfopt init` from {plan}.
# A key behind "#" is not set: what it shows is the default, or an example where it says so.
# Paths are relative to this file. More on every key: docs/tfopt-toml.md.

[defaults]
# slo = {{ p99_ms = 250, max_bad_minutes = 0.01 }} # a minute is bad when over 1 % take longer
# max_target_cpu = 0.85      # no scaling target above it, as a share of CPU
# min_headroom = 0           # share of CPU that is kept free; bounds targets and static sizes
# min_zones = 2              # instances that stand however quiet it is; never more than today
# max_spot_share = 1         # groups with more on spot are left alone, and named
# operating_system = "linux" # where the plan does not tell; or "windows"
# allowed_families = ["*"]   # the only families to move to, as globs: ["m*", "c7i"]
# denied_families = []       # never these; wins over the allowed
# architectures = [{architectures}] # processors your images are built for
# commitments = {{ usd_per_hour = 2.5, discount = 0.27 }} # example: a savings plan
"""
_DEMAND = """\
# Its traffic: take one line, or it is assumed and nothing is changed. Requests per second, from
# two weeks or more of history; paths and names are examples:
# demand = { csv = "traffic/web.csv", column = "requests_per_second" }
# demand = { csv = "traffic/web.csv", cpu_percent = "cpu", instances = "n" } # without a rate
# demand = { cloudwatch_json = "traffic/web.json", metric = "requests" } # get-metric-data
# demand = { prometheus_json = "traffic/web.json" } # the answer of a range query, such as a rate()
# demand = { profile = "diurnal" } # no measurement: or "business-hours", "flat", "bursty"
"""
_KEYS = """\
# cpu_ms_per_request = 20 # example, needed with a rate: CPU time of one request at full load
# measured_on = {type} # the type that it was measured on
# service_cv2 = 1.0 # how much requests differ in it: variance over squared mean
# balancing = "least-outstanding" # or "random"
# memory_gib_per_instance = 3.0 # example: what one instance of the present type needs
# boot_s = 90 # from launch to the first request served
# boot = "distribution" # boot_s is the median; or "fixed"
# timeout_s = 0 # after which clients give up; 0: they wait
# smt = "linear" # hyper-threads; or "measured": faster while the core's other thread idles
# alarm_cadence = "legacy" # datapoints that target tracking waits for; or "responsive"
# slo = {{ p99_ms = 400 }} # example: its own SLO
"""
_PODS = """\
# pods = { cpu = "500m", memory = "1Gi", target = 0.8, min = 2 } # example: what its pods request
"""
_NODES = """\
# pods = { node_type = "m6i.xlarge", region = "eu-west-1" } # example: the nodes that it lands on
"""


def starter(plan: Plan, book: PriceBook) -> str:
    """Return a tfopt.toml with one workload for each group of a plan; nothing in it is set."""
    architectures = {_architecture(group, book) for group in plan.groups} - {""}
    head = _HEAD.format(
        plan=_comment(plan.shown_path),
        architectures=", ".join(f'"{name}"' for name in sorted(architectures or {"x86_64"})),
    )
    parts = [head, *(_workload(group) for group in plan.groups), *_left_out(plan)]
    return "\n".join(parts)


def _architecture(group: InstanceGroup, book: PriceBook) -> str:
    facts = book.facts(group.slots[0].instance_type) if group.slots else None
    return facts.architecture if facts is not None else ""


def _workload(group: InstanceGroup) -> str:
    first = group.slots[0].instance_type if group.slots else "m5.large"
    return (
        f"[[workload]]\n# {_comment(_described(group))}\nmatch = {_string(group.address)}\n"
        + _DEMAND
        + _KEYS.format(type=_string(first))
        + _pods(group)
    )


def _pods(group: InstanceGroup) -> str:
    """Return the line on pods that a group cannot do without."""
    if group.cluster_autoscaled:
        return _PODS
    return _NODES if group.cloud == "kubernetes" else ""


def _described(group: InstanceGroup) -> str:
    untold = "types by attributes" if group.requirements else "a type that the plan does not tell"
    type_ = group.slots[0].instance_type if group.slots else untold
    low, high = ("?" if size is None else str(size) for size in (group.min_size, group.max_size))
    place = f" in {group.region}" if group.region else ""
    return f"{group.kind}: {type_}, {low}–{high} {group.unit}s{place}"


def _left_out(plan: Plan) -> Iterator[str]:
    """Say what looks like compute and needs no workload."""
    lines = [f"#   {_comment(item.address)}: {_comment(item.reason)}" for item in plan.skipped]
    if lines:
        yield "\n".join(["# Not analysed, so without a workload:", *lines, ""])


def _string(text: str) -> str:
    """Return a TOML string; what may not stand in one is escaped, as in JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _comment(text: str) -> str:
    """Return text of a plan as it may stand behind `#`: on one line, without invisible parts."""
    return "".join(char if char.isprintable() else "�" for char in text)
