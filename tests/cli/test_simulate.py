"""`tfopt simulate`: the present settings over the forecast, or under a demand that is given."""

from __future__ import annotations

import json
import math
import re
import shutil
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest

import tfopt as package
from tfopt.__main__ import _run
from tfopt.pricing import load_book
from tfopt.render.json import json_schema
from tfopt.scenario import present_of
from tfopt.settings import load_settings
from tfopt.simulation import Simulation
from tfopt_sim.risk import Caution
from tfopt_sim.rollout import simulate, trajectory

if TYPE_CHECKING:
    from conftest import RunTfopt

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = Path(package.__file__).parent / "schema" / "simulation-v1.json"
CASES = ROOT / "tests" / "cases" / "simulate"
WEB = "aws_autoscaling_group.web"
START = datetime(2026, 3, 2, tzinfo=UTC)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def written(folder: Path, rps: list[float], step_s: int = 60) -> Path:
    """Write a demand from Monday 2026-03-02 on."""
    rows = [f"{(START + timedelta(seconds=step_s * i)).isoformat()},{x}" for i, x in enumerate(rps)]
    path = folder / "given.csv"
    path.write_text("\n".join(["timestamp,requests_per_second", *rows]))
    return path


@pytest.fixture
def answer(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the function that runs `tfopt simulate plan.json` in the shop and reads its JSON."""
    monkeypatch.chdir(shop)

    def run(*arguments: object) -> Any:
        code = _run(["simulate", "plan.json", *map(str, arguments)])
        shown = capsys.readouterr()
        assert code == 0, shown.err
        return json.loads(shown.out)

    return run


def edited(folder: Path, old: str, new: str) -> None:
    """Change the shop's workloads."""
    text = (folder / "tfopt.toml").read_text()
    assert old in text
    (folder / "tfopt.toml").write_text(text.replace(old, new))


def test_shipped_schema_is_that_of_the_types(rewrite: bool) -> None:
    """The schema file says what the code writes; `pytest --rewrite` brings it up to date."""
    text = json.dumps(json_schema(Simulation, "simulation"), indent=2) + "\n"
    if rewrite:
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text


def test_forecast_answers_every_group_by_the_schema(answer: Any) -> None:
    """Cost, capacity, SLO and 168 hours for each group; the totals are the groups' sum."""
    found = answer("--scenarios", 8)
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    assert [group["status"] for group in found["groups"]] == ["simulated"] * 3
    for group in found["groups"]:
        monthly = group["cost"]["monthly_usd"]
        assert monthly["p05"] <= monthly["p50"] <= monthly["p95"]
        assert group["cost"]["twentieths_usd"] == sorted(group["cost"]["twentieths_usd"])
        hours = group["by_hour_of_week"]
        assert len(hours["bad_minute_risk"]) == len(hours["demand_rps"]["p50"]) == 168
        assert all(ms > 0 for ms in hours["p99_ms"])
        assert group["replay"] is None
    middles = [group["cost"]["monthly_usd"]["p50"] for group in found["groups"]]
    assert found["totals"]["monthly_usd"]["p50"] == pytest.approx(sum(middles), rel=0.01)
    assert found["coverage"] == {"analysed": 3, "skipped": []}


def test_figures_are_the_simulators_own(answer: Any) -> None:
    """The answer sums up the same scenarios, with the same chance, as `simulate` runs."""
    from tfopt.outlook import _NOTHING_FREE
    from tfopt.plan.read import read_plan
    from tfopt.scenario import build_case

    (group,) = answer("--group", WEB, "--scenarios", 6, "--seed", 3)["groups"]
    planned = next(g for g in read_plan("plan.json").groups if g.address == WEB)
    case = build_case(
        planned,
        load_settings(Path("tfopt.toml")),
        load_book(),
        knobs=_NOTHING_FREE,
        horizon_s=7 * 86_400,
        seed=3,
        held_back=6,
        caution=Caution(),
    )
    problem = case.problem
    outcome = simulate(
        [problem.present], case.held_back_rps, problem.workload, problem.slo, case.start, seed=3
    )
    monthly = np.percentile(outcome.usd_per_hour[0] * 730, [5, 50, 95])
    cost = group["cost"]["monthly_usd"]
    assert [cost["p05"], cost["p50"], cost["p95"]] == pytest.approx(monthly, rel=1e-5)
    most = np.percentile(outcome.max_instances[0], 50)
    assert group["capacity"]["peak_instances"]["p50"] == most


def test_weeks_of_a_long_horizon_count_one_by_one(answer: Any) -> None:
    """Two scenarios of four weeks are eight weeks; hours are of one week all the same."""
    (group,) = answer("--group", "aws_eks_node_group.apps", "--horizon", "4w", "--scenarios", 2)[
        "groups"
    ]
    assert group["slo"]["weeks"] == 8
    assert None not in group["by_hour_of_week"]["cpu"]["p50"]


def test_same_input_same_bytes_whatever_the_threads(shop: Path, tfopt: RunTfopt) -> None:
    """Scenarios run side by side, but nothing depends on which of them ends first."""
    runs = [tfopt("simulate", "plan.json", "--scenarios", "20", cwd=shop) for _ in range(2)]
    assert runs[0].returncode == 0
    assert runs[0].stdout == runs[1].stdout


def test_replay_as_computed_by_hand(answer: Any, shop: Path) -> None:
    """Out on the 3rd datapoint, in on the 15th, boots billed, a removed one billed no more.

    Six m5.xlarge serve 6 · 4 ÷ 0.018 s = 1,333 requests/s when full. 755.6 make them 57 % busy,
    over the target of 40 %: the third datapoint, of minute 2, asks for ceil(6 · 0.57 ÷ 0.4) = 9.
    Three are ordered at minute 3, paid from then, and serve from the first tick 90 s later, 5.
    From minute 40 on 300 requests/s make nine 15 % busy, under 0.7 · 40 %: the fifteenth datapoint,
    of minute 54, asks for ceil(9 · 0.15 ÷ 0.4) = 4; the minimum of 6 stands from minute 55.
    """
    edited(shop, "boot_s = 100", 'boot_s = 90\nboot = "fixed"')
    csv = written(shop, [755.6] * 40 + [300.0] * 20)
    replay = answer("--replay", csv, "--group", WEB)["groups"][0]["replay"]
    assert replay["capacity"] == [6] * 5 + [9] * 50 + [6] * 5
    assert replay["billed"] == [6] * 3 + [9] * 52 + [6] * 5
    usd = load_book().offer("aws", "us-east-1", "m5.xlarge").usd_per_hour
    assert replay["cost_usd"] == pytest.approx(516 / 60 * usd)
    assert replay["mean_instances"] == pytest.approx(516 / 60)
    assert replay["launches"] == 3
    assert replay["cpu"][:2] == pytest.approx([0.567, 0.567], abs=0.03)
    assert replay["minutes"] == 60
    assert replay["requests"] == pytest.approx(60 * (40 * 755.6 + 20 * 300))


def test_replay_is_the_simulators_trajectory(answer: Any, shop: Path) -> None:
    """Minute for minute what `trajectory` gives for the same settings, demand and seed."""
    from tfopt.plan.read import read_plan

    rps = [float(x) for x in 400 + 300 * np.sin(np.arange(300) / 20)]
    replay = answer("--replay", written(shop, rps), "--group", WEB, "--seed", 5)["groups"][0][
        "replay"
    ]
    planned = next(g for g in read_plan("plan.json").groups if g.address == WEB)
    present = present_of(planned, load_settings(Path("tfopt.toml")), load_book())
    path = trajectory(
        present.configuration, np.array(rps), present.workload, present.slo, START, seed=5
    )
    assert replay["capacity"] == path.in_service.tolist()
    assert replay["cpu"] == pytest.approx(path.cpu.tolist(), rel=1e-5)
    assert replay["cost_usd"] == pytest.approx(path.cost_usd, rel=1e-5)
    assert replay["p99_ms"] == pytest.approx(path.p99_ms, rel=1e-5)
    assert replay["bad_minute_share"] == pytest.approx(path.extras["bad_minute_share"], abs=1e-6)


def test_minutes_without_arrivals_are_left_out_of_the_share(answer: Any, shop: Path) -> None:
    """Twenty overloaded minutes are all of the minutes that had a request."""
    edited(shop, "boot_s = 100", "boot_s = 7200")
    edited(shop, "match", "timeout_s = 1\nmatch")
    csv = written(shop, [3000.0] * 20 + [0.0] * 100)
    replay = answer("--replay", csv, "--group", WEB)["groups"][0]["replay"]
    assert replay["bad_minute_share"] == pytest.approx(1.0, abs=0.06)


def test_replay_of_five_minute_steps_is_that_of_their_minutes(answer: Any, shop: Path) -> None:
    """A coarse series replays as the same rate in each of its minutes."""
    levels = [300.0, 900.0, 600.0, 200.0] * 6
    coarse = answer("--replay", written(shop, levels, 300), "--group", WEB)["groups"][0]
    fine = answer("--replay", written(shop, np.repeat(levels, 5).tolist()), "--group", WEB)
    assert coarse["replay"] == fine["groups"][0]["replay"]


def test_replay_needs_no_settings_and_says_what_it_assumes(
    shop: Path, tfopt: RunTfopt, tmp_path: Path
) -> None:
    """A plan alone replays, on 20 ms of CPU per request, marked assumed."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(shop / "plan.json", alone)
    csv = written(alone, [100.0] * 30)
    done = tfopt("simulate", "plan.json", "--group", WEB, "--replay", csv, cwd=alone)
    (group,) = json.loads(done.stdout)["groups"]
    assert group["assumed"]
    assert "assumes 20 ms of CPU per request: none is given" in group["notes"]
    assert group["replay"]["capacity"] == [6] * 30


def test_replay_needs_no_demand_of_the_workload(answer: Any, shop: Path) -> None:
    """A workload that says only what a request costs is enough, and nothing is assumed."""
    (shop / "tfopt.toml").write_text(f'[[workload]]\nmatch = "{WEB}"\ncpu_ms_per_request = 18\n')
    (group,) = answer("--group", WEB, "--replay", written(shop, [100.0] * 30))["groups"]
    assert not group["assumed"]
    assert group["notes"] == []
    assert group["cost"] is None


def test_replay_infers_the_work_of_a_request_from_cpu_and_rate(answer: Any, shop: Path) -> None:
    """A workload that was measured as CPU beside a rate is enough too: nothing is assumed."""
    rows = [
        f"{(START + timedelta(minutes=5 * i)).isoformat()},{rps},{100 * rps * 0.03 / 24},6"
        for i, rps in enumerate(300 + 200 * np.sin(np.arange(600) / 40))
    ]
    (shop / "both.csv").write_text("\n".join(["timestamp,rps,cpu,n", *rows]))
    demand = '{ csv = "both.csv", column = "rps", cpu_percent = "cpu", instances = "n" }'
    text = f'[[workload]]\nmatch = "{WEB}"\nsmt = "linear"\ndemand = {demand}\n'
    (shop / "tfopt.toml").write_text(text)
    (group,) = answer("--group", WEB, "--replay", written(shop, [250.0] * 30))["groups"]
    assert not group["assumed"]
    assert np.mean(group["replay"]["cpu"]) == pytest.approx(250 * 0.03 / 24, rel=0.03)


def test_replay_counts_hyper_threads_alike_unless_told(shop: Path) -> None:
    """A vCPU is as fast whatever its neighbour does, but with `smt = "measured"`."""
    from tfopt.plan.read import read_plan

    planned = next(g for g in read_plan(shop / "plan.json").groups if g.address == WEB)

    def boost() -> float:
        present = present_of(planned, load_settings(shop / "tfopt.toml"), load_book())
        return present.configuration.machine.boost

    assert boost() == 1.0
    edited(shop, "boot_s = 100", 'boot_s = 100\nsmt = "measured"')
    assert boost() > 1.0


def test_replay_request_by_request_agrees_with_the_minutes(answer: Any, shop: Path) -> None:
    """The second simulator, which shares no code, finds about the same capacity and latency."""
    csv = written(shop, [float(x) for x in 40 + 30 * np.sin(np.arange(240) / 30)])
    edited(shop, "cpu_ms_per_request = 18 ", "cpu_ms_per_request = 300 ")
    edited(shop, "p99_ms = 250", "p99_ms = 2500")
    replay = answer("--replay", csv, "--group", WEB, "--requests")["groups"][0]["replay"]
    other = replay["by_request"]
    assert other["cost_usd"] == pytest.approx(replay["cost_usd"], rel=0.05)
    assert other["mean_cpu"] == pytest.approx(replay["mean_cpu"], rel=0.05)
    assert other["p50_ms"] == pytest.approx(replay["p50_ms"], rel=0.05)
    assert other["p99_ms"] == pytest.approx(replay["p99_ms"], rel=0.1)
    assert other["same_capacity_share"] > 0.5


def test_requests_are_not_run_through_a_group_that_may_be_empty(
    shop: Path, tfopt: RunTfopt
) -> None:
    """Whose bounds allow no instance is refused, since its requests may wait without an end."""
    plan = json.dumps(json.loads((shop / "plan.json").read_text()))
    (shop / "plan.json").write_text(plan.replace('"min_size": 6', '"min_size": 0'))
    csv = written(shop, [100.0] * 30)
    done = tfopt("simulate", "plan.json", "--group", WEB, "--replay", csv, "--requests", cwd=shop)
    assert done.returncode == 1
    assert "may run without any instance, which --requests does not simulate" in done.stderr


REFUSED = {
    "several groups": (
        ["--replay", "given.csv"],
        ("one demand, but 3 groups", WEB, "--group ADDRESS"),
    ),
    "unknown group": (["--group", f"{WEB}x"], (f"no instance group {WEB}x", f"nearest is {WEB}")),
    "column without CSV": (["--column", "x"], ("--column", "--replay")),
    "no such CSV": (["--replay", "none.csv"], ("none.csv: no such file",)),
    "no such column": (["--replay", "given.csv", "--column", "x"], ("'x'", "given.csv:1")),
    "requests without CSV": (["--requests"], ("--requests", "--replay")),
    "too many requests": (
        ["--replay", "many.csv", "--group", WEB, "--requests"],
        ("--requests runs at most 200,000,000", "shorter"),
    ),
    "no scenario": (["--scenarios", "0"], ("--scenarios", "1<=x<=2000")),
    "long horizon": (["--horizon", "5w"], ("5w", "28d")),
    "no folder for the picture": (["--picture", "no/week.svg"], ("no/week.svg",)),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments: list[str],
    words: tuple[str, ...],
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 1, nothing on standard output, one line that says what to do."""
    monkeypatch.chdir(shop)
    written(shop, [1e6] * 30).rename(shop / "many.csv")
    written(shop, [1.0] * 30)
    few = [] if "--scenarios" in arguments or "--replay" in arguments else ["--scenarios", "1"]
    code = _run(["simulate", "plan.json", "--quiet", *few, *arguments])
    shown = capsys.readouterr()
    assert (code, shown.out) == (1, "")
    assert len(shown.err.splitlines()) == 1
    assert not [word for word in words if word not in shown.err], shown.err


def test_groups_that_cannot_be_simulated_are_listed(answer: Any, shop: Path) -> None:
    """A switched-off group stays in the answer with the reason, and another replays alone."""
    plan = json.loads((shop / "plan.json").read_text())
    text = json.dumps(plan).replace('"max_size": 24', '"max_size": 0')
    (shop / "plan.json").write_text(text)
    found = answer("--scenarios", 1)
    web = next(group for group in found["groups"] if group["address"] == WEB)
    assert web["status"] == "not-analysed"
    assert "switched off" in web["reason"]
    assert web["cost"] is web["slo"] is web["by_hour_of_week"] is None
    assert [item["address"] for item in found["coverage"]["skipped"]] == [WEB]


def test_answer_and_picture_go_to_files(shop: Path, tfopt: RunTfopt) -> None:
    """`--out` takes the answer, `--picture` an SVG that any XML parser reads."""
    few = ["--group", WEB, "--scenarios", "3"]
    files = ["--out", "a.json", "--picture", "w.svg"]
    done = tfopt("simulate", "plan.json", *few, *files, cwd=shop)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "tfopt: drawn to w.svg\n"
    assert json.loads((shop / "a.json").read_text())["mode"] == "forecast"
    root = ET.parse(shop / "w.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join("".join(element.itertext()) for element in root.iter())
    assert WEB in words
    assert not [x for x in root.iter() for v in x.attrib.values() if v == str(math.nan)]


GOLDEN = {
    "forecast": ["--scenarios", "20"],
    "replay": ["--group", WEB, "--replay", "traffic/web.csv"],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_page_is_as_it_was_last_seen(
    name: str,
    shop: Path,
    rewrite: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A change of wording, layout or figures shows up as a diff of a page that a person reads."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("COLUMNS", "100")
    assert _run(["simulate", "plan.json", "--format", "table", *GOLDEN[name]]) == 0
    page = capsys.readouterr().out
    wanted = CASES / f"{name}.txt"
    if rewrite:
        wanted.write_text(page, encoding="utf-8")
    assert page == wanted.read_text(encoding="utf-8")


def test_documented_picture_is_what_the_command_draws(
    shop: Path, tfopt: RunTfopt, rewrite: bool
) -> None:
    """The picture in the documentation shows what the tool says today, to a few pixels."""
    worker = "module.worker.aws_autoscaling_group.this"
    done = tfopt("simulate", "plan.json", "--group", worker, "--picture", "week.svg", cwd=shop)
    assert done.returncode == 0
    drawn, documented = (shop / "week.svg").read_text(), ROOT / "docs" / "simulate.svg"
    if rewrite:
        documented.write_text(drawn)
    shown = documented.read_text()
    assert _NUMBER.sub("0", shown) == _NUMBER.sub("0", drawn)
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(drawn), strict=True)
    assert not [(a, b) for a, b in pairs if abs(float(a) - float(b)) > 3 + 0.02 * float(b)]
