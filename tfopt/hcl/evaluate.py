"""Evaluates expressions symbolically: every value carries the literal tokens it came from.

One table maps each kind of expression to its function; what is not evaluated yet becomes an
Unknown that still carries the tokens inside it, so that nothing that may move goes unnoticed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfopt.hcl.convert import ConversionError, in_order, to_unified
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.describe import describe
from tfopt.hcl.document import Span
from tfopt.hcl.functions import GUARDS, call, first_failure
from tfopt.hcl.kinds import List, Partial, Set, type_of, unify
from tfopt.hcl.operations import operate
from tfopt.hcl.scalars import to_number, to_text, to_truth
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
    Splat,
    Step,
    Template,
    Traversal,
    Tuple,
)
from tfopt.hcl.values import (
    Blocked,
    Token,
    Unknown,
    Value,
    computed,
    first_unknown,
    lift,
    unknown,
)


class Evaluator(ABC):
    """Evaluates expressions; what names stand for is the subclass's business.

    Args:
        edits: what is to be read as if it were written otherwise (for the counterfactual).
    """

    def __init__(self, edits: Edits):
        self.edits = edits
        self._guards = 0  # how many try() and can() are being evaluated

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
        value = in_order(value)
        data = value.data
        if data is None:
            return value.holding(())
        elements = data if isinstance(data, tuple) else (value,)
        found = [self.select(element, step.steps, frame, where) for element in elements]
        kind = List if isinstance(data, List) else tuple
        made = replace(value, data=kind(found), leaf=None)
        return self._sound(made, found)

    def _sound(self, made: Value, parts: Sequence[Value]) -> Value:
        """Return a collection, or the failure in it where try() or can() would notice."""
        failed = first_failure(parts) if self._guards else None
        return made if failed is None else unknown("", "", made, *parts).holding(failed)

    def _literal(self, expr: Literal, _frame: Frame) -> Value:
        if not expr.editable:
            if expr.reason is None:
                return Value(expr.value)
            why = f"{expr.reason} ({expr.span.where})"
            return Value(expr.value, blocked=Blocked("unknown", why))
        value = self.edits.replaced.get(expr.span, expr.value)
        return Value(value, leaf=expr.span, tokens=frozenset((expr.span,)))

    def _added(self, expr: Added, _frame: Frame) -> Value:
        return lift(expr.value, None, frozenset((expr.span,)))

    def _template(self, expr: Template, frame: Frame) -> Value:
        parts = [self.evaluate(part, frame) for part in expr.parts]
        if expr.whole:
            return parts[0]
        where = expr.span.where
        lost = first_failure(parts) or next((p.unknown for p in parts if p.unknown), None)
        if lost is not None:
            return unknown("", where, *parts).holding(lost)
        texts = [to_text(part.data) for part in parts]
        if None in texts:
            reason = "a template of something that is not text"
            return unknown(reason, where, *parts, fails=True)
        return computed("".join(map(str, texts)), "a string template", where, *parts)

    def _name(self, expr: Name, frame: Frame) -> Value:
        return self._follow(expr, (), expr.span, frame)

    def _traversal(self, expr: Traversal, frame: Frame) -> Value:
        if isinstance(expr.root, Name):
            return self._follow(expr.root, expr.steps, expr.span, frame)
        value = self.evaluate(expr.root, frame)
        return self.select(value, expr.steps, frame, expr.span.where)

    def _follow(self, name: Name, steps: Sequence[Step], span: Span, frame: Frame) -> Value:
        bound = frame.names.get(name.name)
        value, taken = (bound, 0) if bound is not None else self.reference(name, steps, frame)
        rest = steps[taken:]
        return self.select(value, rest, frame, span.where) if rest else value

    def _object(self, expr: Object, frame: Frame) -> Value:
        members: dict[str, Value] = {}
        tokens = frozenset[Token]((expr.span,))
        for item in expr.items:
            key = self.evaluate(item.key, frame)
            text = to_text(key.data)
            if text is None:
                everything = [self.evaluate(each.value, frame) for each in expr.items]
                fails = key.unknown is None or key.unknown.fails
                reason = "an object with an unknown key"
                return unknown(reason, expr.span.where, key, *everything, fails=fails)
            members[text] = self._member(text, item.value, frame)
            tokens |= key.all_tokens()
        for name, added in self.edits.added(expr.span).items():
            members[name] = lift(added, None, tokens)
        made = Value(members, tokens=tokens, home=expr.span)
        return self._sound(made, list(members.values()))

    def _member(self, name: str, expr: Expr, frame: Frame) -> Value:
        """Evaluate a member, with a hop where a person would have to follow a reference on."""
        value = self.evaluate(expr, frame)
        if value.leaf is None or isinstance(expr, Literal):
            return value
        return value.passed(f"{expr.span.where} {name} = {describe(expr)}")

    def _tuple(self, expr: Tuple, frame: Frame) -> Value:
        items = tuple(self.evaluate(item, frame) for item in expr.items)
        return self._sound(Value(items), items)

    def _call(self, expr: Call, frame: Frame) -> Value:
        guards = expr.name.removeprefix("core::") in GUARDS
        self._guards += guards
        try:
            args = [self.evaluate(arg, frame) for arg in expr.args]
        finally:
            self._guards -= guards
        where = expr.span.where
        if expr.spread and args:
            last = in_order(args.pop())
            if not isinstance(last.data, tuple):
                reason = "an argument list that is not known"
                fails = last.unknown is None or last.unknown.fails
                return unknown(reason, where, *args, last, fails=fails)
            args.extend(member(last, Value(i), where) for i in range(len(last.data)))
        return self.call(expr.name, args, frame, where)

    def _conditional(self, expr: Conditional, frame: Frame) -> Value:
        condition = self.evaluate(expr.condition, frame)
        yes, no = self.evaluate(expr.yes, frame), self.evaluate(expr.no, frame)
        where, truth = expr.span.where, to_truth(condition.data)
        if truth is None:
            fails = condition.unknown is None or condition.unknown.fails
            reason = "a condition that is not known"
            return unknown(reason, where, condition, yes, no, fails=fails)
        kind = unify([type_of(yes), type_of(no)])
        try:
            # A change of the other branch alone moves nothing while the condition stands.
            return to_unified(yes if truth else no, kind).influenced(condition)
        except ConversionError:
            reason = "a conditional with branches of different types"
            return unknown(reason, where, condition, yes, no, fails=True)

    def _operation(self, expr: Operation, frame: Frame) -> Value:
        operands = [self.evaluate(operand, frame) for operand in expr.operands]
        where, sign = expr.span.where, expr.operator
        lost = first_failure(operands) or next((o.unknown for o in operands if o.unknown), None)
        try:
            data = None if lost and lost.fails and self._guards else operate(sign, operands)
        except ConversionError:
            return unknown(f"{sign!r} of the wrong types", where, *operands, fails=True)
        if data is None:
            lost = lost or first_unknown(operands) or Unknown("a number that is not finite", where)
            return unknown("", where, *operands).holding(lost)
        if sign in ("==", "!=") and any(operand.data is None for operand in operands):
            # whether a collection is null does not hang on what is in it
            operands = [Value(None, tokens=operand.tokens) for operand in operands]
        return computed(data, f"{sign!r}", where, *operands)

    def _for(self, expr: For, frame: Frame) -> Value:
        collection, where = self.evaluate(expr.collection, frame), expr.span.where
        pairs = elements(collection)
        if pairs is None:
            inner = self._opaque(expr, frame)
            fails = collection.unknown is None or collection.unknown.fails
            reason = "a for expression over something unknown"
            return unknown(reason, where, collection, inner, fails=fails)
        failed = self._condition_failure(expr, frame)
        if failed is not None:
            return unknown("", where, collection).holding(failed)
        listed = in_order(collection) if expr.key is None else collection
        if listed.unknown is not None:
            return listed
        made: list[tuple[Value | None, Value]] = []
        tokens = listed.tokens
        for key, value in pairs:
            bound = frame.binding(**dict(zip(reversed(expr.names), (value, key), strict=False)))
            kept = self.evaluate(expr.condition, bound) if expr.condition else Value(True)
            truth = to_truth(kept.data)
            if truth is None:
                fails = kept.unknown is None or kept.unknown.fails
                reason = "a for condition that is not known"
                return unknown(reason, where, collection, kept, fails=fails)
            tokens |= kept.all_tokens()
            if truth:
                name = self.evaluate(expr.key, bound) if expr.key else None
                made.append((name, self.evaluate(expr.value, bound)))
        return self._collected(expr, made, tokens)

    def _condition_failure(self, expr: For, frame: Frame) -> Unknown | None:
        """Terraform tries the condition on unknown elements first, be there any or not."""
        if not self._guards or expr.condition is None:
            return None
        lost = unknown("a for variable before there is one", expr.span.where)
        bound = frame.binding(**dict.fromkeys(expr.names, lost))
        return first_failure([self.evaluate(expr.condition, bound)])

    def _collected(
        self, expr: For, made: Sequence[tuple[Value | None, Value]], tokens: frozenset[Token]
    ) -> Value:
        values, where = [value for _, value in made], expr.span.where
        if expr.key is None:
            return self._sound(Value(tuple(values), tokens=tokens), values)
        members: dict[str, Value] = {}
        for key, value in made:
            text = to_text(key.data) if key else None
            if key is None or text is None:
                fails = key is None or key.unknown is None or key.unknown.fails
                return unknown("a for key that is not known", where, *values, fails=fails)
            tokens |= key.all_tokens()
            if text in members and not expr.grouped:
                return unknown(f"two values for {text!r}", where, *values, key, fails=True)
            grouped = (*_elements_of(members.get(text)), value)
            members[text] = Value(grouped) if expr.grouped else value
        return self._sound(Value(members, tokens=tokens), values)

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
        reason = f"an index that is not known: {key.unknown}"
        return unknown(reason, where, value, key, fails=key.unknown.fails)
    found = _pick(value.data, key.data)
    if found is None:
        wanted = to_text(key.data)
        vacant = value.missing(str(wanted))
        missing = Value(None, tokens=value.tokens.union(vacant), vacant=vacant)
        if isinstance(value.data, Partial):
            return unknown(f"{wanted} of {value.data.what}, which the provider computes", where)
        return unknown(f"no member {wanted!r}", where, missing, key, fails=True)
    blocked = None if found.leaf else found.blocked or value.blocked
    # no key that is added beside it changes a member that is there
    around = value.tokens if value.home is None else value.tokens.difference((value.home,))
    tokens, hops = found.tokens.union(key.all_tokens(), around), found.hops + value.hops
    return Value(found.data, found.leaf, tokens, hops, blocked, found.home, found.vacant)


def _pick(data: object, key: object) -> Value | None:
    if isinstance(data, Mapping):
        text = to_text(key)
        return data.get(text) if text is not None else None
    index = to_number(key)
    if isinstance(data, tuple) and not isinstance(data, Set) and isinstance(index, int):
        found: Value | None = data[index] if 0 <= index < len(data) else None
        return found
    return None


def elements(collection: Value) -> list[tuple[Value, Value]] | None:
    """Return the (key, value) pairs that iterating a collection gives, or None if not known."""
    data = collection.data
    if isinstance(data, Mapping):
        pairs = [(Value(key), data[key]) for key in sorted(data)]
    elif isinstance(data, tuple):
        in_set = isinstance(data, Set)
        pairs = [(value if in_set else Value(i), value) for i, value in enumerate(data)]
    else:
        return None
    return [(key, v.led(collection.hops)) for key, v in pairs]


def _elements_of(value: Value | None) -> tuple[Value, ...]:
    return value.data if value is not None and isinstance(value.data, tuple) else ()


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
