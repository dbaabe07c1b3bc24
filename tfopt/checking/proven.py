"""Values in a file against the last saved recommendation: neither what was there nor proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from tfopt.checking.finding import Finding, finding_at
from tfopt.checking.literals import Place
from tfopt.errors import TfoptError
from tfopt.hcl.locate import leaf_at
from tfopt.hcl.scalars import to_number
from tfopt.hcl.strings import read_literal
from tfopt.hcl.syntax import Scalar
from tfopt.hcl.values import same

SAVED: Final = Path(".tfopt") / "recommendation.json"
_MAKE = f"Make it with `tfopt recommend PLAN --format json --out {SAVED.as_posix()}`"

_LESS_SAFE_BELOW = {"min_size", "max_size", "desired_capacity"}
_LESS_SAFE_ABOVE = {"target_cpu"}
_DEARER_ABOVE = {"min_size", "desired_capacity"}
_DEARER_BELOW = {"target_cpu"}


class _Edit(msgspec.Struct):
    attribute: str
    grade: str
    file: str | None = None
    path: str | None = None
    old: str | None = None
    new: str | None = None


class _Demand(msgspec.Struct):
    start: str


class _Group(msgspec.Struct):
    plan: str | None = None
    assumed: bool = False
    demand: _Demand | None = None
    edits: list[_Edit] = []


class _Tool(msgspec.Struct):
    price_date: str


class _Plan(msgspec.Struct):
    path: str
    config_dir: str | None = None


class _Saved(msgspec.Struct):
    """What of a saved report is read; see `tfopt.recommendation.Report`."""

    schema_version: int
    tool: _Tool
    plan: _Plan
    groups: list[_Group]
    plans: list[_Plan] = []


@dataclass(frozen=True, slots=True)
class Proof:
    """One edit of a saved recommendation."""

    file: Path  # where it stands, resolved
    path: str
    attribute: str
    old: str | None  # source text
    new: str
    date: str  # of the newest history or price behind it


def find_saved(folder: Path) -> Path | None:
    """Return the nearest saved recommendation from a folder upwards, if there is one."""
    places = (folder, *folder.parents)
    return next((place / SAVED for place in places if (place / SAVED).is_file()), None)


def load_proofs(path: Path, config_dir: Path | None) -> tuple[Proof, ...]:
    """Return the edits of a saved recommendation that name a file.

    A recommendation names files relative to its configuration's folder: `config_dir`, else what it
    says itself from the folder that it is saved for, else the folder of its plan, else that one.

    Raises:
        TfoptError: it cannot be read, or is something else.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        reason = problem.strerror
        raise TfoptError(f"cannot be read: {reason}", where=path, hint=_MAKE) from None
    try:
        saved = msgspec.json.decode(data, type=_Saved)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise TfoptError("not a recommendation in JSON", where=path, hint=_MAKE) from None
    if saved.schema_version != 1:
        raise TfoptError(f"of schema version {saved.schema_version}, not 1", where=path, hint=_MAKE)
    home = path.resolve().parent
    home = home.parent if home.name == SAVED.parent.name else home
    return tuple(_proofs(saved, home, config_dir))


def _proofs(saved: _Saved, home: Path, config_dir: Path | None) -> Iterator[Proof]:
    said = {plan.path: plan.config_dir for plan in (saved.plan, *saved.plans)}
    for group in saved.groups:
        plan = group.plan or saved.plan.path
        folders = [home / (said.get(plan) or "."), home / Path(plan).parent, home]
        if config_dir is not None:
            folders = [config_dir]
        date = _date(group, saved.tool.price_date)
        for edit in group.edits:
            if edit.file is None or edit.path is None or edit.new is None:
                continue
            name = edit.file
            found = (folder / name for folder in folders if (folder / name).is_file())
            file = next(found, folders[-1] / name)
            yield Proof(file.resolve(), edit.path, edit.attribute, edit.old, edit.new, date)


def _date(group: _Group, priced: str) -> str:
    """Return the date of the newest history or price, as the comments of the patch state it."""
    if group.assumed or group.demand is None:
        return priced
    try:
        start = datetime.fromisoformat(group.demand.start)
    except ValueError:
        return priced
    return max(priced, (start - timedelta(seconds=1)).date().isoformat())


def by_file(proofs: tuple[Proof, ...]) -> Mapping[Path, Mapping[str, Proof]]:
    """Return the edits of each file by the path of their literal."""
    found: dict[Path, dict[str, Proof]] = {}
    for proof in proofs:
        found.setdefault(proof.file, {}).setdefault(proof.path, proof)
    return found


def proof_of(place: Place, proofs: Mapping[str, Proof]) -> Proof | None:
    """Return what was proven of a literal's path."""
    if place.name not in {_last_name(path) for path in proofs}:
        return None  # where a leaf stands takes long to tell
    return proofs.get(leaf_at(place.literal.span).path)


def _last_name(path: str) -> str:
    """Return the last name of a path: `instance_types` of `nodes.instance_types.0`."""
    names = [name for name in path.split(".") if not name.isdecimal()]
    if names[:1] == ["variable"] and names[2:] == ["default"]:
        return names[1]
    return names[-1] if names else ""


def proof_findings(place: Place, proof: Proof) -> Iterator[Finding]:
    """Yield what a literal is that was neither there nor proven when tfopt recommended."""
    value = place.literal.value
    json_syntax = place.literal.span.document.syntax == "json"
    old, new = (_value(text, json_syntax) for text in (proof.old, proof.new))
    if same(value, new) or (proof.old is not None and same(value, old)):
        return
    verdict = _verdict(proof.attribute, value, new)
    if verdict is not None:
        span, what = place.literal.span, f"{proof.path} = {_shown(value)}"
        hint = f"recommendation of {proof.date}"
        yield finding_at(span, "recommendation", f"{what} {verdict}", hint)


def _value(text: str | None, json_syntax: bool) -> Scalar:
    if text is None:
        return None
    try:
        return read_literal(text, json_syntax=json_syntax)
    except (ValueError, IndexError):
        return text


def _shown(value: Scalar) -> str:
    number = to_number(value)
    return f"{number:g}" if number is not None else str(value)


def _verdict(attribute: str, value: Scalar, new: Scalar) -> str | None:
    """Say in what way a value is worse than the proven one; None where it is not."""
    mine, proven = to_number(value), to_number(new)
    if mine is None or proven is None:
        return f"is neither {_shown(new)}, which was proven, nor what stood there"
    verb = "were" if proven != 1 and attribute != "target_cpu" else "was"
    below, above = f"is below the {proven:g} that {verb}", f"is above the {proven:g} that {verb}"
    if mine < proven:
        if attribute in _LESS_SAFE_BELOW:
            return f"{below} proven"
        return f"{below} proven, and dearer" if attribute in _DEARER_BELOW else None
    if attribute in _LESS_SAFE_ABOVE:
        return f"{above} proven"
    return f"{above} proven to do, and dearer" if attribute in _DEARER_ABOVE else None
