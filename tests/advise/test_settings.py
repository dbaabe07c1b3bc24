"""tfopt.toml: what is read, which workload wins, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfopt.errors import TfoptError
from tfopt.settings import Settings, WorkloadTable, find_settings, load_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "tfopt.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(TfoptError) as caught:
        load_settings(write(folder, text))
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix(str(folder) + "/")


def test_defaults_hold_where_the_file_is_silent(tmp_path: Path) -> None:
    """An empty file means the documented defaults."""
    settings = load_settings(write(tmp_path, ""))
    assert settings.defaults.max_target_cpu == 0.85
    assert settings.workload == ()
    assert settings.folder == tmp_path


def test_most_specific_match_wins(tmp_path: Path) -> None:
    """More literal characters beat fewer; only * is special, so brackets and quotes stand."""
    settings = load_settings(
        write(
            tmp_path,
            """
            [[workload]]
            match = "*"
            boot_s = 1
            [[workload]]
            match = 'module.shop["paris"].aws_autoscaling_group.web*'
            boot_s = 2
            [[workload]]
            match = "module.shop*"
            boot_s = 3
            """,
        )
    )
    paris = settings.workload_of('module.shop["paris"].aws_autoscaling_group.web_2')
    rome = settings.workload_of('module.shop["rome"].aws_autoscaling_group.web_2')
    other = settings.workload_of("aws_instance.bastion")
    assert [t.boot_s for t in (paris, rome, other) if t] == [2, 3, 1]


@given(st.text(alphabet='abc.[]"*', max_size=20))
def test_an_address_without_stars_matches_itself_and_nothing_longer(address: str) -> None:
    """A pattern is a literal address but for its stars."""
    settings = Settings(workload=(WorkloadTable(match=address),))
    assert settings.workload_of(address) is not None
    if "*" not in address:
        assert settings.workload_of(address + "x") is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[defaults]\nmax_cpu = 1", 2, ["unknown key defaults.max_cpu", "max_target_cpu"]),
        ("[defaults]\n\nmax_target_cpu = 60", 3, ["60", "less than or equal to 1"]),
        ('[[workload]]\nmatch="a"\n[[workload]]\nboot_s=1', 3, ["match is missing"]),
        (
            '[[workload]]\nmatch = "a"\ndemand = { csv = "x.csv", profile = "flat" }',
            3,
            ["exactly one of csv"],
        ),
        (
            '[[workload]]\nmatch = "a"\nboot = "slow"',
            3,
            ["'slow'", "'distribution' or 'fixed'"],
        ),
        ("defaults = [", 1, ["not valid TOML"]),
        ("[defaults]\nmin_headroom = 20", 2, ["min_headroom = 20", "less than 1"]),
        ("[defaults]\nmax_spot_share = 20", 2, ["max_spot_share = 20", "less than or equal to 1"]),
        (
            "[defaults]\ncommitments = { usd_per_hour = 2, discount = 0.2, ends = 'soon' }",
            2,
            ["commitments.ends = 'soon'", "date"],
        ),
        ('[[workload]]\nmatch = "a"\nsmt = "off"', 3, ["'off'", "'measured' or 'linear'"]),
        ('[[workload]]\nmatch = "a"\nalarm_cadence = "fast"', 3, ["'fast'", "'responsive'"]),
        (
            "[defaults]\n\ncommitments = { usd_per_hour = 2, discount = 27 }",
            3,
            ["commitments.discount = 27", "less than 1"],
        ),
        (
            "[defaults]\ncommitments = { usd_per_hour = 2, discount = 0.2, term = 1 }",
            2,
            ["unknown key defaults.commitments.term", "discount, ends, usd_per_hour"],
        ),
        ('[[workload]]\nmatch = "a"\ncpu_ms_per_request = inf', 3, ["inf", "finite"]),
        ("[defaults]\nmax_target_cpu = nan", 2, ["nan"]),
        ("[defaults]\narchitectures = []", 2, ["names nothing"]),
        (
            '[[workload]]\nmatch = "a"\ndemand = { profile = "nope" }',
            3,
            ["no traffic profile 'nope'", "diurnal"],
        ),
        ('folder = "elsewhere"', 1, ["unknown key folder"]),
        (
            '[[workload]]\nmatch = "a"\n[workload.demand]\nprofile = "flat"\n'
            '[[workload]]\n# boot_s = 90\nmatch = "b"\n[workload.slo]\np99_ms = -1',
            9,
            ["p99_ms = -1"],
        ),
    ],
)
def test_mistakes_are_told_with_line_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, words: list[str]
) -> None:
    """One line: file:line, the key, the value, what it should be."""
    told = complaint(tmp_path, text)
    assert told.startswith(f"tfopt.toml:{line}: ")
    for word in words:
        assert word in told


def test_the_documented_defaults_may_be_written_out(tmp_path: Path) -> None:
    """What the format names as default is accepted word for word."""
    text = '[[workload]]\nmatch = "a"\nboot_s = 90\nalarm_cadence = "legacy"'
    written = load_settings(write(tmp_path, text)).workload[0]
    assert written == WorkloadTable(match="a")


def test_each_workload_knows_where_it_stands(tmp_path: Path) -> None:
    """Two equal workloads stand on lines of their own; a key that is not written: the match."""
    text = '[[workload]]\nmatch = "a"\nboot_s = 1\n[[workload]]\nboot_s = 1\nmatch = "a"\n'
    settings = load_settings(write(tmp_path, text))
    first, second = settings.workload
    file = tmp_path / "tfopt.toml"
    assert settings.place_of(first, "boot_s") == f"{file}:3"
    assert settings.place_of(second, "boot_s") == f"{file}:5"
    assert settings.place_of(second, "measured_on") == f"{file}:6"


def test_workloads_that_fit_nothing_are_found(tmp_path: Path) -> None:
    """A typo in one match does not hide behind the others."""
    settings = Settings(workload=(WorkloadTable(match="a.*"), WorkloadTable(match="b")))
    assert settings.matching_none(["a.web", "c"]) == [settings.workload[1]]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The path and the system's reason, no traceback."""
    with pytest.raises(TfoptError, match="No such file"):
        load_settings(tmp_path / "gone.toml")


def test_settings_are_found_upwards_from_the_plan(tmp_path: Path) -> None:
    """The nearest tfopt.toml above the plan counts."""
    deep = tmp_path / "infra" / "prod"
    deep.mkdir(parents=True)
    outer = write(tmp_path, "")
    assert find_settings(deep / "plan.json") == outer
    inner = write(deep, "")
    assert find_settings(deep / "plan.json") == inner
