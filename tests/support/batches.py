"""Puts patches of a case that do not meet together, so that Terraform plans them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.support.referee import covers
from tests.support.set_command import set_value
from tests.support.terraform_cases import Case, Expectation, files_of

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Batch:
    """Expectations whose patches neither touch the same bytes nor move the same values."""

    asked: tuple[Expectation, ...]
    files: Files  # the sources with all of their patches

    @property
    def names(self) -> list[str]:
        """What was asked."""
        return [one.name for one in self.asked]

    @property
    def answers(self) -> list[tuple[Expectation, ...]]:
        """Each way in which the batch may rightly be met."""
        return list(product(*(one.variants for one in self.asked)))

    def write(self, root: Path) -> None:
        """Make a copy of the case in `root`, with the patches."""
        self.asked[0].case.copy(root)
        for name, data in self.files.items():
            (root / name).write_bytes(data)


def batches(case: Case, folder: Path) -> list[Batch]:
    """Make each patch of a case in a copy of its own, and join those that do not meet."""
    base = files_of(case.copy(folder / "base"))
    found: list[Batch] = []
    for i, asked in enumerate(one for one in case.expectations if one.patched):
        if asked.falls_short:
            continue
        root = case.copy(folder / f"patch-{i}")
        done = set_value(asked, root, "--write")
        if done.code != 0 and any(one.refused for one in asked.variants):
            continue
        assert done.code == 0, f"{asked.name}: {done.stderr}"
        _join(found, asked, base, files_of(root))
    return found


def _join(found: list[Batch], asked: Expectation, base: Files, files: Files) -> None:
    for i, batch in enumerate(found):
        joined = _joined(base, batch.files, files)
        if joined is not None and not any(_meet(asked, one) for one in batch.asked):
            found[i] = Batch((*batch.asked, asked), joined)
            return
    found.append(Batch((asked,), files))


def _joined(base: Files, one: Files, other: Files) -> Files | None:
    """Return the files with both patches; None where they overlap."""
    joined = dict(one)
    for name in (name for name in base if other[name] != base[name]):
        if one[name] == base[name]:
            joined[name] = other[name]
            continue
        spans = sorted((_span(base[name], each[name]), each[name]) for each in (one, other))
        ((start, end), first), ((begin, stop), second) = spans
        if end > begin:
            return None
        middle = base[name][end:begin]
        changed = first[start : len(first) - (len(base[name]) - end)]
        tail = second[begin:]
        joined[name] = base[name][:start] + changed + middle + tail
        assert stop >= begin
    return joined


def _span(base: bytes, patched: bytes) -> tuple[int, int]:
    """Return the part of a file that a patch replaces."""
    start = next((i for i, (a, b) in enumerate(zip(base, patched, strict=False)) if a != b), -1)
    start = start if start >= 0 else min(len(base), len(patched))
    room = min(len(base), len(patched)) - start
    pairs = zip(base[::-1][:room], patched[::-1][:room], strict=True)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), room)
    return start, len(base) - same


def _meet(one: Expectation, other: Expectation) -> bool:
    """Tell whether two patches could move the same values."""
    if one.alternatives or other.alternatives:
        return True
    if covers(one.holder, [other.holder]) or covers(other.holder, [one.holder]):
        return one.place == other.place or ("count",) in (one.place, other.place)
    touched = [{each.holder, *each.moves} for each in (one, other)]
    return bool(one.moves & touched[1] or other.moves & touched[0])
