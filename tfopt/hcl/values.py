"""Values with provenance: what an expression evaluates to, and the literals that decided it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tfopt.hcl.document import Span
from tfopt.hcl.scalars import to_number, to_text

Grade = Literal[
    "patchable",
    "patchable-shared",
    "edit-literal",
    "module-default",
    "ignored-by-lifecycle",
    "ignored-by-comment",
    "value-from-environment",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands where the value is not known here.

    `fails` is True where Terraform itself would fail, which `try` and `can` turn into another
    value; False where only this evaluator cannot tell.
    """

    reason: str
    where: str
    fails: bool = False

    def __str__(self) -> str:
        return f"{self.reason} ({self.where})" if self.where else self.reason


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a known value has no literal that may be edited."""

    grade: Grade
    reason: str


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A place where a key is not written that would decide a value if it were.

    `at` is an object constructor, a block (a module call that does not pass an argument) or a whole
    variable file. Without a key it is a literal `null` that stands for no value.
    """

    at: Span
    key: str = ""


Token = Span | Vacancy
"""A place in the sources that may have a say in a value: a literal, a constructor whose keys count,
or a key that is not written."""


Data = None | bool | int | float | str | Mapping[str, "Value"] | tuple["Value", ...] | Unknown


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it came from.

    Attributes:
        data: the value; members of objects and elements of lists are Values of their own.
        leaf: the one literal token that is this value, at most converted; None where computed.
        tokens: every place in the sources that had a say in it (members' tokens are theirs alone).
        hops: the way from the leaf to here, `file:line expression`, nearest to the leaf first.
        blocked: why there is no leaf, where that is known.
        home: of an object, the constructor that members can be added to.
        vacant: where a key could be written that would decide this value instead, best first.
    """

    data: Data
    leaf: Span | None = None
    tokens: frozenset[Token] = frozenset()
    hops: tuple[str, ...] = ()
    blocked: Blocked | None = None
    home: Span | None = None
    vacant: tuple[Vacancy, ...] = ()

    @property
    def unknown(self) -> Unknown | None:
        """The reason this is not known, or None."""
        return self.data if isinstance(self.data, Unknown) else None

    def all_tokens(self) -> frozenset[Token]:
        """Return the tokens of this value and of everything inside it."""
        inner = _members(self.data)
        if not inner:
            return self.tokens
        return self.tokens.union(*[member.all_tokens() for member in inner])

    # Values are copied field by field: `dataclasses.replace` takes five times as long, and a trace
    # of a large repository makes tens of thousands of copies.

    def holding(self, data: Data, tokens: frozenset[Token] | None = None) -> Value:
        """Return this value with other data, and with other tokens where they are given."""
        kept = self.tokens if tokens is None else tokens
        return Value(data, self.leaf, kept, self.hops, self.blocked, self.home, self.vacant)

    def influenced(self, *others: Value) -> Value:
        """Return this value, chosen by others (a condition, a key)."""
        tokens = self.tokens.union(*[other.all_tokens() for other in others])
        return self.holding(self.data, tokens)

    def chosen_over(self, *others: Value) -> Value:
        """Return this value, taken because others have none: what gives them one wins."""
        found = (place for each in others for place in each.vacancies())
        vacant = tuple(dict.fromkeys((*found, *self.vacant)))
        tokens = self.tokens.union(vacant, *[other.all_tokens() for other in others])
        return self.holding(self.data, tokens).vacated(vacant)

    def vacancies(self) -> tuple[Vacancy, ...]:
        """Return where this value could be given, if it is none: in place of `null` at last."""
        if self.data is None and self.leaf is not None:
            return (*self.vacant, Vacancy(self.leaf))
        return self.vacant

    def vacated(self, vacant: tuple[Vacancy, ...]) -> Value:
        """Return this value with other places where a key could be written."""
        return Value(self.data, self.leaf, self.tokens, self.hops, self.blocked, self.home, vacant)

    def missing(self, key: str) -> tuple[Vacancy, ...]:
        """Return where a member could be added to this object, if that is known."""
        return () if self.home is None else (Vacancy(self.home, key),)

    def passed(self, hop: str) -> Value:
        """Return this value after one more hop."""
        return self.led((hop,))

    def led(self, hops: tuple[str, ...]) -> Value:
        """Return this value after some more hops."""
        if not hops:
            return self
        way = self.hops + hops
        return Value(self.data, self.leaf, self.tokens, way, self.blocked, self.home, self.vacant)


_LEAVES = {str, int, bool, float, type(None), Unknown}  # spares most values the slower isinstance


def _members(data: Data) -> Collection[Value]:
    if type(data) in _LEAVES:
        return ()
    if isinstance(data, Mapping):
        return data.values()
    return data if isinstance(data, tuple) else ()


def unknown(reason: str, where: str, *inputs: Value, fails: bool = False) -> Value:
    """Return an unknown that depends on the inputs."""
    tokens = frozenset[Token]().union(*(value.all_tokens() for value in inputs))
    vacant = tuple(dict.fromkeys(place for value in inputs for place in value.vacant))
    return Value(Unknown(reason, where, fails), tokens=tokens, vacant=vacant)


def first_unknown(values: Iterable[Value]) -> Unknown | None:
    """Return the first unknown found in the values or inside them."""
    for value in values:
        if isinstance(value.data, Unknown):
            return value.data
        inner = first_unknown(_members(value.data))
        if inner is not None:
            return inner
    return None


def computed(data: Data, what: str, where: str, *inputs: Value) -> Value:
    """Return a value that was computed from others, so that no literal of theirs is this value."""
    tokens = frozenset[Token]().union(*(value.all_tokens() for value in inputs))
    blocked = Blocked("unknown", f"computed by {what} ({where})")
    return Value(data, tokens=tokens, blocked=blocked)


def lift(plain: object, blocked: Blocked | None, tokens: frozenset[Token] = frozenset()) -> Value:
    """Return a plain JSON value as a Value without a leaf."""
    if isinstance(plain, Mapping):
        members = {str(k): lift(v, blocked, tokens) for k, v in plain.items()}
        return Value(members, tokens=tokens, blocked=blocked)
    if isinstance(plain, list | tuple):
        elements = tuple(lift(v, blocked, tokens) for v in plain)
        return Value(elements, tokens=tokens, blocked=blocked)
    if plain is None or isinstance(plain, bool | int | float | str):
        return Value(plain, tokens=tokens, blocked=blocked)
    return Value(Unknown("a value that the plan does not show", ""), blocked=blocked)


def plain(value: Value) -> object:
    """Return the value as plain Python; what is unknown stays an Unknown."""
    if isinstance(value.data, Mapping):
        return {key: plain(member) for key, member in value.data.items()}
    if isinstance(value.data, tuple):
        return [plain(member) for member in value.data]
    return value.data


def same(left: object, right: object) -> bool:
    """Whether two plain values are equal once Terraform has converted one to the other's type.

    Unknown parts equal anything: they are not evidence of a difference.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return True
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        keys = left.keys() | right.keys()
        return all(same(left.get(key), right.get(key)) for key in keys)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return _same_scalar(left, right)


def identical(left: object, right: object) -> bool:
    """Whether two plain values are equal and of the same types: "3" is not 3.

    Variables given on the command line or by the environment come as strings.
    """
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(identical(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, bool | str) or isinstance(right, bool | str):
        return type(left) is type(right) and left == right
    return same(left, right)


def _same_scalar(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return to_text(left) == to_text(right)
    a, b = to_number(left), to_number(right)
    if a is not None and b is not None:
        return a == b
    return type(left) is type(right) and left == right
