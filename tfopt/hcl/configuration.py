"""What names stand for in a configuration: variables, locals, modules, resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tfopt.hcl.addition import whole_file
from tfopt.hcl.convert import convert
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.file_functions import FileFunctions
from tfopt.hcl.instances import Instances
from tfopt.hcl.scopes import Frame, InstanceKey, Reference, Scope, spell_key, split_step
from tfopt.hcl.sources import Module, Sources
from tfopt.hcl.surroundings import path_value, workspace
from tfopt.hcl.syntax import (
    Attr,
    Block,
    Key,
    Literal,
    Name,
    Step,
)
from tfopt.hcl.values import (
    Blocked,
    Unknown,
    Vacancy,
    Value,
    identical,
    lift,
    plain,
    same,
    unknown,
)

PlanVariables = Mapping[str, tuple[object, bool]]
"""Root variable → (the value in the plan, whether it is sensitive)."""


class Configuration(Instances):
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
        first = _step_name(steps, 0)
        if first is None:
            return unknown(f"not traced yet: {name.name}", name.span.where), len(steps)
        reference = Reference(name.name, first, steps, frame, name.span)
        return _ROOTS.get(name.name, Configuration._resource_reference)(self, reference)

    def _variable_reference(self, ref: Reference) -> tuple[Value, int]:
        return self._once("var", ref.frame.scope, ref.first, ref, self._variable), 1

    def _local_reference(self, ref: Reference) -> tuple[Value, int]:
        return self._once("local", ref.frame.scope, ref.first, ref, self._local), 1

    def _path_reference(self, ref: Reference) -> tuple[Value, int]:
        module, folder = ref.frame.scope.module, self.sources.data_files.folder
        return path_value(ref.first, module, folder, ref.where), 1

    def _terraform_reference(self, ref: Reference) -> tuple[Value, int]:
        if ref.first != "workspace":
            return self._not_traced(ref)
        return workspace(self.sources.data_files.folder, ref.where), 1

    def _not_traced(self, ref: Reference) -> tuple[Value, int]:
        return unknown(f"not traced yet: {ref.root}.{ref.first}", ref.where), len(ref.steps)

    def _once(
        self,
        kind: str,
        scope: Scope,
        name: str,
        ref: Reference,
        resolve: Callable[[Scope, str, str], Value],
    ) -> Value:
        place = (kind, scope, name)
        if place in self._known:
            return self._known[place]
        if place in self._active:
            return unknown(f"{kind}.{name} refers to itself", ref.where)
        self._active.add(place)
        try:
            value = resolve(scope, name, ref.where)
        finally:
            self._active.discard(place)
        self._known[place] = value
        return value

    def root_variable(self, name: str) -> Value:
        """Return a variable of the root module."""
        return self._variable(self.root, name, "")

    def _local(self, scope: Scope, name: str, where: str) -> Value:
        attribute = scope.module.locals.get(name)
        if attribute is None:
            return unknown(f"local.{name} is not declared", where)
        return self.carried(attribute, Frame(scope), f"local.{name}")

    # -- variables -----------------------------------------------------------------------------

    def _variable(self, scope: Scope, name: str, where: str) -> Value:
        block = scope.module.block("variable", name)
        if block is None:
            return unknown(f"var.{name} is not declared", where)
        if self._is_sensitive(scope, block):
            return unknown(f"var.{name} is sensitive", where)
        return self._typed(scope, block, self._assigned(scope, block))

    def _typed(self, scope: Scope, block: Block, value: Value) -> Value:
        constraint = block.body.attributes.get("type")
        if constraint is None:
            return value
        return convert(value, constraint.expr, lambda expr: self.evaluate(expr, Frame(scope)))

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
        return self._or_default(scope, block, value)

    def _not_passed(self, scope: Scope, call: Block, block: Block) -> Value:
        """The default, for which the call could pass an argument."""
        return self._vacant(scope, block, Vacancy(call.span, block.labels[0]))

    def _vacant(self, scope: Scope, block: Block, place: Vacancy) -> Value:
        added = self.edits.added(place.at)
        if place.key in added:
            return lift(added[place.key], None, frozenset((place,)))
        return self._default(scope, block).chosen_over(Value(None, vacant=(place,)))

    def _or_default(self, scope: Scope, block: Block, value: Value) -> Value:
        """An explicit null means the default where the variable is not nullable."""
        if value.data is not None:
            return value
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
            return self._or_default(self.root, block, written)
        planned = self._variables[name][0]
        if written.unknown is None and self._as_planned(block, written, bool(assignments)):
            return self._or_default(self.root, block, written)
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
        return self._vacant(self.root, block, Vacancy(file, name))

    def _as_planned(self, block: Block, written: Value, assigned: bool) -> bool:
        """Whether a root variable's value is the plan's; a default is converted before it is."""
        planned = self._variables[block.labels[0]][0]
        if assigned:
            return identical(plain(written), planned)
        default = plain(self._typed(self.root, block, written))
        # `-var` and the environment give a number as a string, a default is one already
        return identical(default, planned) if isinstance(planned, str) else same(default, planned)

    # -- modules -------------------------------------------------------------------------------

    def _module_reference(self, ref: Reference) -> tuple[Value, int]:
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
        return self._once("output", child, output, ref, self._output), at + 1

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

    def _resource_reference(self, ref: Reference) -> tuple[Value, int]:
        """Resolve a reference to an attribute that is written in the resource's own block."""
        scope, address = ref.frame.scope, f"{ref.root}.{ref.first}"
        block = scope.module.block("resource", ref.root, ref.first)
        if block is None:
            return unknown(f"{address} is not in the sources", ref.where), len(ref.steps)
        key, at = self.instance_key(block, ref.steps, 1, ref.frame)
        name = _step_name(ref.steps, at)
        if at == len(ref.steps) and not isinstance(key, Unknown):
            whole = partial(self.whole, block, key)
            return self._once(address, scope, spell_key(key), ref, whole), at
        if len(ref.steps) == 1 and isinstance(key, Unknown):
            return self._once(address, scope, "", ref, partial(self.every, block)), 1
        if isinstance(key, Unknown) or name is None or name not in block.body.attributes:
            reason = f"an attribute of {address} that the provider computes"
            return unknown(reason, ref.where), len(ref.steps)
        shown = f"{address}{spell_key(key)}"

        def resolve(scope: Scope, name: str, _where: str) -> Value:
            instance = self.instance(block, Frame(scope), key)
            return self.carried(block.body.attributes[name], instance, f"{shown}.{name}")

        return self._once(f"{shown} attribute", scope, name, ref, resolve), at + 1

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


def _step_name(steps: Sequence[Step], at: int) -> str | None:
    step = steps[at] if at < len(steps) else None
    if isinstance(step, Attr):
        return step.name
    if isinstance(step, Key) and isinstance(step.key, Literal):
        return str(step.key.value)
    return None


_ROOTS: dict[str, Callable[[Configuration, Reference], tuple[Value, int]]] = {
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
