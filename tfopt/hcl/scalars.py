"""Converts scalars between types as Terraform does."""

from __future__ import annotations


def to_number(value: object) -> int | float | None:
    """Return the number that Terraform converts a scalar to, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def to_text(value: object) -> str | None:
    """Return the string that Terraform converts a scalar to, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value if isinstance(value, str) else None
