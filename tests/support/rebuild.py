"""Rebuilds a configuration from a plan's own `configuration`, as far as that tells.

What a plan leaves out stays out (locals, `dynamic` blocks); an expression of several references, or
of functions alone, becomes a call of a function that does not exist, which nobody can evaluate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OPAQUE = "not_in_the_plan"
Json = Mapping[str, Any]


def rebuild(plan: Json, folder: Path) -> None:
    """Write the root module, its modules below it, and the values of its variables."""
    root = plan["configuration"]["root_module"]
    _write_module(root, folder)
    defaults = {name: each.get("default") for name, each in root.get("variables", {}).items()}
    given = {
        name: variable["value"]
        for name, variable in plan.get("variables", {}).items()
        if "value" in variable and variable["value"] != defaults.get(name)
    }
    (folder / "terraform.tfvars.json").write_text(json.dumps(given, indent=2), "utf-8")


def _write_module(module: Json, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    calls = module.get("module_calls", {})
    made = {
        "variable": module.get("variables", {}),
        "resource": _resources(module, "managed"),
        "data": _resources(module, "data"),
        "output": {
            name: {"value": _expression(output.get("expression", {}))}
            for name, output in module.get("outputs", {}).items()
        },
        "module": {name: _call(name, call) for name, call in calls.items()},
    }
    (folder / "main.tf.json").write_text(json.dumps(made, indent=2), "utf-8")
    for name, call in calls.items():
        _write_module(call.get("module", {}), folder / name)


def _resources(module: Json, mode: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for resource in module.get("resources", ()):
        if resource.get("mode", "managed") == mode:
            body = {**_body(resource.get("expressions", {})), **_numbers(resource)}
            found.setdefault(resource["type"], {})[resource["name"]] = body
    return found


def _call(name: str, call: Json) -> dict[str, object]:
    return {**_body(call.get("expressions", {})), **_numbers(call), "source": f"./{name}"}


def _numbers(block: Json) -> dict[str, object]:
    names = {"count": "count_expression", "for_each": "for_each_expression"}
    return {name: _expression(block[key]) for name, key in names.items() if key in block}


def _body(expressions: Json) -> dict[str, object]:
    return {name: _expression(each) for name, each in expressions.items()}


def _expression(node: Any) -> object:
    if isinstance(node, list):
        return [_expression(each) for each in node]
    if "constant_value" in node:
        return _constant(node["constant_value"])
    references = _distinct(node.get("references", ()))
    if len(references) == 1:
        return f"${{{references[0]}}}"
    if references or not node:
        return f"${{{OPAQUE}({', '.join(references)})}}"
    return _body(node)


def _constant(value: object) -> object:
    """Return a constant as JSON syntax writes it, where a string is a template."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [_constant(each) for each in value]
    if isinstance(value, dict):
        return {key: _constant(each) for key, each in value.items()}
    return value


def _distinct(references: Sequence[str]) -> list[str]:
    """A plan lists `module.a.b` as that and as `module.a`: return the longest ones."""
    return [
        one
        for one in dict.fromkeys(references)
        if not any(
            other != one and other.startswith((f"{one}.", f"{one}[")) for other in references
        )
    ]
