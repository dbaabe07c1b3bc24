"""Runs `tfopt set` on a copy of a case, and holds what it did against what was expected."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.referee import covered, covers
from tests.support.terraform_cases import Expectation, files_of
from tfopt.__main__ import main

MAY = "may move: "


@dataclass(frozen=True)
class Said:
    """What a run of the command gave."""

    code: int
    stdout: str
    stderr: str


def set_value(
    asked: Expectation, root: Path, *options: str, plan: Mapping[str, Any] | None = None
) -> Said:
    """Run `tfopt set` in this process, from the root of a copy of the case."""
    file = asked.case.home / "plan.json"
    if plan is not None:
        file = root.with_name(f"{root.name}.plan.json")
        file.write_text(json.dumps(plan), "utf-8")
    return _run([*arguments(asked, file), *options], root)


_ONE_AT_A_TIME = Lock()  # a process has one working directory, and one standard output


def _run(words: list[str], folder: Path) -> Said:
    """Run the command line as its process would, without the start of a process."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", newline="") for _ in range(2))
    with (
        _ONE_AT_A_TIME,
        chdir(folder),
        patch.multiple(sys, argv=["tfopt", *words], stdout=out, stderr=err),
        pytest.raises(SystemExit) as left,
    ):
        main()
    shown = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]
    return Said(int(left.value.code or 0), *shown)


def arguments(asked: Expectation, plan: Path) -> list[str]:
    """Return the command line that asks for a value, from the root of the copy."""
    case = asked.case
    files = [f"--var-file={os.path.normpath(f'{case.config_dir}/{n}')}" for n in case.var_files]
    words = ["set", str(plan), asked.address, asked.attribute, str(asked.value)]
    return [*words, f"--config-dir={case.config_dir}", *files]


@dataclass(frozen=True)
class Outcome:
    """What came of an expectation: what is wrong, and whether a wrong literal was changed."""

    asked: Expectation
    root: Path  # of the copy
    wrong: tuple[str, ...]
    wrong_leaf: bool = False
    files: Mapping[str, bytes] | None = None  # the patched sources, where there is a patch

    def but(self, *wrong: str) -> Outcome:
        """Return the outcome with more that is wrong."""
        return replace(self, wrong=(*self.wrong, *wrong))


def judge(asked: Expectation, root: Path) -> Outcome:
    """Ask for the value in a copy of the case, and take the answer that fits best."""
    found = []
    for i, variant in enumerate(asked.variants):
        found.append(_judge(variant, asked.case.copy(root.with_name(f"{root.name}-{i}"))))
        if not found[-1].wrong:
            break
    best = found[-1] if not found[-1].wrong else found[0]
    wrong_leaf = all(one.wrong_leaf for one in found)
    return replace(best, wrong_leaf=wrong_leaf)


def _judge(asked: Expectation, root: Path) -> Outcome:
    """Ask for the value in a copy of the case, apply the diff with git, and compare."""
    before = files_of(root)
    said = set_value(asked, root, "--format", "diff")
    leaks = [asked.secret] if asked.secret and asked.secret in said.stdout + said.stderr else []
    wrong = [f"prints {leak}" for leak in leaks]
    if files_of(root) != before:
        wrong.append("changes files without --write")
    if said.code != 0:
        return Outcome(asked, root, (*wrong, *_refused(asked, said)))
    if not said.stdout:
        fine = asked.same
        return Outcome(
            asked, root, (*wrong, *([] if fine else ["says that nothing is to be done"]))
        )
    applied = subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
        cwd=root,
        input=said.stdout.encode(),
        capture_output=True,
        check=False,
    )
    if applied.returncode != 0:
        return Outcome(asked, root, (*wrong, f"git apply: {applied.stderr.decode().strip()}"))
    after = files_of(root)
    if asked.note is not None and not re.search(asked.note, said.stderr, re.IGNORECASE):
        wrong.append(f"does not note /{asked.note}/")
    misplaced = _misplaced(asked, before, after)
    wrong += [misplaced] if misplaced else _moves(asked, root, before)
    return Outcome(asked, root, tuple(wrong), bool(misplaced), after)


def _refused(asked: Expectation, said: Said) -> list[str]:
    if asked.refused is None:
        return [f"refuses: {said.stderr.strip()}"]
    wrong = []
    if said.code != 1:
        wrong.append(f"exit code {said.code}")
    if said.stdout:
        wrong.append("refuses, yet prints to standard output")
    if asked.address not in said.stderr:
        wrong.append(f"does not say whose value: {said.stderr.strip()}")
    if not re.search(asked.refused, said.stderr, re.IGNORECASE):
        wrong.append(f"the reason does not say /{asked.refused}/: {said.stderr.strip()}")
    return wrong


def _misplaced(
    asked: Expectation, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> str | None:
    """Return what is wrong with the place of the edit; None where it is the expected one."""
    if asked.leaf is not None and _closed_up(after) == _closed_up(asked.after(before)):
        return None
    changed = sorted(name for name in before if before[name] != after[name])
    if asked.insert is not None:
        wanted = os.path.normpath(f"{asked.case.config_dir}/{asked.insert}")
        if changed == [wanted] and _only_adds(before[wanted], after[wanted]):
            return None
    shown = "; ".join(f"{name}: {_difference(before[name], after[name])}" for name in changed)
    wanted = asked.leaf or asked.insert or f"refusal /{asked.refused}/"
    return f"wanted {wanted}, edits {shown}"


def _closed_up(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files with runs of blanks closed up: `terraform fmt` realigns what is beside."""
    return {name: re.sub(rb"[ \t]+", b" ", data) for name, data in files.items()}


def _only_adds(before: bytes, after: bytes) -> bool:
    """Tell whether every character of a file, blanks aside, is still there in its order."""
    pieces = iter(after.translate(None, b" \t\r\n"))
    return all(byte in pieces for byte in before.translate(None, b" \t\r\n"))


def _difference(before: bytes, after: bytes) -> str:
    old, new = before.decode().split("\n"), after.decode().split("\n")
    pairs = [(i, a, b) for i, (a, b) in enumerate(zip(old, new, strict=False), 1) if a != b]
    return " ".join(f"{i}: {a.strip()} → {b.strip()}" for i, a, b in pairs[:3])


def _moves(asked: Expectation, root: Path, before: Mapping[str, bytes]) -> list[str]:
    """Return how the JSON answer, asked of the sources as they were, differs from what moves."""
    for name, data in before.items():
        (root / name).write_bytes(data)
    said = set_value(asked, root, "--format", "json", "--write")
    answer = json.loads(said.stdout)
    told = answer["also_moves"]
    sure = [one for one in told if not one.startswith(MAY)]
    wanted = asked.moves | asked.follows
    wrong = [f"says that {one} moves" for one in sure if not covers(one, wanted)]
    wrong += [f"says: {one}" for one in told if one not in sure and not _is_fair(one, wanted)]
    wrong += [f"does not say that {one} moves" for one in asked.moves if not covered(one, sure)]
    grades = {edit["grade"] for edit in answer["edits"]}
    if asked.grade is not None and grades != {asked.grade}:
        wrong.append(f"grade {sorted(grades)}, not {asked.grade}")
    return wrong


def _is_fair(told: str, wanted: Iterable[str]) -> bool:
    return covers(told.removeprefix(MAY), wanted)
