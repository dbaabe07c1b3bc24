"""Sizing attributes of public plans: our traces against those made from plan JSON by someone else.

The plans come without sources; a configuration is rebuilt from what each tells of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.rebuild import rebuild
from tests.support.replan import plan_variables
from tfopt.hcl.locate import Leaf
from tfopt.hcl.sources import load_sources
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer
from tfopt.hcl.values import same

Row = Mapping[str, Any]
_MODULE = re.compile(r'module\.[^.\[]+(?:\["(?:[^"\\]|\\.)*"\]|\[\d+\])?\.')


def on_resource(leaf: Leaf, _row: Row) -> bool:
    return leaf.block is not None and leaf.block.kind == "resource"


def on_call(leaf: Leaf, _row: Row) -> bool:
    return leaf.block is not None and leaf.block.kind == "module"


def in_child_variable(leaf: Leaf, row: Row) -> bool:
    """The default in the child, or the argument that its call leaves out."""
    if leaf.slot is not None:
        return on_call(leaf, row)
    return leaf.block is not None and leaf.block.kind == "variable" and "/" in leaf.label


def in_root_variable(leaf: Leaf, row: Row) -> bool:
    if "/" in leaf.label:
        return False
    return leaf.path.removeprefix("variable.").split(".")[0] == row["var"]


ENDS: dict[str, Callable[[Leaf, Row], bool]] = {
    "const@resource": on_resource,
    "const@module-call": on_call,
    "child-module-default": in_child_variable,
    "root-var": in_root_variable,
}


def target_of(plan: Mapping[str, Any], row: Row) -> Target:
    """Return the attribute that a row names, as the plan has it."""
    changes = plan.get("resource_changes", ())
    change = next(each for each in changes if each["address"] == row["addr"])
    modules = tuple(each.removesuffix(".") for each in _MODULE.findall(row["addr"]))
    name, *nested = row["attr"].split("/")
    path: tuple[str | int, ...] = (name,)
    planned = (change["change"].get("after") or {}).get(name)
    for step in nested:
        path = (*path, 0, step)
        planned = planned[0].get(step) if planned else None
    resource = f"{change['type']}.{change['name']}"
    return Target(modules, resource, change.get("index"), path, planned)


def judged(found: Trace | Refusal, row: Row) -> str:
    """Return `agreement`, `unknown: …`, or `contradiction: …`."""
    ends, leaf = ENDS.get(row["kind"]), found.leaf
    if ends is None:  # nothing is written there: at most it can be added
        absent = leaf is None or leaf.slot is not None
        return "agreement" if absent else f"contradiction: {leaf} where nothing is written"
    if leaf is None:
        return f"unknown: {found.reason}"
    recorded = row["value"] if leaf.slot is None else []
    same_value = not recorded or any(same(value, leaf.value) for value in recorded)
    if not ends(leaf, row) or not same_value:
        return f"contradiction: {row['kind']} {row['value']}, found {leaf.path} = {leaf.text}"
    return "agreement"


def test_no_trace_contradicts_the_corpus(material: Path, tmp_path: Path) -> None:
    """150 of 153 agree; the planned values of the others are not shown: unknown, no other leaf."""
    rows = json.loads((material / "plans" / "traces.json").read_text("utf-8"))
    tracers: dict[str, tuple[Tracer, Mapping[str, Any]]] = {}
    verdicts: Counter[str] = Counter()
    for row in rows:
        name = row["plan"]
        if name not in tracers:
            plan = json.loads((material / "plans" / f"{name}.json").read_text("utf-8-sig"))
            rebuild(plan, tmp_path / name)
            tracers[name] = (Tracer(load_sources(tmp_path / name), plan_variables(plan)), plan)
        tracer, plan = tracers[name]
        verdicts[judged(tracer.trace(target_of(plan, row)), row)] += 1
    assert [verdict for verdict in verdicts if verdict.startswith("contradiction")] == []
    assert verdicts["agreement"] >= 150, verdicts  # of 153; the others are sensitive or unknown
