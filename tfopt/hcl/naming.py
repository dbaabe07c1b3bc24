"""Reads a configuration with scaling groups standing for their addresses: what refers to which."""

from __future__ import annotations

from collections.abc import Sequence

from tfopt.hcl.configuration import Configuration
from tfopt.hcl.scopes import Frame, spell_key
from tfopt.hcl.syntax import Attr, Block, Name, Splat, Step
from tfopt.hcl.values import Unknown, Value, unknown

GROUP = "aws_autoscaling_group"
_NAMES = ("id", "name")


class NamedGroups(Configuration):
    """A configuration in which `name` and `id` of a scaling group are the group's address.

    So a reference to it can be told, however many variables, locals, outputs and conditions it
    comes through, although the provider decides the name.
    """

    def reference(self, name: Name, steps: Sequence[Step], frame: Frame) -> tuple[Value, int]:
        """See Evaluator.reference."""
        first = steps[0] if steps else None
        if name.name == GROUP and isinstance(first, Attr):
            block = frame.scope.module.block("resource", GROUP, first.name)
            if block is not None:
                return self._addresses(block, steps, frame, name.span.where)
        return super().reference(name, steps, frame)

    def _addresses(
        self, block: Block, steps: Sequence[Step], frame: Frame, where: str
    ) -> tuple[Value, int]:
        keys = self.instance_keys(block, Frame(frame.scope))
        address = frame.scope.address(".".join(block.labels))
        if isinstance(keys, Value):
            return unknown(f"the instances of {address} are not known", where), len(steps)
        if len(steps) > 1 and isinstance(steps[1], Splat):
            named = [Value({n: Value(address + spell_key(k)) for n in _NAMES}) for k in keys]
            return Value(tuple(named)), 1
        key, at = self.instance_key(block, steps, 1, frame)
        if isinstance(key, Unknown):
            return Value(key), len(steps)
        if key not in keys:
            return unknown(f"{address} has no such instance", where, fails=True), len(steps)
        return Value({n: Value(f"{address}{spell_key(key)}") for n in _NAMES}), at
