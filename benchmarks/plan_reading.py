"""How long reading a large plan takes, and how much memory, as ratios to plain `json.load`.

    python benchmarks/plan_reading.py [--changes 22000] [--megabytes 70]

Writes such a plan into a temporary folder, reads it with tfopt and with `json.load`, each in a
process of its own, and prints both. Exit 1 where reading is over 5 s or over 4 × the file's size.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S, LIMIT_SIZES = 5.0, 4.0
SHARES = {  # kind → share of all changes; what large estates are made of
    "aws_instance": 0.20,
    "aws_autoscaling_group": 0.05,
    "aws_launch_template": 0.05,
    "aws_lambda_function": 0.05,
    "aws_security_group_rule": 0.35,
    "aws_iam_role_policy": 0.30,
}
COMPACT = (",", ":")
ROLES = ("tfopt", "json.load")
Padding = list[dict[str, object]]


def planned(kind: str, number: int) -> dict[str, object]:
    """Return the planned values of one resource, without padding."""
    values: dict[str, object] = {"tags": {"Name": f"n{number}", "team": "payments"}, "id": None}
    if kind in ("aws_instance", "aws_launch_template"):
        values |= {"instance_type": "m5.large", "user_data": "IyEvYmluL3NoCg==" * 12}
    if kind == "aws_launch_template":
        values |= {"name": f"t{number}", "monitoring": [{"enabled": True}]}
    if kind == "aws_autoscaling_group":
        template = [{"version": "$Latest"}]  # its id is known after apply: found by reference
        values |= {"name": f"g{number}", "min_size": 2, "max_size": 9, "launch_template": template}
    return values


def changes(count: int) -> list[tuple[str, str, int]]:
    """Return kind, module address and number of every change, kinds in turn."""
    found = []
    for kind, share in SHARES.items():
        found += [(kind, f"module.team[{n % 4}]", n) for n in range(round(count * share))]
    return found


def write_plan(path: Path, count: int, size: int) -> None:
    """Write a plan of `count` changes and about `size` bytes, in terraform's shape."""
    rows = changes(count)
    plain = sum(_bytes(_change(*row, [])) + _bytes(_value(*row, [])) for row in rows)
    # stands in before, after and planned values, as the many small settings of real resources do
    padding = [_RULE] * max(math.ceil((size - plain) / (len(rows) * 3 * _bytes(_RULE))), 0)
    modules: dict[str, list[object]] = {}
    for kind, module, n in rows:
        modules.setdefault(module, []).append(_value(kind, module, n, padding))
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {"address": name, "resources": resources} for name, resources in modules.items()
                ]
            }
        },
        "resource_changes": [_change(kind, module, n, padding) for kind, module, n in rows],
        "configuration": {"provider_config": {"aws": _PROVIDER}, "root_module": _ROOT},
    }
    path.write_text(json.dumps(document, separators=COMPACT))


_RULE: dict[str, object] = {
    "from_port": 443,
    "protocol": "tcp",
    "cidr_blocks": ["10.0.0.0/16"],
    "self": False,
}
_PROVIDER = {
    "name": "aws",
    "full_name": "registry.terraform.io/hashicorp/aws",
    "expressions": {"region": {"constant_value": "eu-west-1"}},
}
_GROUP = {
    "mode": "managed",
    "type": "aws_autoscaling_group",
    "name": "one",
    "provider_config_key": "aws",
    "expressions": {
        "launch_template": [{"id": {"references": ["aws_launch_template.one", "each.key"]}}]
    },
}
_ROOT = {"module_calls": {"team": {"module": {"resources": [_GROUP]}}}}


def _bytes(value: object) -> int:
    return len(json.dumps(value, separators=COMPACT)) + 1  # the comma after it


def _head(kind: str, module: str, number: int) -> dict[str, object]:
    return {
        "address": f'{module}.{kind}.one["k{number}"]',
        "mode": "managed",
        "type": kind,
        "name": "one",
        "index": f"k{number}",
        "provider_name": "registry.terraform.io/hashicorp/aws",
    }


def _value(kind: str, module: str, number: int, padding: Padding) -> dict[str, object]:
    values = {**planned(kind, number), "settings": padding}
    return {**_head(kind, module, number), "values": values, "sensitive_values": {}}


def _change(kind: str, module: str, number: int, padding: Padding) -> dict[str, object]:
    values = {**planned(kind, number), "settings": padding}
    change = {
        "actions": ["update"],
        "before": values,
        "after": values,
        "after_unknown": {"id": True, "launch_template": [{"id": True}]},
        "before_sensitive": {},
        "after_sensitive": {},
    }
    return {**_head(kind, module, number), "module_address": module, "change": change}


def _by_tfopt(path: Path) -> int:
    from tfopt.plan.read import read_plan

    return sum(bool(group.slots) for group in read_plan(path).groups)


def _by_json(path: Path) -> int:
    with path.open() as file:
        return len(json.load(file)["resource_changes"])


def _peak_bytes() -> int:
    """Return this process's peak resident memory (Linux; its own, not its parent's)."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def measure_here(role: str, path: Path) -> None:
    """Read once in this process; print seconds, bytes above the start, and what was found."""
    read: Callable[[Path], int] = _by_tfopt if role == ROLES[0] else _by_json
    if role == ROLES[0]:
        import tfopt.plan.read  # noqa: F401  # its modules are not part of the memory per plan
    before = _peak_bytes()
    start = time.perf_counter()
    found = read(path)
    seconds = time.perf_counter() - start
    print(json.dumps({"s": seconds, "bytes": _peak_bytes() - before, "found": found}))


def measure(role: str, path: Path) -> dict[str, float]:
    """Read in a fresh process."""
    command = [sys.executable, __file__, "--measure", role, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def compare(count: int, megabytes: float) -> int:
    """Print both readings and their ratio; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        write_plan(path, count, round(megabytes * 1e6))
        size = path.stat().st_size
        figures = {role: measure(role, path) for role in ROLES}
    print(f"plan: {size / 1e6:.1f} MB, {count} resource changes")
    for role, one in figures.items():
        print(
            f"{role:>10}: {one['s']:.2f} s, {one['bytes'] / 1e6:.0f} MB = "
            f"{one['bytes'] / size:.2f} × the file ({one['found']:.0f} found)"
        )
    ours, plain = (figures[role] for role in ROLES)
    print(
        f"     ratio: {ours['s'] / plain['s']:.2f} of its time, "
        f"{ours['bytes'] / plain['bytes']:.2f} of its memory"
    )
    return int(ours["s"] > LIMIT_S or ours["bytes"] > LIMIT_SIZES * size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=22_000)
    parser.add_argument("--megabytes", type=float, default=70.0)
    parser.add_argument("--measure", nargs=2, metavar=("WHO", "PLAN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure_here(arguments.measure[0], Path(arguments.measure[1]))
    else:
        sys.exit(compare(arguments.changes, arguments.megabytes))
