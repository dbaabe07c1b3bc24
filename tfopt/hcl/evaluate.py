"""Evaluates expressions symbolically: every value carries the literal tokens it came from.

One table maps each kind of expression to its function; what is not evaluated yet becomes an
Unknown that still carries the tokens inside it, so that nothing that may move goes unnoticed.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tfopt.hcl.document import Span
from tfopt.hcl.functions import call
from tfopt.hcl.scalars import to_number, to_text
from tfopt.hcl.scopes import Frame
from tfopt.hcl.syntax import (
    Added,
    Attr,
    Call,
    Conditional,
    Expr,
    For,
    Literal,
    Name,
    Object,
    Operation,
    Other,
    Plain,
    Scalar,
    Splat,
    Step,
    Template,
    Traversal,
    Tuple,
)
from tfopt.hcl.values import Blocked, Value, computed, lift, plain, same, unknown

NO_KEYS: Mapping[str, Plain] = {}


@dataclass(frozen=True, slots=True)
class Edits:
    """Sources read as if they were written otherwise.

    Attributes:
        replaced: literal token → the value to be read there.
        keys: object constructor, block or variable file → key → the value to be added.
    """

    replaced: Mapping[Span, Scalar] = field(default_factory=dict)
    keys: Mapping[Span, Mapping[str, Plain]] = field(default_factory=dict)

    def added(self, place: Span) -> Mapping[str, Plain]:
        """Return what is to be read as added to a place."""
        return self.keys.get(place, NO_KEYS) if self.keys else NO_KEYS

    def touch(self, value: Value) -> bool:
        """Whether a value may be another with the edits than without."""
        tokens = value.all_tokens() if self.replaced or self.keys else frozenset()
        return not (tokens.isdisjoint(self.replaced) and tokens.isdisjoint(self.keys))


class Evaluator(ABC):
    """Evaluates expressions; what names stand for is the subclass's business.

    Args:
        edits: what is to be read as if it were written otherwise (for the counterfactual).
    """

    def __init__(self, edits: Edits):
        self.edits = edits

    @abstractmethod
    def reference(self, name: Name, steps: Sequence[Step], frame: Frame) -> tuple[Value, int]:
        """Return what a name and its first steps stand for, and how many steps that took."""

    def call(self, name: str, args: Sequence[Value], _frame: Frame, where: str) -> Value:
        """Return what a function gives for evaluated arguments."""
        return call(name, args, where)

    def evaluate(self, expr: Expr, frame: Frame) -> Value:
        """Return the value of an expression."""
        return _KINDS[type(expr)](self, expr, frame)

    def select(self, value: Value, steps: Sequence[Step], frame: Frame, where: str) -> Value:
        """Return what the steps lead to from a value."""
        for step in steps:
            if isinstance(step, Splat):
                value = self._splat(value, step, frame, where)
            else:
                key = Value(step.name) if isinstance(step, Attr) else self.evaluate(step.key, frame)
                value = member(value, key, where)
        return value

    def _splat(self, value: Value, step: Splat, frame: Frame, where: str) -> Value:
        if value.unknown is not None:
            return value
        data = value.data
        if data is None:
            return replace(value, data=())
        elements = data if isinstance(data, tuple) else (value,)
        found = tuple(self.select(element, step.steps, frame, where) for element in elements)
        return replace(value, data=found, leaf=None)

    def _literal(self, expr: Literal, _frame: Frame) -> Value:
        if not expr.editable:
            why = f"{expr.reason} ({expr.span.where})"
            return Value(expr.value, blocked=Blocked("unknown", why) if expr.reason else None)
        value = self.edits.replaced.get(expr.span, expr.value)
        return Value(value, leaf=expr.span, tokens=frozenset((expr.span,)))

    def _added(self, expr: Added, _frame: Frame) -> Value:
        return lift(expr.value, None, frozenset((expr.span,)))

    def _template(self, expr: Template, frame: Frame) -> Value:
        parts = [self.evaluate(part, frame) for part in expr.parts]
        if expr.whole:
            return parts[0]
        where = expr.span.where
        texts = [to_text(part.data) for part in parts]
        for part, text in zip(parts, texts, strict=True):
            if part.unknown is not None:
                return replace(unknown("", where, *parts), data=part.unknown)
            if text is None:
                return unknown("a template of something that is not text", where, *parts)
        return computed("".join(map(str, texts)), "a string template", where, *parts)

    def _name(self, expr: Name, frame: Frame) -> Value:
        return self._follow(expr, (), expr.span, frame)

    def _traversal(self, expr: Traversal, frame: Frame) -> Value:
        if isinstance(expr.root, Name):
            return self._follow(expr.root, expr.steps, expr.span, frame)
        value = self.evaluate(expr.root, frame)
        return self.select(value, expr.steps, frame, expr.span.where)

    def _follow(self, name: Name, steps: Sequence[Step], span: Span, frame: Frame) -> Value:
        if name.name in frame.names:
            return self.select(frame.names[name.name], steps, frame, span.where)
        value, taken = self.reference(name, steps, frame)
        return self.select(value, steps[taken:], frame, span.where)

    def _object(self, expr: Object, frame: Frame) -> Value:
        members: dict[str, Value] = {}
        tokens = frozenset((expr.span,))
        for item in expr.items:
            key = self.evaluate(item.key, frame)
            text = to_text(key.data)
            if text is None:
                everything = [self.evaluate(each.value, frame) for each in expr.items]
                return unknown("an object with an unknown key", expr.span.where, key, *everything)
            members[text] = self.evaluate(item.value, frame)
            tokens |= key.all_tokens()
        for name, added in self.edits.added(expr.span).items():
            members[name] = lift(added, None, tokens)
        return Value(members, tokens=tokens, home=expr.span)

    def _tuple(self, expr: Tuple, frame: Frame) -> Value:
        return Value(tuple(self.evaluate(item, frame) for item in expr.items))

    def _call(self, expr: Call, frame: Frame) -> Value:
        args = [self.evaluate(arg, frame) for arg in expr.args]
        if expr.spread and args:
            last = args.pop()
            if not isinstance(last.data, tuple):
                return unknown("an argument list that is not known", expr.span.where, *args, last)
            args.extend(last.data)
        return self.call(expr.name, args, frame, expr.span.where)

    def _conditional(self, expr: Conditional, frame: Frame) -> Value:
        condition = self.evaluate(expr.condition, frame)
        yes, no = self.evaluate(expr.yes, frame), self.evaluate(expr.no, frame)
        truth = {True: True, False: False, "true": True, "false": False}.get(_scalar(condition))
        if truth is None:
            return unknown("a condition that is not known", expr.span.where, condition, yes, no)
        # A change of the other branch alone moves nothing while the condition stands.
        return (yes if truth else no).influenced(condition)

    def _operation(self, expr: Operation, frame: Frame) -> Value:
        operands = [self.evaluate(operand, frame) for operand in expr.operands]
        where = expr.span.where
        for operand in operands:
            if operand.unknown is not None:
                return replace(unknown("", where, *operands), data=operand.unknown)
        try:
            data = _operate(expr.operator, operands)
        except (TypeError, ZeroDivisionError):
            return unknown(f"{expr.operator!r} of the wrong types", where, *operands, fails=True)
        return computed(data, f"{expr.operator!r}", where, *operands)

    def _for(self, expr: For, frame: Frame) -> Value:
        collection, where = self.evaluate(expr.collection, frame), expr.span.where
        pairs = elements(collection)
        if pairs is None:
            inner = self._opaque(expr, frame)
            return unknown("a for expression over something unknown", where, collection, inner)
        made: list[tuple[Value | None, Value]] = []
        tokens = collection.tokens
        for key, value in pairs:
            bound = frame.binding(**dict(zip(reversed(expr.names), (value, key), strict=False)))
            kept = self.evaluate(expr.condition, bound) if expr.condition else Value(True)
            if kept.unknown is not None:
                return unknown("a for condition that is not known", where, collection, kept)
            tokens |= kept.all_tokens()
            if kept.data in (True, "true"):
                name = self.evaluate(expr.key, bound) if expr.key else None
                made.append((name, self.evaluate(expr.value, bound)))
        return self._collected(expr, made, tokens)

    def _collected(
        self, expr: For, made: Sequence[tuple[Value | None, Value]], tokens: frozenset[Span]
    ) -> Value:
        if expr.key is None:
            return Value(tuple(value for _, value in made), tokens=tokens)
        members: dict[str, Value] = {}
        for key, value in made:
            text = to_text(key.data) if key else None
            if key is None or text is None:
                return unknown(
                    "a for key that is not known", expr.span.where, *(v for _, v in made)
                )
            tokens |= key.all_tokens()
            grouped = (*_elements_of(members.get(text)), value)
            members[text] = Value(grouped) if expr.grouped else value
        return Value(members, tokens=tokens)

    def _other(self, expr: Other, frame: Frame) -> Value:
        inner = [self.evaluate(part, frame) for part in expr.parts]
        return unknown(f"not traced yet: {expr.what}", expr.span.where, *inner)

    def _opaque(self, expr: For, frame: Frame) -> Value:
        """Return an unknown that carries the tokens inside a `for` whose names are not bound."""
        lost = unknown("a for variable over something unknown", expr.span.where)
        bound = frame.binding(**dict.fromkeys(expr.names, lost))
        parts = (expr.value, expr.key, expr.condition)
        return unknown("", "", *(self.evaluate(part, bound) for part in parts if part is not None))


def member(value: Value, key: Value, where: str) -> Value:
    """Return the member of a collection under a key."""
    if value.unknown is not None:
        return value.influenced(key)
    if key.unknown is not None:
        return unknown(f"an index that is not known: {key.unknown}", where, value, key)
    found = _pick(value.data, key.data)
    if found is None:
        wanted = to_text(key.data)
        missing = Value(None, tokens=value.tokens)
        lost = unknown(f"no member {wanted!r}", where, missing, key, fails=True)
        return replace(lost, vacant=value.missing(str(wanted)))
    blocked = found.blocked or value.blocked
    moved = replace(found, hops=found.hops + value.hops, blocked=None if found.leaf else blocked)
    return moved.influenced(key, Value(None, tokens=value.tokens))


def _pick(data: object, key: object) -> Value | None:
    if isinstance(data, Mapping):
        text = to_text(key)
        return data.get(text) if text is not None else None
    index = to_number(key)
    if isinstance(data, tuple) and index is not None and 0 <= index < len(data):
        found: Value = data[int(index)]
        return found
    return None


def elements(collection: Value) -> list[tuple[Value, Value]] | None:
    """Return the (key, value) pairs that iterating a collection gives, or None if not known."""
    data = collection.data
    if isinstance(data, Mapping):
        pairs = [(Value(key), data[key]) for key in sorted(data)]
    elif isinstance(data, tuple):
        pairs = [(Value(i), value) for i, value in enumerate(data)]
    else:
        return None
    return [(key, replace(v, hops=v.hops + collection.hops)) for key, v in pairs]


def _elements_of(value: Value | None) -> tuple[Value, ...]:
    return value.data if value is not None and isinstance(value.data, tuple) else ()


def _scalar(value: Value) -> object:
    return value.data if isinstance(value.data, bool | str) else None


def _operate(sign: str, operands: Sequence[Value]) -> bool | int | float:
    if sign in ("==", "!="):
        left, right = (plain(operand) for operand in operands)
        return _equal(left, right) == (sign == "==")
    if sign in ("&&", "||", "!"):
        truths = [to_text(operand.data) == "true" for operand in operands]
        return {"&&": all(truths), "||": any(truths), "!": not truths[0]}[sign]
    numbers = [_number(operand) for operand in operands]
    if len(numbers) == 1:
        return -numbers[0]
    result = _ARITHMETIC[sign](*numbers)
    return int(result) if isinstance(result, float) and result.is_integer() else result


def _equal(left: object, right: object) -> bool:
    """Terraform's `==` does not convert: "5" is not 5."""
    number_left = isinstance(left, int | float) and not isinstance(left, bool)
    number_right = isinstance(right, int | float) and not isinstance(right, bool)
    if number_left or number_right:
        return number_left and number_right and left == right
    return type(left) is type(right) and same(left, right)


def _number(value: Value) -> int | float:
    found = to_number(value.data)
    if found is None:
        raise TypeError("not a number")
    return found


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_KINDS: dict[type[Any], Callable[[Evaluator, Any, Frame], Value]] = {
    Literal: Evaluator._literal,
    Added: Evaluator._added,
    Template: Evaluator._template,
    Name: Evaluator._name,
    Traversal: Evaluator._traversal,
    Object: Evaluator._object,
    Tuple: Evaluator._tuple,
    Call: Evaluator._call,
    Conditional: Evaluator._conditional,
    Operation: Evaluator._operation,
    For: Evaluator._for,
    Other: Evaluator._other,
}
