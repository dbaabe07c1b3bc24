"""Reads a resource's `lifecycle` block: what it ignores, and how it may be replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfopt.hcl.strings import to_steps
from tfopt.hcl.syntax import Attr, Block, Expr, Key, Literal, Name, Object, Traversal, Tuple


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the sources say of how one attribute and its resource live on.

    Attributes:
        ignored_at: where `ignore_changes` covers the attribute, as `file:line`, or None.
        kept_at: where `prevent_destroy` forbids to destroy the resource, or None.
        creates_first: whether `create_before_destroy` is set on the resource itself; Terraform
            also sets it on what such a resource depends on.
        unset: whether the attribute is given null, so that the cloud chooses it and may change it.
    """

    ignored_at: str | None = None
    kept_at: str | None = None
    creates_first: bool = False
    unset: bool = False


def lifecycle_of(block: Block, path: Sequence[str | int]) -> Lifecycle:
    """Return what a resource's block says of the attribute at a plan path."""
    kept = _argument(block, "prevent_destroy")
    return Lifecycle(
        ignored_at=ignored_at(block, path),
        kept_at=kept.span.where if kept is not None and _is_true(kept) else None,
        creates_first=_is_true(_argument(block, "create_before_destroy")),
    )


def ignored_at(block: Block, path: Sequence[str | int]) -> str | None:
    """Return where `ignore_changes` covers a plan path, as `file:line`, or None."""
    for expr in _entries(_argument(block, "ignore_changes")):
        if _is_all(expr) or _covers(_steps(expr), path):
            return expr.span.where
    return None


def _argument(block: Block, name: str) -> Expr | None:
    for lifecycle in block.body.of_type("lifecycle"):
        if name in lifecycle.body.attributes:
            return lifecycle.body.attributes[name].expr
    written = block.body.attributes.get("lifecycle")  # JSON syntax
    if written is not None and isinstance(written.expr, Object):
        for item in written.expr.items:
            if isinstance(item.key, Literal) and item.key.value == name:
                return item.value
    return None


def _is_true(expr: Expr | None) -> bool:
    """Whether it is the literal that Terraform asks for here; JSON and 0.11 quote it."""
    return isinstance(expr, Literal) and expr.value in (True, "true")


def _entries(expr: Expr | None) -> Iterator[Expr]:
    if isinstance(expr, Tuple):
        yield from expr.items
    elif expr is not None:
        yield expr


def _is_all(expr: Expr) -> bool:
    return (isinstance(expr, Name) and expr.name == "all") or (
        isinstance(expr, Literal) and expr.value in ("all", "*")
    )


def _steps(expr: Expr) -> list[str | int]:
    if isinstance(expr, Name):
        return [expr.name]
    if isinstance(expr, Literal):  # 0.11 style and JSON: "scaling_config[0].desired_size"
        return to_steps(str(expr.value))
    if not isinstance(expr, Traversal) or not isinstance(expr.root, Name):
        return []
    steps: list[str | int] = [expr.root.name]
    for step in expr.steps:
        if isinstance(step, Attr):
            steps.append(step.name)
        elif isinstance(step, Key) and isinstance(step.key, Literal):
            key = step.key.value
            steps.append(key if isinstance(key, int) else str(key))
    return steps


def _covers(ignored: Sequence[str | int], path: Sequence[str | int]) -> bool:
    """Whether the ignored path is the attribute or something around it, or stands inside it."""
    length = min(len(ignored), len(path))
    return bool(ignored) and list(ignored[:length]) == list(path[:length])
