"""Instances of blocks: which there are, what each sees, and what a reference to one gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.describe import describe
from tfopt.hcl.evaluate import Evaluator, member
from tfopt.hcl.kinds import Partial
from tfopt.hcl.scalars import to_text
from tfopt.hcl.scopes import Frame, InstanceKey, Scope, bindings, spell_key, split_step
from tfopt.hcl.syntax import Added, Attribute, Block, Body, Literal, Object, Tuple
from tfopt.hcl.values import Value, unknown

META_ARGUMENTS = {"count", "for_each", "depends_on", "provider", "lifecycle", "providers"}


class Instances(Evaluator):
    """Evaluates what belongs to the instances of resources, data sources and module calls."""

    def __init__(self, edits: Edits):
        super().__init__(edits)
        self._repetitions: dict[tuple[Attribute, Scope, bool], Value] = {}

    def carried(self, attribute: Attribute, frame: Frame, shown: str) -> Value:
        """Evaluate an attribute and note the hop, unless the literal itself stands there."""
        return _hop(attribute, self.evaluate(attribute.expr, frame), shown)

    def repetition(self, attribute: Attribute, scope: Scope) -> Value:
        """Return a block's count or for_each, evaluated once: every instance asks for it."""
        place = (attribute, scope, self._guards > 0)  # inside try() a failure is seen earlier
        if place not in self._repetitions:
            self._repetitions[place] = self.evaluate(attribute.expr, Frame(scope))
        return self._repetitions[place]

    def instance(self, block: Block, frame: Frame, key: InstanceKey) -> Frame:
        """Return the frame of one instance of a resource, data source or module call."""
        if not isinstance(key, str):
            return frame.binding(**bindings(key))
        attribute = block.body.attributes.get("for_each")
        if attribute is None:
            return frame.binding(**bindings(key, unknown("no for_each here", block.span.where)))
        collection = _hop(attribute, self.repetition(attribute, frame.scope), "for_each")
        if isinstance(collection.data, tuple):
            matching = [v for v in collection.data if to_text(v.data) == key]
            value = matching[0] if matching else unknown("no such key", attribute.span.where)
        else:
            value = member(collection, Value(key), attribute.span.where)
        return frame.binding(**bindings(key, value))

    def instance_keys(self, block: Block, frame: Frame) -> list[InstanceKey] | Value:
        """Return the keys of all instances of a block, or the Unknown count or for_each."""
        attributes = block.body.attributes
        if "count" in attributes:
            count = self.repetition(attributes["count"], frame.scope)
            number = count.data
            return list(range(number)) if isinstance(number, int) and number >= 0 else count
        if "for_each" not in attributes:
            return [None]
        collection = self.repetition(attributes["for_each"], frame.scope)
        if isinstance(collection.data, Mapping):
            return [*sorted(collection.data)]
        if isinstance(collection.data, tuple):
            return [to_text(value.data) for value in collection.data]
        return collection

    def has_instance(self, scope: Scope, block: Block, key: InstanceKey) -> bool:
        """Whether an instance, and every module instance around it, exists as far as is known."""
        keys = self.instance_keys(block, Frame(scope))
        if isinstance(keys, list) and key not in keys:
            return False
        if scope.call is None or scope.caller is None:
            return True
        return self.has_instance(scope.caller.scope, scope.call, split_step(scope.path[-1])[1])

    def body(self, block: Block) -> Body:
        """Return a block's body, with the attributes that the edits add."""
        added = self.edits.added(block.span)
        if not added or block.kind == "module":  # a call's arguments: see _not_passed
            return block.body
        extra = {
            name: Attribute(name, block.span, partial(Added, block.span, value))
            for name, value in added.items()
        }
        return Body({**block.body.attributes, **extra}, block.body.blocks)

    def whole(self, block: Block, key: InstanceKey, scope: Scope, _name: str, _where: str) -> Value:
        """Return one instance of a resource: what is written of it."""
        instance, address = self.instance(block, Frame(scope), key), ".".join(block.labels)
        members = (
            (name, self.carried(attribute, instance, f"{address}{spell_key(key)}.{name}"))
            for name, attribute in block.body.attributes.items()
            if name not in META_ARGUMENTS
        )
        return Value(Partial(members, address))

    def every(self, block: Block, scope: Scope, name: str, where: str) -> Value:
        """Return all instances of a resource, by key or in order."""
        keys = self.instance_keys(block, Frame(scope))
        if isinstance(keys, Value):
            return unknown("instances that are not known", where, keys)
        shape = self._number(block, scope)
        instances = [self.whole(block, key, scope, name, where) for key in keys]
        if "count" in block.body.attributes:
            return Value(tuple(instances), tokens=shape.all_tokens())
        return Value(dict(zip(map(str, keys), instances, strict=True)), tokens=shape.all_tokens())

    def _number(self, block: Block, scope: Scope) -> Value:
        """Return what decides which instances there are: of a map, its keys alone."""
        attributes = block.body.attributes
        value = self.evaluate(
            (attributes.get("count") or attributes["for_each"]).expr, Frame(scope)
        )
        return Value(None, tokens=value.tokens) if isinstance(value.data, Mapping) else value


def _hop(attribute: Attribute, value: Value, shown: str) -> Value:
    if isinstance(attribute.expr, Literal | Object | Tuple):
        return value
    return value.passed(f"{attribute.span.where} {shown} = {describe(attribute.expr)}")
