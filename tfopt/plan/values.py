"""Reads typed values out of planned attributes: numbers as strings, blocks that may be absent."""

from __future__ import annotations

from tfopt.plan.model import REDACTED, UNKNOWN, PathStep


def dig(value: object, *path: PathStep) -> object:
    """Follow a path; None where it ends early, UNKNOWN or REDACTED where it runs into one."""
    for step in path:
        if value is UNKNOWN or value is REDACTED:
            return value
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def block(value: object, *path: PathStep) -> dict[str, object]:
    """Return the first block of a list, or the block itself; empty where there is none."""
    found = dig(value, *path)
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, dict) else {}


def blocks(value: object, *path: PathStep) -> list[dict[str, object]]:
    """Return all blocks at a path."""
    found = dig(value, *path)
    if isinstance(found, dict):
        return [found]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(value: object) -> str | None:
    """Return a non-empty string, else None."""
    return value if isinstance(value, str) and value else None


def texts(value: object) -> list[str]:
    """Return the non-empty strings of a list."""
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Return a finite number, also from a string (`-var` numbers and some attributes are)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None  # also drops infinities and not-a-number


def whole(value: object) -> int | None:
    """Return a whole number, else None."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def size(value: object) -> int | None:
    """Return a count of instances: whole and not negative (AWS writes -1 for 'leave it')."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def flag(value: object) -> bool | None:
    """Return a boolean, also from its string; None where it is neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def known(value: object) -> bool:
    """Return whether a value is set and can be shown."""
    return value is not None and value is not UNKNOWN and value is not REDACTED
