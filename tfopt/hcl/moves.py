"""Tells what else an edit moves, and which condition of the configuration it would break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from tfopt.hcl.conditions import conditions
from tfopt.hcl.configuration import Configuration
from tfopt.hcl.findings import Move, Target, Trace
from tfopt.hcl.locate import Leaf
from tfopt.hcl.radius import Occurrence, Place, at_place, by_token, places
from tfopt.hcl.scopes import PathStep
from tfopt.hcl.syntax import Block
from tfopt.hcl.values import Token, Vacancy, first_unknown, plain

Path = tuple[PathStep, ...]


class Radius:
    """What the places of a configuration have a say in.

    Args:
        configuration: as planned.
    """

    def __init__(self, configuration: Configuration):
        self._configuration = configuration

    @cached_property
    def _by_token(self) -> Mapping[Token, Sequence[Occurrence]]:
        return by_token(self._configuration)

    @cached_property
    def _places(self) -> Mapping[Block, Sequence[Place]]:
        found: dict[Block, list[Place]] = {}
        for place in places(self._configuration):
            found.setdefault(place.block, []).append(place)
        return found

    def fed_by(self, leaf: Leaf) -> list[Occurrence]:
        """Return what a leaf has a say in, its own attribute included."""
        return [each for token in _tokens(leaf) for each in self._by_token.get(token, ())]

    def moves(self, trace: Trace, block: Block, edited: Configuration) -> tuple[Move, ...]:
        """Return what moves, beside the target, when a configuration is edited at a trace's leaf.

        Args:
            trace: whose leaf is edited.
            block: the target's own.
            edited: the configuration with the edit.
        """
        before, after = self._before_and_after(trace, block, edited)
        found: list[Move] = []
        for place in dict.fromkeys((*before, *after)):
            old, new = before.get(place), after.get(place)
            for path, certain in _moved(old, new, *_beside(place, trace.target)):
                shown = shown_address(place[0], path, trace.target)
                found.append(Move(place[0], path, certain=certain, shown=shown))
        return tuple(found)

    def broken(self, trace: Trace, edited: Configuration) -> str | None:
        """Return the condition that the edit breaks, for which Terraform would not plan it."""
        fed = (o for o in self.fed_by(trace.leaf) if o.is_condition)
        for place in dict.fromkeys(occurrence.place for occurrence in fed):
            named = {each.path: each for each in conditions(place.block)}
            for occurrence in at_place(edited, place):
                if occurrence.is_condition and occurrence.value.data is False:
                    return str(named[occurrence.path])
        return None

    def _before_and_after(
        self, trace: Trace, block: Block, edited: Configuration
    ) -> tuple[dict[tuple[str, Path], Occurrence], dict[tuple[str, Path], Occurrence]]:
        fed = self.fed_by(trace.leaf)
        again = dict.fromkeys(occurrence.place for occurrence in fed)
        if trace.leaf.slot is not None:  # the key may be one of the target's own block
            again[Place(trace.target.module, block)] = None
            again |= dict.fromkeys(self._places.get(block, ()))
        read = frozenset(_tokens(trace.leaf))
        now = (o for place in again for o in at_place(edited, place))
        return _by_place(fed), _by_place(
            o for o in now if not o.value.all_tokens().isdisjoint(read)
        )


def _by_place(occurrences: Iterable[Occurrence]) -> dict[tuple[str, Path], Occurrence]:
    return {(o.address, o.path): o for o in occurrences if not o.is_condition}


def _tokens(leaf: Leaf) -> tuple[Token, ...]:
    """Return how a leaf is read: by itself, and as part of the text of its file."""
    text = leaf.span.document.text_token
    if leaf.slot is None:
        return leaf.span, text
    return leaf.span, Vacancy(leaf.span, leaf.key), text


def _beside(place: tuple[str, Path], target: Target) -> tuple[Path, Path | None]:
    """Return the path of an occurrence, and where in it the target stands; None where it does not.

    Instances of a whole block are one target.
    """
    address, path = place
    if path != target.path[: len(path)]:
        return path, None
    whole = target.key is None and address.startswith(target.address + "[")
    return path, target.path[len(path) :] if whole or address == target.address else None


def _moved(
    old: Occurrence | None, new: Occurrence | None, path: Path, target: Path | None
) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of what moved, but for the target in it, and whether that is certain."""
    if target == ():
        return
    if old is None or new is None:
        if target is None:
            yield path, True
    elif first_unknown((old.value, new.value)) is not None:
        if target is None:
            yield path, False
    elif target is None:
        if plain(old.value) != plain(new.value):
            yield path, True
    else:
        within = _differing(plain(old.value), plain(new.value), ())
        yield from ((path + inner, True) for inner in within if not _is_target(inner, target))


def _is_target(inner: Path, target: Path) -> bool:
    """Tell whether a path in an attribute is the target's; a single block may be no list in it."""
    return inner == target or inner == tuple(step for step in target if step != 0)


def _differing(old: object, new: object, path: Path) -> Iterator[Path]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old.keys() | new.keys():
            yield from _differing(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            left, right = (side[i] if i < len(side) else None for side in (old, new))
            yield from _differing(left, right, (*path, i))
    elif old != new:
        yield path


def is_target(occurrence: Occurrence, target: Target) -> bool:
    """Tell whether an occurrence is what the target means, or holds it."""
    return _beside((occurrence.address, occurrence.path), target)[1] is not None


def shown_address(address: str, path: Path, target: Target) -> str:
    """Return the address of what a leaf feeds; within the target's resource, with the path."""
    if address != target.address:
        return address
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return address + "".join(steps)
