"""The diff that git takes, without the lines that it may not show."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfopt.errors import TfoptError
from tfopt.hcl.diff import unified_diff
from tfopt.hcl.secret import telling_lines

LINES = [f"line{i} = {i}\n" for i in range(40)]


def edited(rows: dict[int, str]) -> bytes:
    return "".join(rows.get(i, line) for i, line in enumerate(LINES)).encode()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.sets(st.integers(0, 39), min_size=1, max_size=5),
    hidden=st.sets(st.integers(1, 40), max_size=12),
)
def test_git_applies_it_and_no_hidden_line_stands_in_it(
    rows: set[int], hidden: set[int], tmp_path: Path
) -> None:
    """Either the diff makes exactly the edit and shows no hidden line, or it is refused."""
    before, after = edited({}), edited({row: f"line{row} = 100{row}\n" for row in rows})
    (tmp_path / "a.tfvars").write_bytes(before)
    try:
        diff = unified_diff(tmp_path / "a.tfvars", before, after, tmp_path, hidden)
    except TfoptError as refused:
        number = int(str(refused).split(":")[1])
        assert number in hidden
        return
    for number in hidden:
        assert LINES[number - 1] not in diff
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff.encode(), check=True)
    assert (tmp_path / "a.tfvars").read_bytes() == after


def test_without_hidden_lines_it_is_what_diff_prints(tmp_path: Path) -> None:
    """Three lines of context, neighbouring changes in one hunk."""
    before, after = edited({}), edited({10: "a\n", 15: "b\n", 30: "c\n"})
    for name, data in (("old", before), ("new", after)):
        (tmp_path / name).write_bytes(data)
    wanted = subprocess.run(
        ["diff", "-u", "old", "new"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout.splitlines()[2:]
    assert unified_diff(tmp_path / "x", before, after, tmp_path).splitlines()[2:] == wanted


def test_a_secret_right_below_the_edit_is_refused_with_its_line(tmp_path: Path) -> None:
    """git needs a line below; the message names the line that is in the way."""
    with pytest.raises(TfoptError, match=r"a\.tfvars:7: .*--write"):
        unified_diff(tmp_path / "a.tfvars", edited({}), edited({5: "a\n"}), tmp_path, {7})


def test_names_that_tell_of_secrets() -> None:
    """Assignments are recognised by name, uses of such names are not."""
    text = b'db_password = "x"\nuser = "y"\n"api_key": "z"\nname = var.db_password\nTOKEN="t"\n'
    assert telling_lines(text) == {1, 3, 5}
