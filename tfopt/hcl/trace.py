"""Traces a planned value to the one literal that decides it, and proves the trace by evaluation.

Gate 1: the evaluated value equals the planned one. Gate 2: re-evaluating with the literal replaced
gives exactly the new value at the target; what else moves is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tfopt.hcl.blocks import at_path
from tfopt.hcl.configuration import Configuration, PlanVariables
from tfopt.hcl.document import Span
from tfopt.hcl.evaluate import Edits
from tfopt.hcl.lifecycle import Lifecycle, ignored_at, lifecycle_of
from tfopt.hcl.locate import Leaf, leaf_at, leaf_to_add
from tfopt.hcl.radius import Occurrence, Place, at_place, by_token
from tfopt.hcl.scopes import Frame, InstanceKey, PathStep, Scope, spell_key
from tfopt.hcl.sources import Sources
from tfopt.hcl.strings import as_written
from tfopt.hcl.syntax import Block, Scalar
from tfopt.hcl.values import Blocked, Grade, Unknown, Vacancy, Value, first_unknown, plain, same


@dataclass(frozen=True, slots=True)
class Target:
    """One planned attribute.

    Attributes:
        module: the module path with keys, `('module.shop["paris"]',)`; () for the root.
        resource: the address inside its module without key, "aws_launch_template.web".
        key: the for_each or count key of the resource; None for all of its instances, which are
            then planned alike.
        path: where the attribute stands in the planned values, `("scaling_config", 0, "min_size")`;
            `("count",)` means the number of instances.
        planned: its planned value; anything that is not a JSON scalar is refused.
        creating: the resource does not exist yet, so that `ignore_changes` keeps nothing out.
    """

    module: tuple[str, ...]
    resource: str
    key: InstanceKey
    path: tuple[PathStep, ...]
    planned: object
    creating: bool = False

    @property
    def address(self) -> str:
        """The full address, as Terraform prints it."""
        return ".".join((*self.module, self.resource + spell_key(self.key)))


@dataclass(frozen=True, slots=True)
class Trace:
    """A proven way from a planned attribute to a literal that may be edited, or a key to be added.

    `grade` is "patchable-shared" where the leaf has a say in anything else, whether or not an edit
    would move that: the counterfactual of an edit knows. `overrides` are keys that could be added
    to decide the attribute instead of the leaf, best first.
    """

    target: Target
    leaf: Leaf
    grade: Grade
    hops: tuple[str, ...]  # from the leaf to the resource, `file:line expression`
    also_feeds: tuple[str, ...]  # what else the leaf has a say in, as addresses
    reason: str | None = None
    overrides: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a planned attribute cannot be edited; `leaf` is where it would be, if that is known."""

    target: Target
    grade: Grade
    reason: str
    hops: tuple[str, ...] = ()
    leaf: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Something else that an edit moves; `certain` is False where it could not be evaluated.

    `shown` is the address, with the attribute's path where it is the target's own resource.
    """

    address: str
    path: tuple[PathStep, ...]
    certain: bool
    shown: str


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What the configuration would say with the literal replaced."""

    proven: bool
    reason: str | None  # why not proven
    moves: tuple[Move, ...]
    own_grade: Grade = "patchable"  # of the leaf, were it nobody else's

    @property
    def grade(self) -> Grade:
        """How the edit is to be taken: shared where it moves anything else."""
        return "patchable-shared" if self.moves else self.own_grade

    @property
    def also_moves(self) -> tuple[str, ...]:
        """Each moved address once, the certain ones first, then `may move: …`."""
        certain = dict.fromkeys(move.shown for move in self.moves if move.certain)
        rest = dict.fromkeys(move.shown for move in self.moves if move.shown not in certain)
        return (*certain, *(f"may move: {shown}" for shown in rest))


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

    def lifecycle(self, target: Target) -> Lifecycle | None:
        """Return what the sources say of how a target lives on; None where they do not have it."""
        found = self._block(target)
        if isinstance(found, Unknown):
            return None
        values = self._values(self._configuration, *found, target)
        unset = all(value.unknown is None and plain(value) is None for value in values)
        return replace(lifecycle_of(found[1], target.path), unset=unset)

    def counterfactual(self, trace: Trace, new_value: Scalar) -> Counterfactual:
        """Return what editing the leaf to `new_value` would do, by evaluating again.

        `new_value` is the target's; the leaf is written in its own type ("5" stays a string).
        """
        own = _own_grade(trace.leaf)
        edited = Configuration(self._sources, self._variables, _edits(trace.leaf, new_value))
        found = self._block(trace.target)
        assert not isinstance(found, Unknown)
        scope = edited.scope(trace.target.module)
        if isinstance(scope, Unknown) or _is_gone(edited, scope, found[1], trace.target):
            reason = "the edit would remove the instance it is meant for"
            return Counterfactual(False, reason, self._moves(trace, edited), own)
        values = self._values(edited, scope, found[1], trace.target)
        proven = all(v.unknown is None and same(plain(v), new_value) for v in values)
        failed = None if proven else "the edit alone does not give the new value"
        return Counterfactual(proven, failed, self._moves(trace, edited), own)

    def narrowest(self, trace: Trace, new_value: Scalar) -> tuple[Trace, Counterfactual]:
        """Return the edit that gives the new value and moves nothing else, and its proof.

        The literal itself comes first, then the keys that could be added. Where every edit moves
        something else, the literal's is returned, or else the first that gives the value.
        """
        tried = [(trace, self.counterfactual(trace, new_value))]
        for leaf in trace.overrides if not _is_clean(tried[0][1]) else ():
            other = replace(trace, leaf=leaf, hops=(_hop(leaf), *trace.hops), overrides=())
            tried.append((other, self.counterfactual(other, new_value)))
            if _is_clean(tried[-1][1]):
                return tried[-1]
        return next((each for each in tried if each[1].proven), tried[0])

    def _moves(self, trace: Trace, edited: Configuration) -> tuple[Move, ...]:
        before = {(o.address, o.path): o for o in self._fed(trace.leaf.span)}
        places = dict.fromkeys(occurrence.place for occurrence in before.values())
        if trace.leaf.slot is not None:
            places |= dict.fromkeys(self._places_of(trace))
        after = {
            (occurrence.address, occurrence.path): occurrence
            for place in places
            for occurrence in at_place(edited, place)
            if not occurrence.value.all_tokens().isdisjoint(_read_as(trace.leaf.span))
        }
        moves: list[Move] = []
        for place in before | after:
            old, new = before.get(place), after.get(place)
            if not _is_target((before | after)[place], trace.target):
                certainty = _moved(old, new)
                if certainty is not None:
                    shown = shown_address(*place, trace.target)
                    moves.append(Move(*place, certain=certainty, shown=shown))
        return tuple(moves)

    def _places_of(self, trace: Trace) -> list[Place]:
        """Return the target's own block in every module instance: a key may be added to it."""
        found = self._block(trace.target)
        assert not isinstance(found, Unknown)
        scope, block = found
        everywhere = (o.place for fed in self._by_token.values() for o in fed)
        here = [place for place in everywhere if place.block.span == block.span]
        return [Place(scope.path, block), *here]

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
        if value.unknown is not None and not (target.planned is None and value.unknown.fails):
            return Refusal(target, "unknown", str(value.unknown), value.hops)
        if not isinstance(target.planned, None | bool | int | float | str):
            shown = "is sensitive, unknown or not a scalar"
            return Refusal(target, "unknown", f"the planned value {shown}", value.hops)
        if value.unknown is None and not same(plain(value), target.planned):
            reason = "the configuration does not give the planned value"
            return Refusal(
                target, "unknown", reason, value.hops, value.leaf and leaf_at(value.leaf)
            )
        return None

    def _graded(self, target: Target, value: Value, block: Block) -> Trace | Refusal:
        """Choose among the literal and the keys that could be added the first that is ours."""
        literal = leaf_at(value.leaf) if value.leaf is not None else None
        vacant = value.vacant
        if value.unknown is not None and len(target.path) == 1:
            vacant = (Vacancy(block.span, str(target.path[0])), *vacant)
        found = map(leaf_to_add, vacant)
        overrides = [leaf for leaf in found if leaf is not None and _not_ours(leaf) is None]
        refused = _not_ours(literal) if literal is not None else None
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
        others = [o for o in self._fed(leaf.span) if not _is_target(o, target)]
        if leaf.slot is not None:  # what an added key moves, its counterfactual tells
            others = []
        shown = tuple(dict.fromkeys(shown_address(o.address, o.path, target) for o in others))
        reason = f"also feeds {', '.join(shown[:3])}{', …' if len(shown) > 3 else ''}"
        grade = "patchable-shared" if others else _own_grade(leaf)
        return Trace(target, leaf, grade, hops, shown, reason if shown else None, tuple(overrides))

    @cached_property
    def _by_token(self) -> Mapping[Span, Sequence[Occurrence]]:
        return by_token(self._configuration)

    def _fed(self, token: Span) -> Sequence[Occurrence]:
        return [each for read in _read_as(token) for each in self._by_token.get(read, ())]


def _read_as(token: Span) -> tuple[Span, Span]:
    """Return a literal's token, and that of the text of its file, where that is read as one."""
    return token, token.document.text_token


def shown_address(address: str, path: tuple[PathStep, ...], target: Target) -> str:
    """Return the address of what a leaf feeds; within the target's resource, with the path."""
    if address != target.address:
        return address
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return address + "".join(steps)


def _moved(old: Occurrence | None, new: Occurrence | None) -> bool | None:
    """Return None where nothing moved, else whether that is certain."""
    if old is None or new is None:
        return True
    if first_unknown((old.value, new.value)) is not None:
        return False
    return None if plain(old.value) == plain(new.value) else True


def _is_gone(edited: Configuration, scope: Scope, block: Block, target: Target) -> bool:
    if target.path == ("count",):
        return False
    keys = edited.instance_keys(block, Frame(scope))
    key = keys[0] if target.key is None and isinstance(keys, list) and keys else target.key
    return not edited.has_instance(scope, block, key)


def _is_target(occurrence: Occurrence, target: Target) -> bool:
    """Tell whether an occurrence is what the target means: instances of a whole block are one."""
    length = len(occurrence.path)
    if occurrence.path != target.path[:length]:
        return False
    whole = target.key is None and occurrence.address.startswith(target.address + "[")
    return whole or occurrence.address == target.address


def _hop(leaf: Leaf) -> str:
    added = " (to be added)" if leaf.slot is not None else ""
    return f"{leaf.label}:{leaf.line} {leaf.path}{added}"


def _is_clean(proof: Counterfactual) -> bool:
    return proof.proven and not proof.moves


def _edits(leaf: Leaf, new_value: Scalar) -> Edits:
    if leaf.slot is not None:
        return Edits(keys={leaf.span: {leaf.key: new_value}})
    return Edits(replaced={leaf.span: as_written(leaf.value, new_value)})


def _own_grade(leaf: Leaf) -> Grade:
    if leaf.slot is not None and leaf.block is not None and leaf.block.kind == "module":
        return "module-default"
    return "edit-literal" if leaf.span.document.role == "configuration" else "patchable"


def _not_ours(leaf: Leaf) -> tuple[Grade, str] | None:
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
