"""What names stand for in a configuration: variables, locals, modules, resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tfopt.hcl.addition import whole_file
from tfopt.hcl.convert import convert
from tfopt.hcl.describe import describe
from tfopt.hcl.evaluate import Edits, Evaluator, elements, member
from tfopt.hcl.file_functions import FileFunctions
from tfopt.hcl.scalars import to_text
from tfopt.hcl.scopes import Frame, InstanceKey, Scope, bindings, spell_key, split_step
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.surroundings import path_value, workspace
from tfopt.hcl.syntax import (
    Added,
    Attr,
    Attribute,
    Block,
    Body,
    Expr,
    Key,
    Literal,
    Name,
    Object,
    Step,
    Tuple,
)
from tfopt.hcl.values import Blocked, Unknown, Vacancy, Value, lift, plain, same, unknown

PlanVariables = Mapping[str, tuple[object, bool]]
"""Root variable → (the value in the plan, whether it is sensitive)."""

META_ARGUMENTS = {"count", "for_each", "depends_on", "provider", "lifecycle", "providers"}


@dataclass(frozen=True, slots=True)
class _Reference:
    """A name followed by steps: `root.first.…`, seen from a frame."""

    root: str
    first: str
    steps: Sequence[Step]
    frame: Frame
    where: str


class Configuration(Evaluator):
    """A configuration as the plan saw it: sources, and the values of the root's variables.

    Args:
        sources: the files.
        variables: the root variables' values in the plan.
        edits: what is to be read as if it were written otherwise; the variables that it touches are
            then believed to follow the files, as they were checked to without it.
    """

    def __init__(
        self,
        sources: Sources,
        variables: PlanVariables,
        edits: Edits | None = None,
    ):
        super().__init__(edits or Edits())
        self.sources = sources
        self._variables = variables
        self.root = Scope((), sources.root)
        self._scopes: dict[tuple[str, ...], Scope | Unknown] = {(): self.root}
        self._known: dict[tuple[object, ...], Value] = {}
        self._active: set[tuple[object, ...]] = set()
        self._files = FileFunctions(self, sources.data_files, self.edits)

    def call(self, name: str, args: Sequence[Value], frame: Frame, where: str) -> Value:
        """See Evaluator.call."""
        found = self._files.call(name, args, frame, where)
        return super().call(name, args, frame, where) if found is None else found

    # -- names ---------------------------------------------------------------------------------

    def reference(self, name: Name, steps: Sequence[Step], frame: Frame) -> tuple[Value, int]:
        """See Evaluator.reference."""
        where = name.span.where
        first = _step_name(steps, 0)
        if first is None:
            return unknown(f"not traced yet: {name.name}", where), len(steps)
        reference = _Reference(name.name, first, steps, frame, where)
        return _ROOTS.get(name.name, Configuration._resource_reference)(self, reference)

    def _variable_reference(self, ref: _Reference) -> tuple[Value, int]:
        return self._once("var", ref.frame.scope, ref.first, ref.where, self._variable), 1

    def _local_reference(self, ref: _Reference) -> tuple[Value, int]:
        return self._once("local", ref.frame.scope, ref.first, ref.where, self._local), 1

    def _path_reference(self, ref: _Reference) -> tuple[Value, int]:
        module, folder = ref.frame.scope.module, self.sources.data_files.folder
        return path_value(ref.first, module, folder, ref.where), 1

    def _terraform_reference(self, ref: _Reference) -> tuple[Value, int]:
        if ref.first != "workspace":
            return self._not_traced(ref)
        return workspace(self.sources.data_files.folder, ref.where), 1

    def _not_traced(self, ref: _Reference) -> tuple[Value, int]:
        return unknown(f"not traced yet: {ref.root}.{ref.first}", ref.where), len(ref.steps)

    def _once(
        self,
        kind: str,
        scope: Scope,
        name: str,
        where: str,
        resolve: Callable[[Scope, str, str], Value],
    ) -> Value:
        place = (kind, scope, name)
        if place in self._known:
            return self._known[place]
        if place in self._active:
            return unknown(f"{kind}.{name} refers to itself", where)
        self._active.add(place)
        try:
            value = resolve(scope, name, where)
        finally:
            self._active.discard(place)
        self._known[place] = value
        return value

    def _local(self, scope: Scope, name: str, where: str) -> Value:
        attribute = scope.module.locals.get(name)
        if attribute is None:
            return unknown(f"local.{name} is not declared", where)
        return self.carried(attribute, Frame(scope), f"local.{name}")

    def carried(self, attribute: Attribute, frame: Frame, shown: str) -> Value:
        """Evaluate an attribute and note the hop, unless the literal itself stands there."""
        value = self.evaluate(attribute.expr, frame)
        if isinstance(attribute.expr, Literal | Object | Tuple):
            return value
        return value.passed(f"{attribute.span.where} {shown} = {describe(attribute.expr)}")

    # -- variables -----------------------------------------------------------------------------

    def _variable(self, scope: Scope, name: str, where: str) -> Value:
        block = scope.module.block("variable", name)
        if block is None:
            return unknown(f"var.{name} is not declared", where)
        if self._is_sensitive(scope, block):
            return unknown(f"var.{name} is sensitive", where)
        value = self._assigned(scope, block)
        constraint = block.body.attributes.get("type")
        if constraint is None:
            return value
        kind = _constraint(constraint.expr)
        return convert(value, kind, lambda expr: self.evaluate(expr, Frame(scope)))

    def _is_sensitive(self, scope: Scope, block: Block) -> bool:
        declared = block.body.attributes.get("sensitive")
        if declared is not None and self.evaluate(declared.expr, Frame(scope)).data is not False:
            return True
        in_plan = self._variables.get(block.labels[0]) if scope is self.root else None
        return in_plan is not None and in_plan[1]

    def _assigned(self, scope: Scope, block: Block) -> Value:
        name = block.labels[0]
        if scope is self.root:
            return self._root_value(block, name)
        assert scope.call is not None
        assert scope.caller is not None
        argument = scope.call.body.attributes.get(name)
        if argument is None:
            return self._not_passed(scope, scope.call, block)
        shown = f"{scope.path[-1]} {name}"
        value = self.carried(argument, scope.caller, shown)
        return value if value.data is not None else self._null(scope, block, value)

    def _not_passed(self, scope: Scope, call: Block, block: Block) -> Value:
        """The default, for which the call could pass an argument."""
        name, where = block.labels[0], frozenset((call.span,))
        if name in self.edits.added(call.span):
            return lift(self.edits.added(call.span)[name], None, where)
        vacant = (Vacancy(call.span, name),)
        return self._default(scope, block).chosen_over(Value(None, tokens=where, vacant=vacant))

    def _null(self, scope: Scope, block: Block, value: Value) -> Value:
        """An explicit null means the default where the variable is not nullable."""
        nullable = block.body.attributes.get("nullable")
        if nullable is not None and self.evaluate(nullable.expr, Frame(scope)).data is False:
            return self._default(scope, block).chosen_over(value)
        return value

    def _default(self, scope: Scope, block: Block) -> Value:
        default = block.body.attributes.get("default")
        if default is None:
            return unknown(f"var.{block.labels[0]} has no value", block.span.where)
        return self.evaluate(default.expr, Frame(scope))

    def _root_value(self, block: Block, name: str) -> Value:
        assignments = self.sources.assignments.get(name, ())
        if assignments:
            written = self.evaluate(assignments[-1].expr, Frame(self.root))
            place = assignments[-1].span.where
        else:
            written = self._unassigned(block, name)
            place = block.span.where
        if name not in self._variables or self.edits.touch(written):
            return written
        planned = self._variables[name][0]
        if written.unknown is None and same(plain(written), planned):
            return written
        reason = (
            f"var.{name} was set elsewhere (environment, HCP, -var or another variable file), "
            "or the file was edited after the plan was made"
        )
        if written.unknown is None:
            reason += f": {place} does not hold the plan's value"
        return lift(planned, Blocked("value-from-environment", reason))

    def _unassigned(self, block: Block, name: str) -> Value:
        """The default, for which the strongest variable file could hold a value."""
        if not self.sources.var_files:
            return self._default(self.root, block)
        file = whole_file(self.sources.var_files[-1])
        where = frozenset((file,))
        if name in self.edits.added(file):
            return lift(self.edits.added(file)[name], None, where)
        vacant = (Vacancy(file, name),)
        return self._default(self.root, block).chosen_over(Value(None, tokens=where, vacant=vacant))

    # -- modules -------------------------------------------------------------------------------

    def _module_reference(self, ref: _Reference) -> tuple[Value, int]:
        scope, name, everything = ref.frame.scope, ref.first, len(ref.steps)
        call = scope.module.block("module", name)
        if call is None:
            return unknown(f"module.{name} is not declared", ref.where), everything
        key, at = self.instance_key(call, ref.steps, 1, ref.frame)
        output = _step_name(ref.steps, at)
        if isinstance(key, Unknown) or output is None:
            return unknown(f"not traced yet: all of module.{name}", ref.where), everything
        child = self.child(scope, call, key)
        if isinstance(child, Unknown):
            return Value(child), everything
        return self._once("output", child, output, ref.where, self._output), at + 1

    def _output(self, scope: Scope, name: str, where: str) -> Value:
        block = scope.module.block("output", name)
        if block is None or "value" not in block.body.attributes:
            return unknown(f"output {name} is not declared", where)
        sensitive = block.body.attributes.get("sensitive")
        if sensitive is not None and self.evaluate(sensitive.expr, Frame(scope)).data is not False:
            return unknown(f"output {name} is sensitive", where)
        attribute = block.body.attributes["value"]
        return self.carried(attribute, Frame(scope), f"{scope.path[-1]} output {name}")

    def child(self, scope: Scope, call: Block, key: InstanceKey) -> Scope | Unknown:
        """Return one instance of a called module, or why it is not at hand."""
        path = (*scope.path, f"module.{call.labels[0]}{spell_key(key)}")
        if path not in self._scopes:
            module: Module | str = self.sources.child(scope.module, call)
            if isinstance(module, str):
                self._scopes[path] = Unknown(module, call.span.where)
            else:
                caller = self.instance(call, Frame(scope), key)
                self._scopes[path] = Scope(path, module, call, caller)
        return self._scopes[path]

    def scope(self, path: Sequence[str]) -> Scope | Unknown:
        """Return the module instance at a path such as `('module.shop["paris"]',)`."""
        scope = self.root
        for step in path:
            name, key = split_step(step)
            call = scope.module.block("module", name)
            if call is None:
                return Unknown(f"module.{name} is not in the sources", scope.module.label)
            found = self.child(scope, call, key)
            if isinstance(found, Unknown):
                return found
            scope = found
        return scope

    # -- resources -----------------------------------------------------------------------------

    def _resource_reference(self, ref: _Reference) -> tuple[Value, int]:
        """Resolve a reference to an attribute that is written in the resource's own block."""
        scope, address = ref.frame.scope, f"{ref.root}.{ref.first}"
        block = scope.module.block("resource", ref.root, ref.first)
        if block is None:
            return unknown(f"{address} is not in the sources", ref.where), len(ref.steps)
        key, at = self.instance_key(block, ref.steps, 1, ref.frame)
        name = _step_name(ref.steps, at)
        if isinstance(key, Unknown) or name is None or name not in block.body.attributes:
            reason = f"an attribute of {address} that the provider computes"
            return unknown(reason, ref.where), len(ref.steps)
        shown = f"{address}{spell_key(key)}"

        def resolve(scope: Scope, name: str, _where: str) -> Value:
            instance = self.instance(block, Frame(scope), key)
            return self.carried(block.body.attributes[name], instance, f"{shown}.{name}")

        return self._once(f"{shown} attribute", scope, name, ref.where, resolve), at + 1

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

    def instance_key(
        self, block: Block, steps: Sequence[Step], at: int, frame: Frame
    ) -> tuple[InstanceKey | Unknown, int]:
        """Return the key that the step at a position gives, and the position behind it."""
        attributes = block.body.attributes
        if "count" not in attributes and "for_each" not in attributes:
            return None, at
        step = steps[at] if at < len(steps) else None
        if not isinstance(step, Key):
            return Unknown("several instances", block.span.where), at
        found = self.evaluate(step.key, frame)
        if isinstance(found.data, str | int) and not isinstance(found.data, bool):
            return found.data, at + 1
        return found.unknown or Unknown("an instance key that is not known", block.span.where), at

    def instance(self, block: Block, frame: Frame, key: InstanceKey) -> Frame:
        """Return the frame of one instance of a resource, data source or module call."""
        if not isinstance(key, str):
            return frame.binding(**bindings(key))
        attribute = block.body.attributes.get("for_each")
        if attribute is None:
            return frame.binding(**bindings(key, unknown("no for_each here", block.span.where)))
        collection = self.carried(attribute, frame, "for_each")
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
            count = self.evaluate(attributes["count"].expr, frame)
            number = count.data
            if isinstance(number, int) and number >= 0:
                return list(range(number))
            return count
        if "for_each" not in attributes:
            return [None]
        collection = self.evaluate(attributes["for_each"].expr, frame)
        pairs = elements(collection)
        if pairs is None:
            return collection
        if isinstance(collection.data, tuple):
            return [to_text(value.data) for _, value in pairs]
        return [str(key.data) for key, _ in pairs]

    def has_instance(self, scope: Scope, block: Block, key: InstanceKey) -> bool:
        """Whether an instance, and every module instance around it, exists as far as is known."""
        keys = self.instance_keys(block, Frame(scope))
        if isinstance(keys, list) and key not in keys:
            return False
        if scope.call is None or scope.caller is None:
            return True
        return self.has_instance(scope.caller.scope, scope.call, split_step(scope.path[-1])[1])


def _step_name(steps: Sequence[Step], at: int) -> str | None:
    step = steps[at] if at < len(steps) else None
    if isinstance(step, Attr):
        return step.name
    if isinstance(step, Key) and isinstance(step.key, Literal):
        return str(step.key.value)
    return None


def _constraint(expr: Expr) -> Expr:
    """In 0.11 style the constraint is quoted: "string"."""
    if isinstance(expr, Literal):
        return Name(expr.span, str(expr.value))
    return expr


_ROOTS: dict[str, Callable[[Configuration, _Reference], tuple[Value, int]]] = {
    "var": Configuration._variable_reference,
    "local": Configuration._local_reference,
    "module": Configuration._module_reference,
    "data": Configuration._not_traced,
    "path": Configuration._path_reference,
    "terraform": Configuration._terraform_reference,
    "self": Configuration._not_traced,
    "each": Configuration._not_traced,
    "count": Configuration._not_traced,
}
