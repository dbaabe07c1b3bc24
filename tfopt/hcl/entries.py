"""Adds an entry to the map that makes a resource's instances, and proves what it makes.

The entry's members are found by evaluation: where a member that holds a number of its own turns up
is what it feeds. The proof is a counterfactual: exactly one instance more, with the wanted values,
and nothing else moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from tfopt.hcl.conditions import conditions
from tfopt.hcl.configuration import Configuration
from tfopt.hcl.constructors import literal_keys
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.kinds import Type
from tfopt.hcl.locate import Leaf
from tfopt.hcl.members import Members, members_read
from tfopt.hcl.places import EntryPlace, places
from tfopt.hcl.radius import Place, at_place
from tfopt.hcl.scalars import to_text
from tfopt.hcl.scopes import Frame, InstanceKey, Scope, spell_key
from tfopt.hcl.strings import as_written
from tfopt.hcl.syntax import Block, Body, Literal, Object, Plain, Scalar
from tfopt.hcl.trace import Target, Trace, Tracer, not_ours, own_grade
from tfopt.hcl.values import Grade, Unknown, Vacancy, Value, plain, same

_FIRST_PROBE = 70_001  # beyond any size, hour or percentage that a configuration holds


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance that a resource is to have besides those that it has.

    Attributes:
        module: the module path with keys; () for the root.
        resource: the address inside its module, "aws_autoscaling_schedule.this".
        attributes: attribute → the values that will do; the first of them is written.
        key: of the entry.
    """

    module: tuple[str, ...]
    resource: str
    attributes: Mapping[str, Sequence[Scalar]]
    key: str = "tfopt"


@dataclass(frozen=True, slots=True)
class Entry:
    """A proven entry: `value` written at `leaf` makes exactly the instance at `address`."""

    leaf: Leaf
    value: Plain
    address: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class NoEntry:
    """Why no entry makes the instance; `leaf` is where it would be, if that is known."""

    reason: str
    grade: Grade = "unknown"
    leaf: Leaf | None = None


Accepts = Callable[[Edits, InstanceKey], str | None]
"""Tells what else is wrong with the new instance, read with the edits; None where nothing is."""


def find_entry(tracer: Tracer, wanted: Wanted, accepts: Accepts | None = None) -> Entry | NoEntry:
    """Return the entry that makes the wanted instance, or why there is none.

    Args:
        tracer: of the plan's sources.
        wanted: what the instance is to be.
        accepts: what else is asked of it.
    """
    scope = tracer.configuration.scope(wanted.module)
    if isinstance(scope, Unknown):
        return NoEntry(str(scope))
    block = scope.module.block("resource", *wanted.resource.split(".", 1))
    if block is None:
        return NoEntry(f"{wanted.resource} is not in the sources ({scope.module.label})")
    if "for_each" not in block.body.attributes:
        where = block.span.where
        return NoEntry(f"{wanted.resource} has no for_each that an entry could join ({where})")
    return _Search(tracer, wanted, scope, block, accepts).best()


class _RefusedError(Exception):
    """Why an entry at one place is not taken; `reached` tells how near it came."""

    def __init__(self, reached: int, reason: str, grade: Grade = "unknown"):
        super().__init__(reason)
        self.reached = reached
        self.grade = grade


@dataclass
class _Search:
    """Tries the places for an entry of one resource."""

    tracer: Tracer
    wanted: Wanted
    scope: Scope
    block: Block
    accepts: Accepts | None

    @cached_property
    def members(self) -> Members:
        """The members that the block reads, filters and all."""
        return members_read(self.scope, self.block.body)

    @cached_property
    def direct(self) -> Iterable[str]:
        """The members that the wanted attributes read."""
        written = self.block.body.attributes
        asked = {name: written[name] for name in self.wanted.attributes if name in written}
        return members_read(self.scope, Body(asked)).names

    def best(self) -> Entry | NoEntry:
        """Return the first proven entry, else the refusal that came nearest to one."""
        for_each = self.block.body.attributes["for_each"]
        value = self.tracer.configuration.evaluate(for_each.expr, Frame(self.scope))
        what = f"for_each of {self.wanted.resource} ({for_each.span.where})"
        if value.unknown is not None:
            return NoEntry(f"{what} is not known: {value.unknown}")
        nearest, reached = NoEntry(f"{what} does not come from a map of the sources"), -1
        if value.blocked is not None:
            nearest = NoEntry(f"{what}: {value.blocked.reason}", value.blocked.grade)
        for place in places(value):
            leaf = place.leaf(self.wanted.key)
            try:
                return self._entry(place, leaf)
            except _RefusedError as refused:
                if refused.reached > reached:
                    reached = refused.reached
                    nearest = NoEntry(str(refused), refused.grade, leaf)
        return nearest

    @cached_property
    def keys(self) -> frozenset[InstanceKey]:
        """The keys of the instances that there are."""
        return _instances(self.tracer.configuration, self.scope, self.block) or frozenset()

    def _entry(self, place: EntryPlace, leaf: Leaf | None) -> Entry:
        """Return the proven entry at a place.

        Raises:
            _RefusedError: there is none.
        """
        if leaf is None:
            raise _RefusedError(0, f"no entry can be written at {place.at.where} as it stands")
        if place.map is not None and self.wanted.key in literal_keys(place.map):
            raise _RefusedError(3, f"{leaf.path} is there already ({place.at.where})")
        attempt = _Attempt(self, place, leaf)
        fed = attempt.fed()
        owner = not_ours(leaf)
        if owner is not None:
            raise _RefusedError(3, owner[1], owner[0])
        entry, address = attempt.proven(fed)
        return Entry(leaf, place.value(self.wanted.key, entry), address, own_grade(leaf))


@dataclass(frozen=True)
class _Attempt:
    """An entry at one place."""

    search: _Search
    place: EntryPlace
    leaf: Leaf

    def fed(self) -> Mapping[str, str]:
        """Return, by attribute, the member of the entry that it takes its value from.

        Raises:
            _RefusedError: an entry here makes no instance.
        """
        for probes in self._probes():
            edited, made = self._read(probes)
            if len(made) == 1:
                return self._turned_up(edited, made[0], probes)
        raise _RefusedError(1, f"an entry at {self.place.at.where} makes no instance of its own")

    def _probes(self) -> Iterator[Mapping[str, Plain]]:
        """Yield entries in which every member holds a number of its own."""
        search, siblings = self.search, self._siblings
        known = dict.fromkeys((*search.members.names, *siblings))
        direct = dict.fromkeys((*search.direct, *siblings))
        for names in (known, direct, siblings):
            numbers = count(_FIRST_PROBE)
            probes = {name: _probe(search.members.types.get(name), numbers) for name in names}
            yield {
                name: probe
                for name, probe in probes.items()
                if probe is not None or name in search.members.required
            }

    def _turned_up(
        self, edited: Configuration, key: InstanceKey, probes: Mapping[str, Plain]
    ) -> Mapping[str, str]:
        by_text = {to_text(probe): name for name, probe in probes.items() if probe is not None}
        found: dict[str, str] = {}
        for attribute, allowed in self.search.wanted.attributes.items():
            value = self._attribute(edited, key, attribute)
            name = attribute if value.unknown is not None else by_text.get(to_text(value.data))
            if name is not None and name in probes:
                found[attribute] = name
            elif self._computes(value) and not _allowed(value, allowed):
                reason = f"{attribute} of {self.search.wanted.resource} is computed from the entry"
                raise _RefusedError(5, reason)
        return found

    def _computes(self, value: Value) -> bool:
        """Whether a known value hangs on the entry."""
        tokens = {self.place.at, Vacancy(self.place.at, self.place.name or "")}
        return value.unknown is None and not tokens.isdisjoint(value.all_tokens())

    def proven(self, fed: Mapping[str, str]) -> tuple[Plain, str]:
        """Return an entry, and the address of the instance that it was proven to make.

        Raises:
            _RefusedError: no entry here is proven.
        """
        wanted = self.search.wanted.attributes
        entry = {name: wanted[attribute][0] for attribute, name in fed.items()}
        entry = {name: value for name, value in entry.items() if value is not None}
        refused = None
        for more in self._fillers():
            filled = {**more, **entry}
            try:
                address = self._proof(self._in_order(filled))
            except _RefusedError as error:
                refused = error if refused is None or error.reached > refused.reached else refused
            else:
                return self._lean(filled, more.keys() - entry.keys()), address
        assert refused is not None
        raise refused

    def _fillers(self) -> Iterator[Mapping[str, Scalar]]:
        """Yield what an entry may need besides: by its type, as a switch, beside its neighbours."""
        members, siblings = self.search.members, self._siblings
        switches = {name: True for name, kind in members.types.items() if kind == "bool"}
        required = dict.fromkeys(members.required)
        yield {}
        yield {name: switches.get(name) for name in required}
        yield {**required, **switches}
        yield {name: value if isinstance(value, bool) else None for name, value in siblings.items()}

    def _lean(self, entry: Mapping[str, Scalar], fillers: AbstractSet[str]) -> Plain:
        """Return a proven entry without the fillers that it can do without."""
        kept = dict(entry)
        for name in sorted(fillers - self._siblings.keys()):
            fewer = {key: value for key, value in kept.items() if key != name}
            try:
                self._proof(self._in_order(fewer))
            except _RefusedError:
                continue
            kept = fewer
        return self._in_order(kept)

    def _in_order(self, entry: Mapping[str, Scalar]) -> Mapping[str, Plain]:
        """Return an entry in the order, and with the spelling, of its neighbours."""
        siblings, members = self._siblings, self.search.members
        order = dict.fromkeys((*siblings, *members.types, *members.names, *entry))
        return {
            name: as_written(siblings.get(name), entry[name]) for name in order if name in entry
        }

    @cached_property
    def _siblings(self) -> Mapping[str, Scalar]:
        """The members of the last neighbour, with the values that are literals."""
        items = self.place.map.items if self.place.map is not None else ()
        entries = [item.value for item in items if isinstance(item.value, Object)]
        return {
            str(item.key.value): item.value.value if isinstance(item.value, Literal) else None
            for item in (entries[-1].items if entries else ())
            if isinstance(item.key, Literal)
        }

    # -- the counterfactual ----------------------------------------------------------------------

    def _edits(self, entry: Plain) -> Edits:
        return self.place.edits(self.search.wanted.key, entry)

    def _read(self, entry: Plain) -> tuple[Configuration, Sequence[InstanceKey]]:
        """Return the configuration with an entry, and the instances that it adds."""
        search = self.search
        edited = search.tracer.edited(self._edits(entry))
        scope = edited.scope(search.wanted.module)
        keys = None if isinstance(scope, Unknown) else _instances(edited, scope, search.block)
        if keys is None or not keys >= search.keys:
            return edited, ()
        return edited, sorted(keys - search.keys, key=str)

    def _attribute(self, edited: Configuration, key: InstanceKey, name: str) -> Value:
        scope = edited.scope(self.search.wanted.module)
        attribute = self.search.block.body.attributes.get(name)
        if attribute is None or isinstance(scope, Unknown):
            return Value(None)
        frame = edited.instance(self.search.block, Frame(scope), key)
        return edited.evaluate(attribute.expr, frame)

    def _proof(self, entry: Plain) -> str:
        """Return the address of the one instance that an entry makes.

        Raises:
            _RefusedError: it makes none or several, other values, or something else moves.
        """
        search, resource = self.search, self.search.wanted.resource
        edited, made = self._read(entry)
        if len(made) != 1:
            number = len(made) or "no"
            reason = f"the entry would make {number} instances of {resource} at {self._where}"
            raise _RefusedError(4, reason)
        for name, allowed in search.wanted.attributes.items():
            self._check(name, self._attribute(edited, made[0], name), allowed)
        wrong = search.accepts(self._edits(entry), made[0]) if search.accepts else None
        if wrong is not None:
            raise _RefusedError(2, wrong)
        address = search.scope.address(resource + spell_key(made[0]))
        self._check_others(edited, made[0], address)
        return address

    @property
    def _where(self) -> str:
        return self.place.at.where

    def _check(self, name: str, value: Value, allowed: Sequence[Scalar]) -> None:
        if value.unknown is not None:
            raise _RefusedError(5, f"{name} of the new instance is not known: {value.unknown}")
        if not _allowed(value, allowed):
            got, wanted = to_text(value.data) or "null", to_text(allowed[0]) or "null"
            reason = f"the entry cannot give {name} the value {wanted}: it would be {got}"
            raise _RefusedError(6, reason)

    def _check_others(self, edited: Configuration, key: InstanceKey, address: str) -> None:
        """Refuse what else moves, and what Terraform would not plan."""
        search = self.search
        target = Target(search.wanted.module, search.wanted.resource, key, (), None)
        trace = Trace(target, self.leaf, own_grade(self.leaf), (), ())
        broken = search.tracer.radius.broken(trace, edited) or self._broken(edited)
        if broken is not None:
            raise _RefusedError(7, broken)
        own = (search.scope.address(search.wanted.resource), ("for_each",))
        moved = dict.fromkeys(
            move.address if move.certain else f"{move.address} (not certain)"
            for move in search.tracer.radius.moves(trace, search.block, edited)
            if move.address != address and (move.address, move.path) != own
        )
        if moved:
            raise _RefusedError(7, f"the entry would also move {', '.join(moved)}")

    def _broken(self, edited: Configuration) -> str | None:
        """Return the condition of the resource itself that the new instance does not meet."""
        named = {each.path: each for each in conditions(self.search.block)}
        for occurrence in at_place(edited, Place(self.search.scope.path, self.search.block)):
            if occurrence.is_condition and occurrence.value.data is False:
                return str(named[occurrence.path])
        return None


def _allowed(value: Value, allowed: Sequence[Scalar]) -> bool:
    return any(same(plain(value), each) for each in allowed)


def _instances(
    configuration: Configuration, scope: Scope, block: Block
) -> frozenset[InstanceKey] | None:
    """Return the keys of the instances that exist; None where that is not known."""
    keys = configuration.instance_keys(block, Frame(scope))
    if isinstance(keys, Value):
        return None
    return frozenset(key for key in keys if configuration.has_instance(scope, block, key))


def _probe(kind: Type | None, numbers: Iterator[int]) -> Plain:
    """Return a value of a type that can be told from every other; None for a structure."""
    if kind == "bool":
        return True
    return next(numbers) if kind is None or isinstance(kind, str) else None
