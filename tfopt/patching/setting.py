"""Makes one attribute of one group a value: the proven edit, without advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Patch, make_patch
from tfopt.hcl.values import same
from tfopt.patching.edits import propose
from tfopt.patching.inputs import PlanSources, read_with_sources
from tfopt.patching.targets import (
    find_group,
    in_configuration_units,
    site_of,
    target_of,
)
from tfopt.plan.model import SIZING
from tfopt.recommendation import Edit

NOTHING = Patch(())


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    plan: str
    address: str
    attribute: str
    value: str  # as typed
    config_dir: Path | None = None
    var_files: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """The edits that make the wish true; none where it is true already."""

    given: PlanSources
    edits: tuple[Edit, ...]
    patch: Patch
    notes: tuple[str, ...] = ()

    @property
    def also_moves(self) -> tuple[str, ...]:
        """Everything else that moves with the edits, each once."""
        return tuple(dict.fromkeys(moved for edit in self.edits for moved in edit.also_moves))


def make_setting(wish: Wish) -> Setting:
    """Return the proven edit for a wish.

    Raises:
        TfoptError: an input cannot be used, or no edit makes it true; the reason is told.
    """
    value = read_value(wish.attribute, wish.value)
    given = read_with_sources(wish.plan, wish.config_dir, wish.var_files)
    addressed = find_group(given.plan, wish.address)
    site = site_of(addressed, wish.attribute)
    wanted = in_configuration_units(site, value)
    if _is_scalar(site.value) and same(site.value, wanted):
        return Setting(given, (), NOTHING)
    tracer = given.tracer()
    if tracer is None:
        raise TfoptError(given.no_sources, where=wish.plan)
    found = tracer.trace(target_of(site))
    proposal = propose(tracer, wish.attribute, found, wanted, None)
    if proposal.change is None:
        raise _refusal(wish, proposal.edit)
    patch = make_patch([proposal.change], given.secrets())
    return Setting(given, (proposal.edit,), patch, patch.notes)


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _refusal(wish: Wish, edit: Edit) -> TfoptError:
    place = f"{edit.file}:{edit.line}" if edit.file else None
    what = f"{wish.address} {wish.attribute} is not patchable: {edit.reason}"
    return TfoptError(what, where=place, hint=_HINTS.get(edit.grade))


_HINTS = {
    "value-from-environment": "Change it where it is set, or name the file with --var-file",
    "ignored-by-lifecycle": "Remove it from ignore_changes first",
}


def read_value(attribute: str, text: str) -> str | int | float:
    """Return a value as the attribute takes it.

    Raises:
        TfoptError: the attribute has no such value.
    """
    return _READERS[attribute](text.strip())


def _instance_type(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise TfoptError(f"{text!r} is not the name of an instance type", hint="Write m7a.large")
    return text


def _size(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise TfoptError(f"{text!r} is not a whole number of instances", hint="Write 4")
    return int(text)


def _share(text: str) -> float:
    match = re.fullmatch(r"(\d*\.?\d+)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        raise TfoptError(f"{text!r} is not a share of CPU", hint="Write 0.6 or 60%")
    return share


_READERS: dict[str, Callable[[str], str | int | float]] = dict.fromkeys(SIZING, _size) | {
    "instance_type": _instance_type,
    "target_cpu": _share,
}
