"""Proves a patch by planning a copy of the configuration without it and with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Patch
from tfopt.patching.compare import Difference, Place, Planned, differences, misses, read_planned
from tfopt.patching.copied import Copy, copied
from tfopt.patching.terraform import Maker, Terraform, TerraformFailedError, Tool, find_tool

Progress = Callable[[int, int, str], None]  # steps done, steps in all, what is being done
_STEPS = 4
_NO_STATE = (
    "the folder is not initialised: planned without its state, so that everything is to be created"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a second plan says of a patch.

    Attributes:
        tool: "terraform" or "tofu".
        version: of it.
        held: the wanted values are planned, and nothing differs that was not to be expected.
        differences: every planned value that differs between the two plans.
        problem: why it does not hold, in a sentence; None where it holds.
        notes: what limits the proof.
    """

    tool: str
    version: str
    held: bool
    differences: tuple[Difference, ...]
    problem: str | None = None
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the report, a line each: the outcome, the differences, the notes."""
        outcome = "verified" if self.held else f"not verified: {self.problem}"
        yield f"{self.tool} {self.version}: {outcome}"
        yield from (f"  {difference}" for difference in self.differences)
        yield from (f"  note: {note}" for note in self.notes)


def verify(
    patch: Patch,
    config_dir: Path,
    var_files: Sequence[Path],
    wanted: Mapping[Place, str | int | float | bool],
    may_move: Collection[str],
    *,
    progress: Progress,
    made_by: Maker = "terraform",
) -> Verification:
    """Plan a copy of a configuration without and with a patch, and compare all planned values.

    One copy is planned twice, so that folder, state, environment and data sources are alike. The
    user's folder is only read, state is neither locked nor refreshed, and nothing is applied.

    Args:
        patch: what was edited.
        config_dir: the root module's folder.
        var_files: the files given with `-var-file`, in command-line order.
        wanted: (resource address, *path) → value, in the configuration's units; an address without
            key means all instances, the path `("count",)` their number.
        may_move: what else the edits were said to move, as their `also_moves` has it.
        progress: told of each step and while terraform runs.
        made_by: the tool that made the plan; the other one stands in where it is missing.

    Raises:
        TfoptError: neither tool is on PATH, or the configuration cannot be planned as it is.
    """
    tool = find_tool(made_by)
    progress(0, _STEPS, "copying the configuration")
    with copied(config_dir, var_files, patch) as copy:
        run = _Run(tool, copy, progress)
        before = run.unpatched(config_dir)
        copy.apply(patch)
        try:
            after = run.plan(2, "planning with the patch")
        except TerraformFailedError as failure:
            stopped = f"with the patch, {tool.name} stops: {failure}"
            return Verification(tool.name, before.version, False, (), stopped, run.notes)
    progress(3, _STEPS, "comparing the plans")
    found = differences(before, after, wanted, may_move)
    problem = _problem(misses(after, wanted), found)
    progress(_STEPS, _STEPS, "compared")
    return Verification(tool.name, after.version, problem is None, found, problem, run.notes)


@dataclass(frozen=True, slots=True)
class _Run:
    """The two plans of one copy."""

    tool: Tool
    copy: Copy
    progress: Progress

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits the proof."""
        missing = "" if self.copy.initialised else _NO_STATE
        return tuple(note for note in (self.tool.note, missing) if note)

    def unpatched(self, config_dir: Path) -> Planned:
        """Plan the copy as it is, initialised first where the original was not."""
        try:
            if not self.copy.initialised:
                self._terraform(1, "installing providers").init()
            return self.plan(1, "planning without the patch")
        except TerraformFailedError as failure:
            raise TfoptError(
                f"cannot be verified: {self.tool.name} does not plan it as it is: {failure}",
                where=config_dir,
                hint="Plan it there first; give variables by --var-file or TF_VAR_…",
            ) from None

    def plan(self, step: int, what: str) -> Planned:
        """Plan the copy as it stands now."""
        return read_planned(self._terraform(step, what).plan(self.copy.var_files))

    def _terraform(self, step: int, what: str) -> Terraform:
        def tick() -> None:
            self.progress(step, _STEPS, what)

        tick()
        return Terraform(self.tool, self.copy.folder, self.copy.data_dir, tick)


def _problem(missed: Sequence[str], found: Sequence[Difference]) -> str | None:
    if missed:
        return missed[0]
    beside = [difference for difference in found if not difference.expected]
    if not beside:
        return None
    more = f", and {len(beside) - 1} more" if beside[1:] else ""
    return f"{beside[0].place} moves too, which was not foreseen{more}"
