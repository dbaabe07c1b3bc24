"""Reads what stood before the apply: live values, changes made elsewhere, forced replacements."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Raw

from tfopt.plan.document import ChangeDoc, ResourceChange, attributes, marks, raw_as
from tfopt.plan.redact import mark


def decode_change(change: ResourceChange) -> ChangeDoc:
    """Decode what happens to a resource instance; one that is unreadable hides its values."""
    hidden = Raw(b"true")
    return raw_as(change.change, ChangeDoc) or ChangeDoc(
        before_sensitive=hidden, after_sensitive=hidden
    )


def before(doc: ChangeDoc, names: tuple[str, ...]) -> dict[str, object]:
    """Return the named attributes before the change; empty where nothing stood."""
    if bytes(doc.before) == b"null":
        return {}
    sensitive = marks(doc.before_sensitive, names, broken=True)
    return whole(mark(attributes(doc.before, names), False, sensitive), names)


def changed_elsewhere(drift: ChangeDoc, names: tuple[str, ...]) -> Mapping[str, object]:
    """Return the attributes that were changed outside Terraform, as they were last applied."""
    found = attributes(drift.after, names)
    return {name: old for name, old in before(drift, names).items() if found.get(name) != old}


def whole(values: object, names: tuple[str, ...]) -> dict[str, object]:
    """Return attributes by name, also where one mark covers the whole resource."""
    return values if isinstance(values, dict) else dict.fromkeys(names, values)


def spelled_paths(paths: Raw) -> tuple[str, ...]:
    """Return the paths that force a replacement as one writes them: `ebs_block_device[0].size`."""
    found = raw_as(paths, list[list[str | int]]) or []
    return tuple(
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        for path in found
    )
