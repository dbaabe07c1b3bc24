"""The table: fair splits, a bound nobody beats while holding the SLO, one command end to end."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from policy_problems import WEEK_S

from tfopt.commands.evaluate import command as evaluate_command
from tfopt_policies.cautious import CAUTIONS, CUSTOMARY
from tfopt_policies.episodes import HELD_OUT, episode, judged_origins, split
from tfopt_policies.errors import PolicyError
from tfopt_policies.evaluate import (
    ONE_TYPE,
    PLAIN_CHOICE,
    PROVEN,
    SYNTHETIC,
    Plan,
    Score,
    evaluate,
    setting,
)
from tfopt_policies.matching import matched_cost, matched_table
from tfopt_policies.plots import picture
from tfopt_policies.report import bootstrap, markdown, summarise
from tfopt_policies.sizing import minutes, need
from tfopt_policies.standards import both_worse, findings, profile_table
from tfopt_policies.traces import Trace, read_traces
from tfopt_sim.demand_paths import synthetic
from tfopt_sim.types import Demand

WEEK_STEPS = WEEK_S // 300


def trace(name: str, kind: str = "diurnal", days: int = 35, seed: int = 0) -> Trace:
    made = synthetic(kind, np.random.default_rng(seed), days, 300)
    return Trace(name, made, "0" * 64, "made up")


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    plan = Plan(origins=1, sizes=(10,), modes=(ONE_TYPE,), scenarios=24, synthetic=0)
    traces = [trace("nab_tweets_AMZN"), trace("other", "steady", seed=1)]
    return evaluate(traces, [], plan, lambda *_: None)


def test_every_policy_is_judged_on_every_week(scores: list[Score]) -> None:
    """Two traces, one week each: every baseline and the proof have exactly two scores."""
    policies = {score.policy for score in scores}
    assert {"as-written", "peak-static", "calibrated-tracking", PROVEN} <= policies
    plain = [score for score in scores if score.dial == PLAIN_CHOICE]
    for policy in {score.policy for score in plain}:
        assert sum(score.policy == policy for score in plain) == 2
    for policy in {score.policy for score in scores} - {score.policy for score in plain}:
        own = [score.dial for score in scores if score.policy == policy]
        assert own == [*range(len(CAUTIONS))] * 2
    assert {score.unseen for score in scores if score.trace == "nab_tweets_AMZN"} == {True}
    assert {score.unseen for score in scores if score.trace == "other"} == {False}


def test_customary_tracking_turned_safer_keeps_its_target_and_raises_its_minimum() -> None:
    """Every position aims at 50 %; the more history must be held, the higher the minimum."""
    made = trace("other", "bursty", seed=3)
    rng = np.random.default_rng(0)
    one = episode("other", made.demand, 28 * WEEK_STEPS // 7, setting(10, ONE_TYPE), rng)
    turned = CUSTOMARY.dialled(one.problem, rng)
    assert all(choice.tracking and choice.tracking.target == 0.5 for choice in turned)
    four_weeks = [choice.min_size for choice in turned[4:]]
    assert four_weeks == sorted(four_weeks)
    assert four_weeks[-1] > turned[0].min_size


def test_no_policy_that_meets_the_slo_beats_the_bound(scores: list[Score]) -> None:
    """A clairvoyant who may also leave the allowed minutes unserved pays least."""
    met = [score for score in scores if score.met]
    assert len(met) > 4
    for score in met:
        assert score.usd >= 0.999 * score.bound_usd, score


def test_same_seed_same_scores(scores: list[Score]) -> None:
    """Everything but the time it took is the same in a second run."""
    plan = Plan(origins=1, sizes=(10,), modes=(ONE_TYPE,), scenarios=24, synthetic=0)
    again = evaluate([trace("nab_tweets_AMZN")], [], plan, lambda *_: None)
    for first, second in zip(scores, again, strict=False):
        assert (first.policy, first.usd, first.configuration) == (
            second.policy,
            second.usd,
            second.configuration,
        )


def test_training_never_sees_what_is_tested() -> None:
    """No test origin lies before the split, and traces held out have none of it."""
    for name in ("other", "nab_tweets_AMZN"):
        whole = trace(name)
        for origin in judged_origins(whole, 10):
            assert origin >= split(whole)
            assert origin >= WEEK_STEPS
            assert origin + WEEK_STEPS <= whole.demand.rps.size
    assert split(trace("nab_tweets_AMZN")) == 0
    assert "nab_tweets_AMZN" in HELD_OUT
    assert judged_origins(trace("short", days=20), 3) == []


def test_an_episode_hides_the_future() -> None:
    """Changing the week that follows changes nothing of what the policy is given."""
    whole = trace("other")
    origin = judged_origins(whole, 1)[0]
    changed = whole.demand.rps.copy()
    changed[origin:] *= 3
    other = Demand(whole.demand.start, whole.demand.step_s, changed)
    group = setting(10, ONE_TYPE)
    first = episode("t", whole.demand, origin, group, np.random.default_rng(0))
    second = episode("t", other, origin, group, np.random.default_rng(0))
    assert np.array_equal(first.problem.history.rps, second.problem.history.rps)
    assert np.array_equal(first.problem.scenarios_rps, second.problem.scenarios_rps)
    assert np.allclose(3 * first.future_rps, second.future_rps)
    history = minutes(first.problem.history)
    peak = np.quantile(history[-28 * 1440 :], 0.999)
    machine = group.machines[0]
    assert int(need(first.problem, machine, np.array([peak * 0.999]))[0]) == 10


def test_intervals_resample_whole_traces(scores: list[Score]) -> None:
    """With one trace there is nothing to resample: the interval is the mean."""
    one = [score for score in scores if score.trace == "other"]
    figure = bootstrap(one, lambda score: score.usd, seed=0)
    assert figure.low == figure.mean == figure.high
    both = bootstrap(scores, lambda score: score.usd, seed=0)
    assert both.low < both.mean < both.high


def test_a_rule_that_asks_for_more_holds_more_of_history(scores: list[Score]) -> None:
    """The best setting in hindsight is attainable and no dearer than what held; dials are told."""
    for score in scores:
        if score.met:
            assert score.attainable
            assert score.hindsight_usd <= score.usd
    found = matched_cost(scores, PROVEN, "best-calibrated")
    assert found.weeks == 2
    assert 0.3 < found.ratio < 3
    same = matched_cost(scores, "peak-static", "peak-static")
    assert same.ratio == pytest.approx(1.0)
    assert "best-calibrated" in matched_table(scores, 0)


def test_the_table_names_every_policy(scores: list[Score]) -> None:
    """Good or bad, each policy has its row, and unseen traces are marked."""
    text = markdown(scores, "what was judged", seed=0)
    for row in summarise(scores, 0):
        assert f"| {row.policy} | {row.met_weeks}/2 |" in text.replace("**", "")
    assert "| nab_tweets_AMZN (unseen) |" in text
    assert "traces of which nothing was trained on" in text


def write_traces(folder: Path) -> Path:
    folder.mkdir()
    made = synthetic("diurnal", np.random.default_rng(3), 21, 900)
    lines = ["timestamp,value"]
    stamps = np.datetime64(made.start.replace(tzinfo=None), "s") + 900 * np.arange(made.rps.size)
    lines += [f"{s}Z,{v:.3f}" for s, v in zip(stamps, made.rps, strict=True)]
    (folder / "nab_grok_asg.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    entry = {"name": "nab_grok_asg", "file": "traces/nab_grok_asg.csv", "step_s": 900, "days": 21}
    (folder / "traces.json").write_text(json.dumps([entry]), encoding="utf-8")
    return folder


def test_evaluate_command_end_to_end(tmp_path: Path) -> None:
    """One command replaces the table in a file and writes every score."""
    traces = write_traces(tmp_path / "traces")
    out, raw = tmp_path / "README.md", tmp_path / "scores.csv"
    out.write_text(
        "# Before\n<!-- table: written by tfopt evaluate -->\nold\n<!-- end of table -->\nafter\n",
        encoding="utf-8",
    )
    arguments = ["--traces", traces, "--policy", "peak-static", "--out", out, "--scores", raw]
    done = CliRunner().invoke(
        evaluate_command,
        [*map(str, arguments), "--origins", "1", "--sizes", "5", "--synthetic", "1", "--quiet"],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# Before\n")
    assert text.endswith("<!-- end of table -->\nafter\n")
    assert "\nold\n" not in text
    assert PROVEN in text
    rows = list(csv.DictReader(raw.open(encoding="utf-8")))
    assert {row["mode"] for row in rows} == {"one type", "any type", SYNTHETIC}


def test_traces_are_read_with_their_gaps(tmp_path: Path) -> None:
    """A missing line is NaN on the grid, and a missing index says what to give."""
    folder = write_traces(tmp_path / "traces")
    path = folder / "nab_grok_asg.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:10], *lines[11:]]) + "\n", encoding="utf-8")
    rps = read_traces(folder)[0].demand.rps
    assert np.isnan(rps[9])
    assert np.isfinite(np.delete(rps, 9)).all()
    with pytest.raises(PolicyError, match=r"Give --traces a folder with a traces\.json"):
        read_traces(tmp_path)


def made(policy: str, usd: float, bad: float) -> Score:
    """Return a score of a week whose cheapest setting that held cost 100."""
    return Score(
        "a", True, "2020", 20, ONE_TYPE, policy, "", usd, bad, bad <= 0.01, 80.0, 0.0, 0.0, 100.0
    )


def test_a_week_is_both_worse_only_where_cost_and_bad_minutes_rose() -> None:
    """Weeks of the same name, as of synthetic demand, are told apart by their order."""
    written = [made("as-written", 200, 0.001), made("as-written", 200, 0.02)]
    dearer = [made(PROVEN, 250, 0.0), made(PROVEN, 250, 0.03)]
    assert both_worse(written + dearer, PROVEN) == 1
    assert both_worse([*written, made(PROVEN, 150, 0.03), made(PROVEN, 250, 0.02)], PROVEN) == 0


def test_a_standard_that_is_missed_is_said_to_be() -> None:
    """One of two weeks held, and twice the cost of constant sizes: neither is enough."""
    rules = [made(name, 200, 0.0) for name in ("as-written", "peak-static", "peak-static")]
    rules += [made("as-written", 200, 0.0), *[made("calibrated-static", 150, 0.0)] * 2]
    found = findings([*rules, made(PROVEN, 400, 0.0), made(PROVEN, 400, 0.05)], PROVEN, 0)
    assert [one.reached for one in found] == [False, False, False, False]
    assert found[0].found == "1/2 = 50%"
    assert found[-1].found.startswith("2.000")


def test_profiles_count_a_missed_week_as_held_at_no_price() -> None:
    """At twice the cheapest price one of two weeks is held; the other was missed."""
    ours = [made(PROVEN, 104, 0.0), made(PROVEN, 104, 0.0)]
    theirs = [made("calibrated-static", 200, 0.0), made("calibrated-static", 50, 0.02)]
    rows = profile_table(ours + theirs, 0).splitlines()
    assert rows[-2].startswith(f"| **{PROVEN}** | 100% | 100% |")
    assert rows[-1].startswith("| calibrated-static | 0% | 0% | 0% | 50% | 50% |")
    assert "| 100% |" in rows[-1]  # better in both


def test_the_picture_shows_every_policy_it_names(scores: list[Score]) -> None:
    """A well-formed SVG with a line per dial and per profile."""
    root = ElementTree.fromstring(picture(scores))
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    names = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert len(lines) >= 8
    assert {"best-calibrated", "tracking-dial", PROVEN, "peak-static"} <= set(names)


def test_a_rule_that_never_holds_as_many_weeks_is_not_beaten() -> None:
    """Its dial turned as far as it goes it holds none of two weeks: costs cannot be compared."""
    written = [made("as-written", 200, 0.0)] * 2
    turned = [replace(made("best-calibrated", 90, 0.02), dial=k) for k in (0, 0, 1, 1)]
    found = findings([*written, *turned, *[made(PROVEN, 150, 0.0)] * 2], PROVEN, 0)
    assert found[-1].reached is None
    assert found[-1].found == "best-calibrated never holds 2 of 2"


@pytest.mark.parametrize(
    "index",
    [{"traces": 7}, [3], [{"name": "a", "file": "a.csv", "days": "30", "step_s": 60}],
     [{"name": "a", "file": "a.csv", "days": 30, "step_s": 0}]],
)  # fmt: skip
def test_a_bad_index_of_traces_gets_one_line(tmp_path: Path, index: object) -> None:
    """What is JSON but no list of traces is refused, with what to write instead."""
    (tmp_path / "traces.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"not as expected.*name, file, days and step_s"):
        read_traces(tmp_path)
