"""`tfopt check` on folders: each case is a small repository, and the lines that it gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfopt.checking import RULES, Wanted, check_files
from tfopt.checking.parsing import CHECKED
from tfopt.hcl.document import Document
from tfopt.hcl.suppress import CHECK_RULES, Rules, suppressed
from tfopt.render.plain import plain

CASES = Path(__file__).resolve().parents[1] / "cases" / "check"
NAMES = sorted(path.name for path in CASES.iterdir())


def told(folder: Path) -> str:
    """Return the lines of all files of a case, as a hook that names each of them prints them."""
    names = sorted(Path(parent) / file for parent, _, files in os.walk(".") for file in files)
    files = tuple(name for name in names if name.name.endswith(CHECKED))
    assert files, f"{folder.name} has nothing to check"
    found = check_files(Wanted(files)).findings
    return "".join(f"{plain(str(one))}\n" for one in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_gets_its_lines(name: str, rewrite: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told to the column, what is allowed is not told at all."""
    monkeypatch.chdir(CASES / name)
    wanted, lines = Path("expected.txt"), told(CASES / name)
    if rewrite:
        wanted.write_text(lines, encoding="utf-8")
    assert lines == wanted.read_text(encoding="utf-8")


def test_every_rule_has_a_case() -> None:
    """No rule is listed that nothing shows to fire."""
    lines = "".join((CASES / name / "expected.txt").read_text("utf-8") for name in NAMES)
    assert [rule for rule in RULES if f": {rule}: " not in lines] == []


def test_what_is_sensitive_is_in_no_line() -> None:
    """Values of sensitive variables, and what `sensitive()` marks, are not looked at."""
    assert (CASES / "sensitive" / "expected.txt").read_text("utf-8") == ""


def test_a_rule_of_check_does_not_keep_recommend_from_editing() -> None:
    """The two share their comments: each knows the other's rules as meaning something else."""
    assert tuple(RULES) == CHECK_RULES
    document = Document(Path("a.tf"), "a.tf", b"min_size = 2 # tfopt:ignore=size_order at night\n")
    names = frozenset({"min_size"})
    assert suppressed(document, 1, Rules(names, names)) is not None
    assert suppressed(document, 1, Rules(names, names | frozenset(CHECK_RULES))) is None
