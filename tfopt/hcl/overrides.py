"""Merges override files into the blocks they override, as Terraform does."""

from __future__ import annotations

from collections.abc import Sequence

from tfopt.hcl.syntax import Block, Body


def merge_overrides(blocks: Sequence[Block], overriding: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with the overriding ones merged in.

    An attribute replaces the attribute, nested blocks of one type replace all of that type, and a
    `locals` entry replaces the entry wherever it stands.
    """
    merged = list(blocks)
    for override in overriding:
        at = _place(merged, override)
        if at is None:
            merged.append(override)
        else:
            merged[at] = _merge(merged[at], override)
    return tuple(merged)


def _place(blocks: Sequence[Block], override: Block) -> int | None:
    if override.kind == "locals":  # a later locals block wins by itself
        return None
    wanted = (override.kind, override.labels)
    return next((i for i, block in enumerate(blocks) if (block.kind, block.labels) == wanted), None)


def _merge(block: Block, override: Block) -> Block:
    replaced = {inner.kind for inner in override.body.blocks}
    kept = tuple(inner for inner in block.body.blocks if inner.kind not in replaced)
    attributes = {**block.body.attributes, **override.body.attributes}
    body = Body(attributes, kept + override.body.blocks)
    return Block(block.kind, block.labels, body, block.span)
