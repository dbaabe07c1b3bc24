"""What is asked of the tracer, and what it finds: traces, refusals, and what an edit would move."""

from __future__ import annotations

from dataclasses import dataclass

from tfopt.hcl.locate import Leaf
from tfopt.hcl.scopes import InstanceKey, PathStep, spell_key
from tfopt.hcl.values import Grade


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
        optional: where the configuration has no value, or null, the provider decides.
    """

    module: tuple[str, ...]
    resource: str
    key: InstanceKey
    path: tuple[PathStep, ...]
    planned: object
    creating: bool = False
    optional: bool = False

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

    `value` is what it moves to, as plain data; None where that is nothing or not known. `shown` is
    the address, with the attribute's path where it is the target's own resource.
    """

    address: str
    path: tuple[PathStep, ...]
    certain: bool
    shown: str
    value: object = None


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
