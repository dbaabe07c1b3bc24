"""Looks at all that a run needs, and says what is missing and what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt.patching.inputs import PlanSources
    from tfopt.settings import Settings

Level = Literal["ok", "warn", "fail"]
LEAST_PYTHON = (3, 11)
_EDITABLE = {"patchable", "patchable-shared", "edit-literal", "module-default"}
_NO_TERRAFORM = "Needed for --verify and for saved binary plans; JSON plans do without"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str  # "prices"
    level: Level
    message: str
    advice: str = ""  # what to do about it; empty where it is ok


@dataclass(frozen=True, slots=True)
class Patient:
    """What the user runs tfopt on."""

    plan: str | None = None
    workloads: Path | None = None
    config_dir: Path | None = None
    var_files: tuple[Path, ...] = ()


def examine(patient: Patient, today: date) -> list[Finding]:
    """Return what was found, the installation first, then the plan where there is one."""
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("python", _python),
        ("prices", lambda: _prices(today)),
        ("policy", _policy),
        ("cache", _cache),
        ("terraform", _terraform),
    ]
    if patient.plan is not None:
        looks.append(("plan", lambda: _plan(patient, patient.plan or "")))
    return [found for check, look in looks for found in _told(check, look)]


def _told(check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except TfoptError as problem:
        place = f"{problem.where}: " if problem.where else ""
        yield Finding(check, "fail", f"{place}{problem.message}", problem.hint or "")


def _python() -> Iterator[Finding]:
    version = sys.version_info
    told = f"{version.major}.{version.minor}.{version.micro}"
    if version[:2] < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        yield Finding("python", "fail", told, f"Install Python {least} or later")
    else:
        yield Finding("python", "ok", told)


def _prices(today: date) -> Iterator[Finding]:
    from tfopt.pricing import CLOUDS, STALE_AFTER_DAYS, age_of, load_book

    book = load_book()
    for cloud in CLOUDS:
        read = book.date_of(cloud)
        age = age_of(read, today)
        told = f"{cloud} as of {read}, {age.days} days old"
        if age.stale:
            advice = f"Over {STALE_AFTER_DAYS} days: update tfopt, whose releases bring new ones"
            yield Finding("prices", "warn", told, advice)
        else:
            yield Finding("prices", "ok", told)


def _policy() -> Iterator[Finding]:
    from tfopt.resources import data_dir
    from tfopt_policies import registry
    from tfopt_policies.errors import PolicyError

    name = registry.DEFAULT
    try:
        policy = registry.load(name, data_dir("trained"))
    except (PolicyError, FileNotFoundError) as problem:
        advice = "Calibrated baselines decide without it: reinstall tfopt, or train one"
        yield Finding("policy", "warn", f"{name} cannot be used: {problem}", advice)
        return
    digest = getattr(policy, "sha256", "")
    yield Finding("policy", "ok", f"{name}, digest {digest[:8]} as its card states")


def _cache() -> Iterator[Finding]:
    """Say whether machine code is kept: else every run compiles the simulator anew."""
    import tfopt_sim

    stated = os.environ.get("NUMBA_CACHE_DIR")
    package = Path(tfopt_sim.__file__).parent / "__pycache__"
    folders = [Path(stated)] if stated else [package, _user_cache()]
    usable = next((folder for folder in folders if _is_writable(folder)), None)
    if usable is None:
        advice = "Let NUMBA_CACHE_DIR name a folder that can be written to"
        told = "compiled code cannot be kept: every run takes a minute longer"
        yield Finding("cache", "warn", told, advice)
        return
    kept = any(usable.rglob("*.nbi"))
    state = "holds compiled code" if kept else "empty: the first run compiles"
    yield Finding("cache", "ok", f"{usable}, {state}")


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"


def _is_writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder, or in the one that it would be made in."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _terraform() -> Iterator[Finding]:
    found = [path for name in ("terraform", "tofu") if (path := shutil.which(name))]
    if found:
        yield Finding("terraform", "ok", ", ".join(found))
    else:
        yield Finding("terraform", "warn", "neither terraform nor tofu on PATH", _NO_TERRAFORM)


def _plan(patient: Patient, path: str) -> Iterator[Finding]:
    """Read the plan with its sources, and say how much of it can be worked with."""
    from tfopt.patching.inputs import read_with_sources

    given = read_with_sources(path, patient.config_dir, patient.var_files)
    plan = given.plan
    told = f"{plan.shown_path}, {plan.tool} {plan.terraform_version or 'of unknown version'}"
    if plan.complete:
        yield Finding("plan", "ok", f"{told}, complete")
    else:
        advice = "Plan again without -target, until no error is left"
        yield Finding("plan", "warn", f"{told}, not complete", advice)
    for warning in plan.warnings:
        yield Finding("plan", "warn", warning, "Make it with `terraform show -json tf.plan`")
    told = f"{len(plan.groups)} instance group(s), {len(plan.skipped)} other(s) skipped"
    if plan.groups:
        yield Finding("groups", "ok", told)
    else:
        yield Finding("groups", "warn", told, "Nothing can be recommended for this plan")
    yield from _told("sources", lambda: _sources(given))
    yield from _told("settings", lambda: _settings(patient, given))


def _sources(given: PlanSources) -> Iterator[Finding]:
    sources = given.sources
    if sources is None:
        advice = "Name their folder with --config-dir: without them advice comes without a patch"
        yield Finding("sources", "warn", "none beside the plan", advice)
        return
    where = given.config_dir or "the saved plan"
    yield Finding("sources", "ok", f"{len(sources.root.documents)} file(s) in {where}")
    files = ", ".join(document.label for document in sources.var_files) or "none"
    grades = _grades(given)
    elsewhere = [what for what, grade in grades.items() if grade == "value-from-environment"]
    if elsewhere:
        told = f"{files}: they do not hold the plan's value of {', '.join(elsewhere)}"
        advice = "Name the plan's own with --var-file, in the same order, or plan again"
        yield Finding("var files", "warn", told, advice)
    else:
        yield Finding("var files", "ok", files)
    stuck = [what for what, grade in grades.items() if grade not in _EDITABLE]
    told = f"{len(grades) - len(stuck)} of {len(grades)} sizing values can be edited"
    if stuck:
        advice = f"`tfopt trace` says why not: {', '.join(stuck)}"
        yield Finding("edits", "warn", told, advice)
    else:
        yield Finding("edits", "ok", told)


def _grades(given: PlanSources) -> dict[str, str]:
    """Return how each sizing value of each group can be edited, as `address attribute` → grade."""
    from tfopt.patching.chain import chains

    return {
        f"{group.address} {chain.attribute}": chain.found.grade
        for group in given.plan.groups
        if group.sites
        for chain in chains(given, group.address, None)
    }


def _settings(patient: Patient, given: PlanSources) -> Iterator[Finding]:
    """Say which groups have no measured traffic, and whether the files of the others are there."""
    from tfopt.settings import settings_for

    plan = given.plan
    settings = settings_for(plan.path, patient.workloads, patient.config_dir)
    if settings.folder == Path() and not (settings.folder / settings.name).is_file():
        advice = "Make one with `tfopt init PLAN`: without it all traffic is assumed"
        yield Finding("settings", "warn", "no tfopt.toml above the plan", advice)
        return
    yield Finding("settings", "ok", str(settings.folder / settings.name))
    for table in settings.matching_none([group.address for group in plan.groups]):
        told = f"{settings.place_of(table)}: this match fits no group"
        yield Finding("settings", "warn", told, "Correct it, or take the workload out")
    for group in plan.groups:
        yield _traffic(settings, group.address)


def _traffic(settings: Settings, address: str) -> Finding:
    table = settings.workload_of(address)
    demand = table.demand if table is not None else None
    if table is None or demand is None or demand.profile is not None:
        advice = "Give it a workload with `demand`: nothing is patched on assumed traffic"
        return Finding("traffic", "warn", f"{address}: assumed", advice)
    source = demand.csv or demand.cloudwatch_json or demand.prometheus_json
    assert source is not None  # the settings allow no fourth kind
    file = settings.folder / source
    if not file.is_file():
        where = settings.place_of(table, "demand")
        return Finding("traffic", "fail", f"{address}: no file {file}", f"Correct {where}")
    return Finding("traffic", "ok", f"{address}: {file}")
