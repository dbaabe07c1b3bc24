"""Makes one attribute of one group a value: the proven edit, without advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Patch, make_patch
from tfopt.hcl.findings import Move
from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.trace import Tracer
from tfopt.hcl.values import same
from tfopt.patching.case import in_our_units
from tfopt.patching.compare import Place
from tfopt.patching.consequences import consequences
from tfopt.patching.edits import propose
from tfopt.patching.inputs import STANDARD_INPUT, PlanSources, read_with_sources
from tfopt.patching.leaves import lifecycles_of, trace_site
from tfopt.patching.rollout import NOTHING_YET
from tfopt.patching.targets import (
    find_group,
    in_configuration_units,
    site_of,
    target_of,
)
from tfopt.patching.verify import NO_FOLDER, Replan
from tfopt.plan.model import SIZING, InstanceGroup, Site
from tfopt.plan.values import dig
from tfopt.pricing import load_book
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
    """The edits that make the wish true; none where it is true already.

    `wanted` is what a new plan has to say, by (resource address, *path).
    """

    given: PlanSources
    edits: tuple[Edit, ...]
    patch: Patch
    wanted: Mapping[Place, str | int | float | bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def also_moves(self) -> tuple[str, ...]:
        """Everything else that moves with the edits, each once."""
        return tuple(dict.fromkeys(moved for edit in self.edits for moved in edit.also_moves))

    def replan(self, wish: Wish) -> Replan:
        """Return what a new plan with the patch has to say.

        Raises:
            TfoptError: the configuration's folder is not at hand.
        """
        if self.given.config_dir is None:
            raise TfoptError(NO_FOLDER, where=wish.plan, hint="Name it with --config-dir")
        return Replan(
            self.patch,
            self.given.config_dir,
            tuple(wish.var_files),
            self.wanted,
            self.also_moves,
            self.given.plan.tool,
        )


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
        raise TfoptError(given.no_sources, where=given.plan.shown_path)
    found = trace_site(tracer, addressed.group, wish.attribute, site)
    proposal = propose(tracer, wish.attribute, found, wanted)
    if proposal.change is None:
        done = _done_since(given, tracer, site, wanted)
        if done is not None:
            return Setting(given, (), NOTHING, notes=(done,))
        raise _refusal(wish, proposal.edit)
    group = replace(addressed.group, sites={**addressed.group.sites, wish.attribute: site})
    lifecycles = lifecycles_of(group, tracer)
    moved = _moved_too(group, proposal.moves)
    changes = {name: pair for name, pair in moved if not _stays(group, name, lifecycles)}
    changes[wish.attribute] = (in_our_units(site, "value"), value)
    effect = consequences(given.plan, group, changes, lifecycles)
    if effect.futile:
        raise TfoptError(_not_patchable(wish, effect.futile[0]))
    patch = make_patch([proposal.change], given.secrets())
    failing = (f"the apply would fail: {reason}" for reason in effect.refusals)
    told = (note for note in effect.notes if note != NOTHING_YET)
    notes = (*patch.notes, *_unlike_the_plan(tracer), *_unpriced(group, value), *failing, *told)
    return Setting(given, (proposal.edit,), patch, {(site.address, *site.path): wanted}, notes)


def _moved_too(
    group: InstanceGroup, moves: Sequence[Move]
) -> Iterator[tuple[str, tuple[object, object]]]:
    """Yield the group's other attributes that the edit moves, with their values now and then."""
    for name, site in group.sites.items():
        for move in moves:
            length = len(move.path)
            if move.certain and move.address == site.address and move.path == site.path[:length]:
                then = in_our_units(
                    replace(site, value=dig(move.value, *site.path[length:])), "value"
                )
                if then is not None:
                    yield name, (in_our_units(site, "value"), then)


def _stays(group: InstanceGroup, name: str, lifecycles: Mapping[str, Lifecycle]) -> bool:
    """Tell whether `ignore_changes` keeps an attribute from moving along."""
    known = lifecycles.get(name)
    ignored = known is not None and known.ignored_at is not None
    return ignored and not group.sites[name].creating


def _unlike_the_plan(tracer: Tracer) -> Iterator[str]:
    """Tell of variable files that do not hold what the plan was made with."""
    places = [f"{name} at {place}" for name, place in tracer.unlike_the_plan()]
    if places:
        more = f", and {len(places) - 3} more" if places[3:] else ""
        listed = ", ".join(places[:3])
        yield f"the plan has other values than the variable files: {listed}{more}"


def _unpriced(group: InstanceGroup, value: str | int | float) -> Iterator[str]:
    """Tell of an instance type that the price book does not know: most often it is mistyped."""
    if not isinstance(value, str) or group.region is None:
        return
    try:
        load_book().offer(group.cloud, group.region, value)
    except TfoptError as problem:
        yield str(problem)


def _done_since(
    given: PlanSources, tracer: Tracer, site: Site, wanted: str | int | float
) -> str | None:
    """Tell where the file already says so, if it was edited after the plan was made."""
    leaf = tracer.as_filed(target_of(site))
    if leaf is None or not same(leaf.value, wanted) or given.plan.path == STANDARD_INPUT:
        return None
    if leaf.file.stat().st_mtime <= Path(given.plan.path).stat().st_mtime:
        return None
    return f"{leaf.label}:{leaf.line} says {leaf.text} already; the plan is older than that"


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _refusal(wish: Wish, edit: Edit) -> TfoptError:
    told = edit.grade == "ignored-by-comment"  # the reason names the comment's own place
    place = f"{edit.file}:{edit.line}" if edit.file and not told else None
    what = _not_patchable(wish, edit.reason or "unknown")
    return TfoptError(what, where=place, hint=_HINTS.get(edit.grade))


def _not_patchable(wish: Wish, reason: str) -> str:
    return f"{wish.address} {wish.attribute} is not patchable: {reason}"


_HINTS = {
    "ignored-by-comment": "Remove that comment first",
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
        raise TfoptError(
            f"{text!r} is not the name of an instance type", hint="For example m7a.large"
        )
    return text


def _size(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise TfoptError(f"{text!r} is not a whole number of instances", hint="For example 4")
    return int(text)


def _share(text: str) -> float:
    match = re.fullmatch(r"(\d*\.?\d+)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        raise TfoptError(f"{text!r} is not a share of CPU", hint="For example 0.6 or 60%")
    return share


_READERS: dict[str, Callable[[str], str | int | float]] = dict.fromkeys(SIZING, _size) | {
    "instance_type": _instance_type,
    "target_cpu": _share,
}
