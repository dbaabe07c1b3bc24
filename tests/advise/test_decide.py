"""No shown alternative beats the recommendation, and no promise is made that cannot be kept."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tfopt.__main__ import _run
from tfopt.advise import Request, advise
from tfopt.recommendation import Group

Rewrite = Callable[[str, str], None]


@pytest.fixture
def toml(shop: Path) -> Rewrite:
    """Replace text in the shop's tfopt.toml; it must have been there."""

    def replaced(old: str, new: str) -> None:
        text = (shop / "tfopt.toml").read_text()
        assert old in text
        (shop / "tfopt.toml").write_text(text.replace(old, new))

    return replaced


def groups(shop: Path, policy: str = "calibrated-tracking") -> list[Group]:
    request = Request(plans=(str(shop / "plan.json"),), policy=policy, horizon_s=2 * 86_400)
    return advise(request, lambda *_: None).report.groups


@pytest.mark.parametrize("policy", ["peak-static", "calibrated-tracking"])
def test_no_alternative_on_the_same_chip_is_cheaper_and_holds(shop: Path, policy: str) -> None:
    """What is cheaper than the recommendation failed in the proof, and says so."""
    for group in groups(shop, policy):
        assert group.cost is not None
        usd = group.cost.recommended_monthly_usd.p05
        for other in group.alternatives:
            beats = (other.monthly_usd or 0) < 0.99 * usd and (other.risk or 0) <= 0.05
            assert not beats or "failed" in other.why_not or "image" in other.why_not


def test_an_slo_below_the_requests_own_time_is_not_analysed(shop: Path, toml: Rewrite) -> None:
    """No number of instances makes one request shorter: say so instead of buying instances."""
    toml("cpu_ms_per_request = 18", "cpu_ms_per_request = 900")
    web = groups(shop)[0]
    assert web.status == "not-analysed"
    assert "CPU time on every type" in web.reason


def test_a_flood_is_not_met_with_any_number_of_instances(shop: Path) -> None:
    """No ceiling above five times the present one, and no reason claimed that does not hold."""
    path = shop / "traffic" / "web.csv"
    head, *rows = list(csv.reader(path.read_text().splitlines()))
    flood = [[time, str(60 * float(rate))] for time, rate in rows]
    path.write_text("\n".join(",".join(row) for row in [head, *flood]) + "\n")
    web = groups(shop)[0]
    assert web.recommended is not None
    assert (web.recommended.max_size or 0) <= 5 * 24
    assert "cheapest" not in (web.why_this_type or "")


def test_the_key_that_keeps_cpu_figures_true_is_asked_for_with_the_patch(
    shop: Path, toml: Rewrite, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Those who see only the diff are told on standard error."""
    toml('measured_on = "m5.xlarge"', "#")
    monkeypatch.chdir(shop)
    assert _run(["recommend", "plan.json", "--horizon", "1d", "--format", "diff"]) == 0
    assert 'measured_on = "m5.xlarge"' in capfd.readouterr().err


def test_settings_stand_in_the_configs_folder_too(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that was copied elsewhere still finds the tfopt.toml of --config-dir."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (shop / "plan.json").rename(alone / "plan.json")
    monkeypatch.chdir(alone)
    request = Request(plans=("plan.json",), config_dir=shop, horizon_s=86_400)
    report = advise(request, lambda *_: None).report
    assert [group.assumed for group in report.groups] == [False, False, False]


def test_a_price_that_is_no_present_list_price_is_said_so(shop: Path) -> None:
    """Outside us-east-1 AWS prices are older, and those of newer types estimated."""
    path = shop / "plan.json"
    path.write_text(path.read_text().replace("us-east-1", "eu-west-1"))
    for group in groups(shop):
        assert group.region == "eu-west-1"
        notes = [note for note in group.notes if note.startswith("the price of")]
        assert group.current is not None
        assert f"the price of {group.current.instance_type} in eu-west-1" in notes[0]
        assert notes[0].endswith(("of February 2024", "estimated"))
    assert not [n for g in groups(shop) for n in g.notes if "us-east-1" in n]
