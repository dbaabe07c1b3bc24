"""Checks an edited YAML file with libyaml's parser, not the one that found the literals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from tfopt.hcl.document import BOM

Event = tuple[object, ...]


def differs_only_in(before: bytes, after: bytes, edits: Sequence[tuple[str, str]]) -> bool:
    """Whether two YAML files differ in these scalars alone, (old, new) in the order of the file."""
    waiting = [(_alone(old), _alone(new)) for old, new in edits]
    was, now = _events(before), _events(after)
    if was is None or now is None or None in {side for edit in waiting for side in edit}:
        return False
    for old, new in zip_longest(was, now):
        if old == new:
            continue
        if not waiting or old is None or new is None or old[0] != new[0]:
            return False
        if (old[1:], new[1:]) != waiting.pop(0):
            return False
    return not waiting


def has_libyaml() -> bool:
    """Whether PyYAML was built with libyaml."""
    import yaml

    return bool(yaml.__with_libyaml__)


def _events(data: bytes) -> list[Event] | None:
    """Return what a file says, without places and comments; None where it cannot be read.

    Scalars stay raw: (anchor, plain or quoted, text).
    """
    import yaml

    try:
        text = data.removeprefix(BOM).decode("utf-8")
        loader = yaml.CBaseLoader if has_libyaml() else yaml.BaseLoader
        return [_told(event) for event in yaml.parse(text, Loader=loader)]
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _told(event: Any) -> Event:
    if type(event).__name__ == "ScalarEvent":
        plain = event.style in (None, "")
        return (event.anchor, event.tag, plain, str(event.value))
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    return (type(event).__name__, anchor, tag)


def _alone(token: str) -> Event | None:
    """Return a scalar token's event, less its anchor; None where it is not one scalar."""
    events = _events(token.encode())
    if events is None or len(events) != 5:  # stream, document, scalar, document, stream
        return None
    return events[2][1:]
