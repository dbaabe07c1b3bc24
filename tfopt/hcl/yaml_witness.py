"""Checks an edited YAML file with libyaml's parser, not the one that found the literals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfopt.hcl.document import BOM
from tfopt.hcl.syntax import Plain
from tfopt.hcl.values import same
from tfopt.hcl.yaml_scalars import NotModelledError, resolve

Event = tuple[object, ...]
_SCALAR = "ScalarEvent"


@dataclass(frozen=True, slots=True)
class Replaced:
    """One scalar token that was replaced by another."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Inserted:
    """Entries that were added to the mapping that begins at a byte offset."""

    place: int
    entries: tuple[tuple[str, Plain], ...]


def differs_only_in(before: bytes, after: bytes, edits: Sequence[Replaced | Inserted]) -> bool:
    """Whether two YAML files differ in these edits alone, in the order of the file."""
    was, now = _events(before), _events(after)
    if was is None or now is None:
        return False
    return _Comparison(before, was, now).explained_by(edits)


@dataclass
class _Comparison:
    """Walks the events of a file and of the edited file side by side."""

    data: bytes
    was: Sequence[Any]
    now: Sequence[Any]
    at: int = 0  # in `now`

    def explained_by(self, edits: Sequence[Replaced | Inserted]) -> bool:
        waiting, around = list(edits), list[Any]()
        for event in self.was:
            if not self._same(event) and waiting and isinstance(waiting[0], Inserted):
                inserted = waiting.pop(0)
                if not isinstance(inserted, Inserted) or not self._takes(inserted, around):
                    return False
            if not self._same(event):
                edit = waiting.pop(0) if waiting else None
                if not isinstance(edit, Replaced) or not self._replaces(event, edit):
                    return False
            self.at += 1
            _track(around, event)
        return not waiting and self.at == len(self.now)

    def _same(self, event: Any) -> bool:
        return self.at < len(self.now) and _told(event) == _told(self.now[self.at])

    def _replaces(self, event: Any, edit: Replaced) -> bool:
        if self.at >= len(self.now):
            return False
        old, new = _told(event), _told(self.now[self.at])
        pair = (_alone(edit.old), _alone(edit.new))
        return None not in pair and old[0] == new[0] and (old[1:], new[1:]) == pair

    def _takes(self, inserted: Inserted, around: Sequence[Any]) -> bool:
        """Step over entries; False where they are others, or stand in another mapping."""
        if not around or _start(self.data, around[-1]) != inserted.place:
            return False
        return all(self._entry(key, value) for key, value in inserted.entries)

    def _entry(self, key: str, value: Plain) -> bool:
        return self._holds(key) and self._holds(value)

    def _holds(self, wanted: Plain) -> bool:
        """Step over one node; False where it is not this value."""
        event = self.now[self.at] if self.at < len(self.now) else None
        self.at += 1
        kind = type(event).__name__
        if event is None or getattr(event, "anchor", None) or kind == "AliasEvent":
            return False
        if isinstance(wanted, Mapping):
            held = all(self._entry(key, value) for key, value in wanted.items())
            return kind == "MappingStartEvent" and held and self._ends("MappingEndEvent")
        if isinstance(wanted, Sequence) and not isinstance(wanted, str):
            held = all(map(self._holds, wanted))
            return kind == "SequenceStartEvent" and held and self._ends("SequenceEndEvent")
        return kind == _SCALAR and _reads_as(event, wanted)

    def _ends(self, kind: str) -> bool:
        self.at += 1
        return self.at <= len(self.now) and type(self.now[self.at - 1]).__name__ == kind


def _track(around: list[Any], event: Any) -> None:
    """Keep the collections that stand around what comes next, the innermost last."""
    kind = type(event).__name__
    if kind in ("MappingStartEvent", "SequenceStartEvent"):
        around.append(event)
    elif kind in ("MappingEndEvent", "SequenceEndEvent"):
        around.pop()


def _start(data: bytes, event: Any) -> int:
    text = data.removeprefix(BOM)
    shift = len(data) - len(text)
    return shift + len(text.decode("utf-8")[: event.start_mark.index].encode())


def _reads_as(event: Any, wanted: Plain) -> bool:
    if event.tag is not None:
        return False
    try:
        value = resolve(event.value) if event.style in (None, "") else str(event.value)
    except NotModelledError:
        return False
    return type(value) is type(wanted) and same(value, wanted)


def has_libyaml() -> bool:
    """Whether PyYAML was built with libyaml."""
    import yaml

    return bool(yaml.__with_libyaml__)


def _events(data: bytes) -> list[Any] | None:
    """Return what a file says; None where it cannot be read."""
    import yaml

    try:
        text = data.removeprefix(BOM).decode("utf-8")
        loader = yaml.CBaseLoader if has_libyaml() else yaml.BaseLoader
        return list(yaml.parse(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _told(event: Any) -> Event:
    """Return an event without its place; scalars stay raw: (anchor, tag, plain or quoted, text)."""
    if type(event).__name__ == _SCALAR:
        plain = event.style in (None, "")
        return (event.anchor, event.tag, plain, str(event.value))
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    return (type(event).__name__, anchor, tag)


def _alone(token: str) -> Event | None:
    """Return a scalar token's event, less its anchor; None where it is not one scalar."""
    events = _events(token.encode())
    if events is None or len(events) != 5:  # stream, document, scalar, document, stream
        return None
    return _told(events[2])[1:]
