"""Module instances and the names that an expression sees in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfopt.hcl.document import Span
from tfopt.hcl.sources import Module
from tfopt.hcl.syntax import Block, Step
from tfopt.hcl.values import Value

InstanceKey = str | int | None
PathStep = str | int


@dataclass(frozen=True, eq=False)
class Scope:
    """One instance of a module; `call` and `caller` are None for the root."""

    path: tuple[str, ...]  # ('module.shop["paris"]',)
    module: Module
    call: Block | None = None
    caller: Frame | None = None

    def address(self, rest: str) -> str:
        """Return an address inside this module as Terraform prints it from the root."""
        return ".".join((*self.path, rest))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression is evaluated: a scope and the names bound around it (each, count, …)."""

    scope: Scope
    names: Mapping[str, Value] = field(default_factory=dict)

    def binding(self, **names: Value) -> Frame:
        """Return this frame with more names bound."""
        return Frame(self.scope, {**self.names, **names})


@dataclass(frozen=True, slots=True)
class Reference:
    """A name followed by steps: `root.first.…`, seen from a frame."""

    root: str
    first: str
    steps: Sequence[Step]
    frame: Frame
    span: Span

    @property
    def where(self) -> str:
        """The place, for reasons; spelled when asked for, since most references are resolved."""
        return self.span.where


def bindings(key: InstanceKey, value: Value | None = None) -> dict[str, Value]:
    """Return the names of one instance: `count.index`, or `each.key` and `each.value`."""
    if key is None:
        return {}
    if isinstance(key, int):
        return {"count": Value({"index": Value(key)})}
    return {"each": Value({"key": Value(key), "value": value or Value(key)})}


def spell_key(key: InstanceKey) -> str:
    """Return an instance key as an address holds it: `["paris"]`, `[0]` or nothing."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'


def split_step(step: str) -> tuple[str, InstanceKey]:
    """Return the call name and key of one module step: `module.shop["paris"]` → shop, paris."""
    name, bracket, rest = step.removeprefix("module.").partition("[")
    if not bracket:
        return name, None
    inner = rest.removesuffix("]")
    if inner.startswith('"'):
        return name, inner[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return name, int(inner)
