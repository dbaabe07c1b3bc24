"""Reads `lifecycle.ignore_changes` and `prevent_destroy` from a resource's block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfopt.hcl.strings import to_steps
from tfopt.hcl.syntax import Attr, Block, Expr, Key, Literal, Name, Object, Traversal, Tuple


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
