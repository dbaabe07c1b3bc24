"""Traces a planned value to the one literal that decides it, and proves the trace by evaluation.

Gate 1: the evaluated value equals the planned one. Gate 2: re-evaluating with the literal replaced
gives exactly the new value at the target; what else moves is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from tfopt.hcl.blocks import at_path
from tfopt.hcl.configuration import Configuration, PlanVariables
from tfopt.hcl.counterfactual import Edits
from tfopt.hcl.document import Document
from tfopt.hcl.findings import Counterfactual, Refusal, Target, Trace
from tfopt.hcl.lifecycle import Lifecycle, ignored_at, lifecycle_of
from tfopt.hcl.locate import Leaf, leaf_at, leaf_to_add
from tfopt.hcl.moves import Radius, is_target, shown_address
from tfopt.hcl.radius import scopes
from tfopt.hcl.scopes import Frame, InstanceKey, Scope
from tfopt.hcl.sources import Sources
from tfopt.hcl.strings import as_written
from tfopt.hcl.syntax import Block, Scalar
from tfopt.hcl.values import Blocked, Grade, Unknown, Vacancy, Value, plain, same

__all__ = ["Counterfactual", "Refusal", "Target", "Trace", "Tracer"]


class Tracer:
    """Traces attributes of one plan through its sources.

    Args:
        sources: the configuration's files.
        variables: root variable → (its value in the plan, whether it is sensitive).
    """

    def __init__(self, sources: Sources, variables: PlanVariables):
        self._sources = sources
        self._variables = variables
        self._configuration = Configuration(sources, variables)
        self._radius = Radius(self._configuration)

    @property
    def configuration(self) -> Configuration:
        """The configuration as the plan saw it."""
        return self._configuration

    @property
    def radius(self) -> Radius:
        """What else an edit moves."""
        return self._radius

    def edited(self, edits: Edits, read: type[Configuration] = Configuration) -> Configuration:
        """Return the configuration read as if it were written otherwise."""
        return read(self._sources, self._variables, edits)

    def trace(self, target: Target) -> Trace | Refusal:
        """Return the literal that decides a planned attribute, or why it cannot be edited."""
        found = self._block(target)
        if isinstance(found, Unknown):
            return Refusal(target, "unknown", str(found))
        scope, block = found
        ignored = None if target.creating else ignored_at(block, target.path)
        if ignored is not None:
            reason = f"lifecycle.ignore_changes keeps edits from taking effect ({ignored})"
            return Refusal(target, "ignored-by-lifecycle", reason)
        values = self._values(self._configuration, scope, block, target)
        for value in values:
            refused = self._gate_one(target, value)
            if refused is not None:
                return refused
        if len({value.leaf for value in values}) > 1:
            reason = "its instances take it from different places"
            return Refusal(target, "unknown", reason, values[0].hops)
        return self._graded(target, values[0], block)

    def block(self, target: Target) -> Block | None:
        """Return the target's block; None where it is not found."""
        found = self._block(target)
        return None if isinstance(found, Unknown) else found[1]

    def places(self, hops: Iterable[str]) -> Iterator[tuple[Document, int]]:
        """Yield the lines that the hops of a trace stand on."""
        for hop in hops:
            label, _, line = hop.partition(" ")[0].rpartition(":")
            if line.isdigit() and label in self._documents:
                yield self._documents[label], int(line)

    @cached_property
    def _documents(self) -> Mapping[str, Document]:
        modules = {scope.module for scope in scopes(self._configuration)}
        found = (document for module in modules for document in module.documents)
        return {document.label: document for document in (*found, *self._sources.var_files)}

    def calls(self, target: Target) -> Iterator[Block]:
        """Yield the module calls around a target, the innermost first."""
        scope = self._configuration.scope(target.module)
        while isinstance(scope, Scope) and scope.call is not None and scope.caller is not None:
            yield scope.call
            scope = scope.caller.scope

    def lifecycle(self, target: Target) -> Lifecycle | None:
        """Return what the sources say of how a target lives on; None where they do not have it."""
        found = self._block(target)
        if isinstance(found, Unknown):
            return None
        values = self._values(self._configuration, *found, target)
        unset = all(value.unknown is None and plain(value) is None for value in values)
        return replace(lifecycle_of(found[1], target.path), unset=unset)

    def as_filed(self, target: Target) -> Leaf | None:
        """Return the literal that decides a target if the files are believed over the plan."""
        found = self._block(target)
        if isinstance(found, Unknown):
            return None
        filed = self._sources.assignments
        declared = {b.labels[0]: b.body.attributes for b in self._sources.root.of_kind("variable")}
        written = {*filed, *(name for name, body in declared.items() if "default" in body)}
        others = {name: kept for name, kept in self._variables.items() if name not in written}
        files = Configuration(self._sources, others)
        scope = files.scope(target.module)
        if isinstance(scope, Unknown):
            return None
        leaves = {value.leaf for value in self._values(files, scope, found[1], target)}
        leaf = leaves.pop()
        return leaf_at(leaf) if leaf is not None and not leaves else None

    def unlike_the_plan(self) -> Iterator[tuple[str, str]]:
        """Yield the variables, with place, that a file assigns and the plan has otherwise."""
        for name in self._sources.assignments:
            if name in self._variables and not self._variables[name][1]:
                value = self._configuration.root_variable(name)
                if value.blocked is not None and value.blocked.grade == "value-from-environment":
                    yield name, self._sources.assignments[name][-1].span.where

    def counterfactual(self, trace: Trace, new_value: Scalar) -> Counterfactual:
        """Return what editing the leaf to `new_value` would do, by evaluating again.

        `new_value` is the target's; the leaf is written in its own type ("5" stays a string).
        """
        own = own_grade(trace.leaf)
        edited = self.edited(_edits(trace.leaf, new_value))
        found = self._block(trace.target)
        assert not isinstance(found, Unknown)
        scope = edited.scope(trace.target.module)
        if isinstance(scope, Unknown) or _is_gone(edited, scope, found[1], trace.target):
            failed: str | None = "the edit would remove the instance it is meant for"
        else:
            values = self._values(edited, scope, found[1], trace.target)
            proven = all(v.unknown is None and same(plain(v), new_value) for v in values)
            failed = None if proven else "the edit alone does not give the new value"
        failed = failed or self._radius.broken(trace, edited)
        moves = self._radius.moves(trace, found[1], edited)
        return Counterfactual(failed is None, failed, moves, own)

    def narrowest(self, trace: Trace, new_value: Scalar) -> tuple[Trace, Counterfactual]:
        """Return the edit that gives the new value and moves nothing else, and its proof.

        The literal itself comes first, then the keys that could be added. Where every edit moves
        something else, the literal's is returned, or else the first that gives the value. A default
        of the root module serves every environment: where variable files were named, a key in them
        comes before it.
        """
        tried = [(trace, self.counterfactual(trace, new_value))]
        enough = _is_clean(tried[0][1]) and not self._serves_others(trace.leaf)
        for leaf in () if enough else trace.overrides:
            other = replace(trace, leaf=leaf, hops=(_hop(leaf), *trace.hops), overrides=())
            tried.append((other, self.counterfactual(other, new_value)))
            if _is_clean(tried[-1][1]):
                return tried[-1]
        return next((each for each in tried if each[1].proven), tried[0])

    def _serves_others(self, leaf: Leaf) -> bool:
        default = leaf.slot is None and leaf.block is not None and leaf.block.kind == "variable"
        return default and self._sources.named_var_files

    def _block(self, target: Target) -> tuple[Scope, Block] | Unknown:
        scope = self._configuration.scope(target.module)
        if isinstance(scope, Unknown):
            return scope
        block = scope.module.block("resource", *target.resource.split(".", 1))
        if block is None:
            return Unknown(f"{target.resource} is not in the sources", scope.module.label)
        return scope, block

    @staticmethod
    def _values(
        configuration: Configuration, scope: Scope, block: Block, target: Target
    ) -> list[Value]:
        """Return the value in the targeted instance, or in each where all are meant; never none."""
        keys: list[InstanceKey] | Value = [target.key]
        if target.key is None and target.path != ("count",):
            keys = configuration.instance_keys(block, Frame(scope))
        frames = [
            configuration.instance(block, Frame(scope), key)
            for key in ([None] if isinstance(keys, Value) or not keys else keys)
        ]
        return [
            at_path(configuration, configuration.body(block), target.path, frame, target.address)
            for frame in frames
        ]

    def _gate_one(self, target: Target, value: Value) -> Refusal | None:
        if target.optional and _is_unset(value):
            return None
        if value.unknown is not None and not (target.planned is None and value.unknown.fails):
            return Refusal(target, "unknown", str(value.unknown), value.hops)
        if not isinstance(target.planned, None | bool | int | float | str):
            shown = "is sensitive, unknown or not a scalar"
            return Refusal(target, "unknown", f"the planned value {shown}", value.hops)
        if value.unknown is None and not same(plain(value), target.planned):
            leaf = leaf_at(value.leaf) if value.leaf is not None else None
            what = f"{leaf.label}:{leaf.line}" if leaf is not None else "the configuration"
            reason = (
                f"{what} does not give the planned value: was it edited since the plan was made?"
            )
            return Refusal(target, "unknown", reason, value.hops, leaf)
        return None

    def _graded(self, target: Target, value: Value, block: Block) -> Trace | Refusal:
        """Choose among the literal and the keys that could be added the first that is ours."""
        literal = leaf_at(value.leaf) if value.leaf is not None else None
        vacant = value.vacant
        if value.unknown is not None and len(target.path) == 1:
            vacant = (Vacancy(block.span, str(target.path[0])), *vacant)
        found = map(leaf_to_add, vacant)
        overrides = [leaf for leaf in found if leaf is not None and not_ours(leaf) is None]
        refused = not_ours(literal) if literal is not None else None
        hops = (*value.hops, target.address)
        if literal is not None:
            hops = (_hop(literal), *hops)
        if literal is not None and refused is None:
            return self._found(target, hops, literal, overrides)
        if overrides:
            hops = (_hop(overrides[0]), *hops)
            return self._found(target, hops, overrides[0], overrides[1:])
        if refused is not None:
            return Refusal(target, *refused, hops, literal)
        blocked = value.blocked or Blocked("unknown", "not a literal of its own")
        reason = str(value.unknown) if value.unknown is not None else blocked.reason
        return Refusal(target, blocked.grade, reason, value.hops)

    def _found(
        self, target: Target, hops: tuple[str, ...], leaf: Leaf, overrides: Sequence[Leaf]
    ) -> Trace:
        fed = self._radius.fed_by(leaf) if leaf.slot is None else []  # else the edit's moves tell
        others = [o for o in fed if not o.is_condition and not is_target(o, target)]
        shown = tuple(dict.fromkeys(shown_address(o.address, o.path, target) for o in others))
        reason = f"also feeds {', '.join(shown[:3])}{', …' if len(shown) > 3 else ''}"
        grade = "patchable-shared" if others else own_grade(leaf)
        return Trace(target, leaf, grade, hops, shown, reason if shown else None, tuple(overrides))


def _is_unset(value: Value) -> bool:
    """Whether the configuration leaves a value open: null, or not written at all."""
    return value.data is None or (value.unknown is not None and value.unknown.fails)


def _is_gone(edited: Configuration, scope: Scope, block: Block, target: Target) -> bool:
    if target.path == ("count",):
        return False
    keys = edited.instance_keys(block, Frame(scope))
    key = keys[0] if target.key is None and isinstance(keys, list) and keys else target.key
    return not edited.has_instance(scope, block, key)


def _hop(leaf: Leaf) -> str:
    added = " (to be added)" if leaf.slot is not None else ""
    return f"{leaf.label}:{leaf.line} {leaf.path}{added}"


def _is_clean(proof: Counterfactual) -> bool:
    return proof.proven and not proof.moves


def _edits(leaf: Leaf, new_value: Scalar) -> Edits:
    if leaf.slot is not None:
        return Edits(keys={leaf.span: {leaf.key: new_value}})
    return Edits(replaced={leaf.span: as_written(leaf.value, new_value)})


def own_grade(leaf: Leaf) -> Grade:
    """Return how an edit of a leaf is to be taken, were the leaf nobody else's."""
    if leaf.slot is not None and leaf.block is not None and leaf.block.kind == "module":
        return "module-default"
    return "edit-literal" if leaf.span.document.role == "configuration" else "patchable"


def not_ours(leaf: Leaf) -> tuple[Grade, str] | None:
    """Return why a literal's file is not to be edited, or None."""
    owner, block = leaf.span.document.owner, leaf.block
    if owner != "root" and block is not None and block.kind == "variable":
        reason = f"the default of var.{block.labels[0]} in {leaf.label}: the call must pass it"
        return "module-default", reason
    reasons = {
        "outside": f"{leaf.label} stands outside the configuration directory",
        "vendored": f"{leaf.label} belongs to a downloaded module",
        "saved-plan": f"{leaf.label} is in the saved plan but not, unchanged, on disk",
    }
    return ("unknown", reasons[owner]) if owner in reasons else None
