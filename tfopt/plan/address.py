"""Addresses as terraform prints them, taken apart without guessing at quotes and escapes."""

from __future__ import annotations

import re

_KEY = r'\[(?:-?\d+|"(?:[^"\\]|\\.)*")\]'
_LAST_KEY = re.compile(r'\[(-?\d+|"(?:[^"\\]|\\.)*")\]$')
_STEP = re.compile(rf"module\.([\w-]+)(?:{_KEY})?(?=\.|$)")
_RESOURCE = re.compile(rf"([\w-]+)\.([\w-]+)((?:{_KEY})?)")


def module_path(address: str) -> tuple[str, ...]:
    """Return the module steps an address begins with, keys included.

    `module.shop["a.b"].module.db.aws_instance.x` → `('module.shop["a.b"]', 'module.db')`.
    """
    steps, at = [], 0
    while match := _STEP.match(address, at):
        steps.append(match.group())
        at = match.end() + 1
    return tuple(steps)


def call_name(step: str) -> str:
    """Return the module call's name of one step: `module.shop["paris"]` → `shop`."""
    match = _STEP.match(step)
    return match.group(1) if match else step.removeprefix("module.")


def call_names(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the call names of a module path, which is how the configuration knows it."""
    return tuple(call_name(step) for step in path)


def step_key(step: str) -> str:
    """Return the key of a step with its brackets, empty where it has none."""
    return step.removeprefix("module." + call_name(step))


def resource_reference(reference: str) -> tuple[str, str, str] | None:
    """Split `aws_launch_template.web["a"].id` into type, name and bracketed key ('' for none)."""
    match = _RESOURCE.match(reference)
    return (match[1], match[2], match[3]) if match else None


def module_reference(reference: str) -> tuple[str, str, str] | None:
    """Split `module.lt["a"].id` into call name, bracketed key and output name."""
    match = _STEP.match(reference)
    if match is None or match.end() >= len(reference):
        return None
    output = re.match(r"\.([\w-]+)", reference[match.end() :])
    return (match[1], step_key(match.group()), output[1]) if output else None


def address_key(address: str) -> str | int | None:
    """Return the key an address ends with; plans carry it as `index`, cut-down ones may not."""
    return split_key(address)[1]


def split_key(address: str) -> tuple[str, str | int | None]:
    """Split `aws_instance.web["a"]` into the address without its last key, and that key."""
    match = _LAST_KEY.search(address)
    if match is None:
        return address, None
    inner, whole = match[1], address[: match.start()]
    if not inner.startswith('"'):
        return whole, int(inner)
    return whole, re.sub(r"\\(.)", r"\1", inner[1:-1])


def bracketed(key: str | int | None) -> str:
    """Return a key as it stands in an address: `[0]`, `["a"]`, or nothing."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'
