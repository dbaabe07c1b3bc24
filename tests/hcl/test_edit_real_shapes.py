"""Edits in files as teams write them: minimal, idempotent, as well formatted as before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.edits import Edited, edit, problems
from tests.support.real_shapes import RealShapes

COMMENT = "sized; 2026-08-01"
SHARDS, FILES_IN_SHARD, EDITS_IN_SHARD = 4, 1150, 2500  # 10,000 edits in all
UNREADABLE = "python-hcl2 cannot read it"  # names of other alphabets


def write_files(folder: Path, seeds: range) -> list[Path]:
    """Write one random file per seed."""
    paths: list[Path] = []
    for seed in seeds:
        made = RealShapes(seed)
        paths.append(folder / made.name)
        paths[-1].write_bytes(made.file())
    return paths


def edit_all(paths: list[Path]) -> Iterator[tuple[Edited, list[str]]]:
    """Edit up to four literals of each file, two times in three with a comment."""
    for path in paths:
        rng = Random(path.name)
        edited = edit(path, rng, 4, COMMENT if rng.random() < 0.65 else None)
        if edited is not None:
            yield edited, [f"{path.name}: {what}" for what in problems(path, edited, rng)]


def test_some_hundred_edits(tmp_path: Path) -> None:
    """The literals and our comments change and nothing else; a second run changes nothing."""
    done = list(edit_all(write_files(tmp_path, range(160))))
    assert [problem for _, found in done for problem in found] == []
    assert sum(len(edited.changes) for edited, _ in done) > 300
    unread = sum(any(UNREADABLE in note for note in edited.notes) for edited, _ in done)
    assert unread < len(done) * 0.12  # the second reader has a say in the rest


@pytest.mark.long
@pytest.mark.terraform
@pytest.mark.parametrize("shard", range(SHARDS))
def test_ten_thousand_edits(shard: int, tmp_path: Path, terraform_env: dict[str, str]) -> None:
    """As above; and every file that `terraform fmt` was content with, it still is."""
    first = shard * FILES_IN_SHARD
    paths = write_files(tmp_path, range(first, first + FILES_IN_SHARD))
    raw = {path: path.read_bytes() for path in paths[::4]}  # these keep their own format
    fmt(tmp_path, terraform_env, "-list=false")
    for path, data in raw.items():
        path.write_bytes(data)
    crooked = set(fmt(tmp_path, terraform_env, "-check"))
    done = list(edit_all(paths))
    assert [problem for _, found in done for problem in found] == []
    assert sum(len(edited.changes) for edited, _ in done) >= EDITS_IN_SHARD
    assert set(fmt(tmp_path, terraform_env, "-check")) - crooked == set()


def fmt(folder: Path, env: dict[str, str], flag: str) -> list[str]:
    """Run `terraform fmt` over a folder in one process; return the files that it lists."""
    command = ["terraform", "fmt", flag, "-no-color"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr, done.stderr[:2000]
    return done.stdout.split()
