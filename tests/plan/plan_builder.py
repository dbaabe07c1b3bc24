"""Builds small plans in terraform's own shape, so that a test states only what it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfopt.plan.address import module_path
from tfopt.plan.model import InstanceGroup, Plan
from tfopt.plan.read import read_plan

Values = dict[str, Any]
_TOP = ("complete", "errored", "resource_drift", "deferred_changes")
AWS = "registry.terraform.io/hashicorp/aws"
GOOGLE = "registry.terraform.io/hashicorp/google"
_PROVIDERS = {
    "aws": ("aws", AWS, "eu-west-1"),
    "google": ("google", GOOGLE, "europe-west1"),
}


def reference(*names: str) -> Values:
    """Return an expression that refers to `names`."""
    return {"references": list(names)}


def constant(value: object) -> Values:
    """Return a literal expression."""
    return {"constant_value": value}


def change(address: str, after: object, **more: Any) -> Values:
    """Return one entry of `resource_changes`; `more` may hold any of its keys or its change's."""
    module = ".".join(module_path(address))
    kind, _, rest = address.removeprefix(f"{module}.").partition(".")
    inner = {
        "actions": more.pop("actions", ["create"]),
        "before": more.pop("before", None),
        "after": after,
        "after_unknown": more.pop("unknown", {}),
        "before_sensitive": more.pop("before_sensitive", False),
        "after_sensitive": more.pop("sensitive", {}),
    }
    if "replace_paths" in more:
        inner["replace_paths"] = more.pop("replace_paths")
    found = {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": rest.partition("[")[0],
        "provider_name": GOOGLE if kind.startswith("google_") else AWS,
        "change": inner,
        **more,
    }
    return {**found, "module_address": module} if module else found


def block(address: str, expressions: Values, key: str = "aws", **more: Any) -> Values:
    """Return a resource block of `configuration`."""
    kind, _, name = address.partition(".")
    found = {"address": address, "mode": "managed", "type": kind, "name": name}
    return {**found, "provider_config_key": key, "expressions": expressions, **more}


def document(
    changes: list[Values],
    blocks: list[Values] | None = None,
    *,
    provider: str = "aws",
    **more: Any,
) -> dict[str, Any]:
    """Return a whole plan of one cloud's provider.

    `more` may hold root module keys (`variables`, `module_calls`, …) and those of `_TOP`.
    """
    name, full_name, region = _PROVIDERS[provider]
    own = {"name": name, "full_name": full_name, "expressions": {"region": constant(region)}}
    providers = {name: own}
    top = {key: more.pop(key) for key in _TOP if key in more}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": more.pop("values", {}),
        "resource_changes": changes,
        "configuration": {
            "provider_config": more.pop("providers", providers),
            "root_module": {"resources": blocks or [], **more},
        },
        "complete": True,
        **top,
    }


def read(folder: Path, content: object) -> Plan:
    """Read a plan given as an object, text or bytes."""
    path = folder / "plan.json"
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_plan(path)


def groups(folder: Path, content: object) -> dict[str, InstanceGroup]:
    """Read a plan and return its groups by address."""
    return {group.address: group for group in read(folder, content).groups}
