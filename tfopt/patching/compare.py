"""Compares two plans of one configuration, value by value, without showing a sensitive one.

What differs is one of four things:

- wanted: the edit is about it.
- listed: the edit was said to move it.
- follows: nobody can know it before apply, because it hangs on a resource that the edit changes.
  Two plans of one copy differ only by the patch, so a value that becomes "known after apply" can
  only hang on what the patch changes; that the resource carrying it is then updated follows too.
  Outputs follow as well: they repeat values, and change nothing in this configuration.
- unexpected: all else. That a resource which is neither wanted nor listed would be replaced,
  destroyed or created is unexpected, also where it hangs on an unknown value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from tfopt.hcl.values import same
from tfopt.plan.document import ChangeDoc, ResourceChange
from tfopt.plan.live import decode_change
from tfopt.plan.model import REDACTED, UNKNOWN, PathStep
from tfopt.plan.redact import mark
from tfopt.plan.values import dig

Place = tuple[PathStep, ...]  # resource address, then the path of the value in it
Standing = Literal["wanted", "listed", "follows", "unexpected"]
COUNT: Place = ("count",)
_OUTPUT = "output."
_MAX_SHOWN = 60  # characters of one value
_MAY = "may move: "  # how `also_moves` marks what could not be evaluated
_HARMLESS = frozenset({"no-op", "update", "read"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One planned value that differs, or what happens to a resource (an empty path).

    `before` and `after` are REDACTED where the value is sensitive in either plan, UNKNOWN where it
    is known only after apply, None where nothing stands.
    """

    address: str
    path: tuple[PathStep, ...]
    before: object
    after: object
    standing: Standing

    @property
    def expected(self) -> bool:
        """Whether it was foreseen, or follows from what was."""
        return self.standing != "unexpected"

    @property
    def place(self) -> str:
        """The address with the path, as one writes it."""
        return self.address + _spelled(self.path)

    def __str__(self) -> str:
        """Return the line that is shown."""
        return f"{self.place}: {_shown(self.before)} → {_shown(self.after)} ({self.standing})"


def _spelled(path: tuple[PathStep, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _shown(value: object) -> str:
    if value is REDACTED or value is UNKNOWN:
        return repr(value)
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


class _Document(Struct, gc=False):
    """The parts of plan JSON that say what is planned."""

    terraform_version: str = ""
    timestamp: str | None = None
    resource_changes: list[ResourceChange] | None = None
    output_changes: dict[str, Raw] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What one plan does, by address; outputs stand as `output.name`."""

    version: str
    changes: Mapping[str, bytes]

    def change(self, address: str) -> _Change | None:
        """Return what happens at an address."""
        raw = self.changes.get(address)
        return None if raw is None else _decoded(raw)


@dataclass(frozen=True, slots=True)
class _Change:
    action: str
    known: object  # planned values with UNKNOWN, nothing redacted: compared, never shown
    shown: object  # the same with REDACTED


def read_planned(data: bytes) -> Planned:
    """Read the JSON of a plan that was just made."""
    document = msgspec.json.decode(data, type=_Document)
    found: dict[str, bytes] = {}
    for one in document.resource_changes or ():
        key = f"{one.address} ({one.deposed})" if one.deposed else one.address
        found[key] = bytes(one.change)
    for name, raw in (document.output_changes or {}).items():
        found[_OUTPUT + name] = bytes(raw)
    if document.timestamp:  # plantimestamp() differs between any two plans
        moment = document.timestamp.encode()
        found = {key: raw.replace(moment, b"plantimestamp()") for key, raw in found.items()}
    return Planned(document.terraform_version, found)


def _decoded(raw: bytes) -> _Change:
    doc = decode_change(ResourceChange("", "", "", change=Raw(raw)))
    value, unknown = _plain(doc.after), _plain(doc.after_unknown)
    sensitive = _plain(doc.after_sensitive)
    return _Change(_action(doc), mark(value, unknown, False), mark(value, unknown, sensitive))


def _plain(raw: Raw) -> object:
    found: object = msgspec.json.decode(raw)
    return found


def _action(doc: ChangeDoc) -> str:
    actions = doc.actions or []
    return "replace" if "create" in actions and len(actions) > 1 else "".join(actions[:1])


def differences(
    before: Planned, after: Planned, wanted: Mapping[Place, object], may_move: Collection[str]
) -> tuple[Difference, ...]:
    """Return everything that differs, the unexpected first."""
    judge = _Judge(wanted, tuple(one.removeprefix(_MAY) for one in may_move))
    found = [
        Difference(*difference, standing=judge.standing(*difference))
        for address in dict.fromkeys((*before.changes, *after.changes))
        if before.changes.get(address) != after.changes.get(address)
        for difference in _between(address, before.change(address), after.change(address))
    ]
    return tuple(sorted(found, key=lambda one: one.expected))


_Raw = tuple[str, tuple[PathStep, ...], object, object]  # address, path, before, after


def _between(address: str, old: _Change | None, new: _Change | None) -> Iterator[_Raw]:
    was, is_ = (one.action if one is not None else None for one in (old, new))
    output = address.startswith(_OUTPUT)
    if was != is_ and (not output or None in (was, is_)):
        yield address, (), was, is_
    if old is None or new is None or (not output and None in (old.known, new.known)):
        return  # there are no values to compare where one side has none at all
    for path in _unlike(old.known, new.known, ()):
        sides = (dig(old.shown, *path), dig(new.shown, *path))
        yield address, path, *((REDACTED, REDACTED) if REDACTED in sides else sides)


def _unlike(old: object, new: object, path: tuple[PathStep, ...]) -> Iterator[tuple[PathStep, ...]]:
    """Yield the places of the scalars, or of whole parts that stand on one side only."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _unlike(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            yield from _unlike(_nth(old, i), _nth(new, i), (*path, i))
    elif type(old) is not type(new) or old != new:
        yield path


def _nth(items: list[object], index: int) -> object:
    return items[index] if index < len(items) else None


@dataclass(frozen=True, slots=True)
class _Judge:
    """Tells which differences were to be expected."""

    wanted: Mapping[Place, object]
    listed: tuple[str, ...]

    def standing(
        self, address: str, path: tuple[PathStep, ...], before: object, after: object
    ) -> Standing:
        """Return how one difference is to be taken."""
        if self._is_wanted(address, path):
            return "wanted"
        if any(_covers(entry, address, path) for entry in self.listed):
            return "listed"
        own = any(_is_of(address, str(place[0])) for place in self.wanted)
        if not path and not address.startswith(_OUTPUT):
            harmless = before in _HARMLESS and after in _HARMLESS
            return "follows" if own or harmless else "unexpected"
        if after is UNKNOWN or address.startswith(_OUTPUT):
            return "follows"
        return "follows" if own and before is UNKNOWN else "unexpected"

    def _is_wanted(self, address: str, path: tuple[PathStep, ...]) -> bool:
        for place in self.wanted:
            if _is_of(address, str(place[0])):
                if place[1:] == COUNT:
                    if not path:  # an instance comes or goes
                        return True
                elif place[1:] == path:
                    return True
        return False


def _covers(entry: str, address: str, path: tuple[PathStep, ...]) -> bool:
    """Return whether an entry of `also_moves` is about a place: an address, or one with a path."""
    return _is_of(address, entry) or (bool(path) and entry == address + _spelled(path))


def _is_of(address: str, owner: str) -> bool:
    """Return whether an instance's address is the owner's or one of its instances'."""
    return address == owner or address.startswith(f"{owner}[")


def misses(after: Planned, wanted: Mapping[Place, object]) -> list[str]:
    """Return, in sentences, the wanted values that the plan does not have."""
    found: list[str] = []
    for place, value in wanted.items():
        address, path = str(place[0]), place[1:]
        changes = [after.change(one) for one in after.changes if _is_of(one, address)]
        staying = [one for one in changes if one is not None and one.action != "delete"]
        if path == COUNT:
            if not same(len(staying), value):
                found.append(f"{address} has {len(staying)} instances, not {_shown(value)}")
        elif not staying:
            found.append(f"{address} is not in the plan")
        else:
            wrong = [one for one in staying if not _has(one, path, value)]
            if wrong:
                shown = _shown(dig(wrong[0].shown, *path))
                found.append(f"{address}{_spelled(path)} is {shown}, not {_shown(value)}")
    return found


def _has(change: _Change, path: tuple[PathStep, ...], value: object) -> bool:
    planned = dig(change.known, *path)
    return planned is not UNKNOWN and same(planned, value)
