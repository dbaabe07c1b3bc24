"""Groups that share a literal: one value for all, an added key for one, or the reason why not."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.replan import moved, plan_json

from tfopt.advise import Advice, Request, advise
from tfopt.advise.leaves import knobs_of, trace_groups
from tfopt.advise.patching import Claims, Edits
from tfopt.advise.pinning import pinned
from tfopt.advise.shared import Traced, with_shared
from tfopt.hcl.edit import Change
from tfopt.hcl.trace import Trace
from tfopt.hcl.write import write
from tfopt.patching.inputs import read_with_sources
from tfopt.pricing import load_book
from tfopt.recommendation import Edit, Group
from tfopt.scenario import Case, build_case
from tfopt.settings import load_settings

CASES = Path(__file__).resolve().parent.parent / "cases" / "shared"
API, FEED = (f"module.{name}.aws_autoscaling_group.this" for name in ("api", "feed"))
DAY_S = 86_400
DEFAULTS = """\
[defaults]
slo = { p99_ms = 250, max_bad_minutes = 0.01 }
allowed_families = ["m5", "m8a"]
architectures = ["x86_64"]
max_target_cpu = 0.7
"""
WORKLOAD = """
[[workload]]
match = '{match}'
demand = {{ csv = "{file}", column = "rps" }}
cpu_ms_per_request = 18
measured_on = "m5.xlarge"
boot_s = 100
"""
Demand = tuple[float, float]  # mean requests/s, daily swing as a share of it
IDLE, BUSY, BUSIER = (10.0, 0.2), (1100.0, 0.5), (1400.0, 0.3)


def silent(done: int, total: int, what: str) -> None:
    """Show no progress."""


def write_demand(path: Path, demand: Demand) -> None:
    """Write two weeks of a daily wave with a ripple on it."""
    mean, swing = demand
    rows = ["timestamp,rps"]
    for i in range(14 * 288):
        when = datetime(2026, 10, 26) + timedelta(minutes=5 * i)
        day = 1 + swing * math.cos((i / 288 - 0.6) * 2 * math.pi)
        rows.append(f"{when.isoformat()}Z,{mean * day * (1 + 0.03 * math.sin(7.7 * i)):.1f}")
    path.write_text("\n".join(rows) + "\n")


def write_workloads(folder: Path, demands: dict[str, Demand], min_zones: int = 6) -> None:
    """Write tfopt.toml and the traffic of each group that a pattern matches."""
    text = DEFAULTS + f"min_zones = {min_zones}\n"
    for i, (match, demand) in enumerate(demands.items()):
        write_demand(folder / f"{i}.csv", demand)
        text += WORKLOAD.format(match=match, file=f"{i}.csv")
    (folder / "tfopt.toml").write_text(text)


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Path]:
    """Return the function that copies a case."""
    return lambda name: shutil.copytree(CASES / name, tmp_path / name)


def recommend(
    folder: Path, demands: dict[str, Demand], min_zones: int = 6, **choices: object
) -> Advice:
    """Recommend for a case, on one simulated day and by a baseline."""
    write_workloads(folder, demands, min_zones)
    wanted = {"horizon_s": DAY_S, "policy": "calibrated-tracking", **choices}
    return advise(Request(plans=(str(folder / "plan.json"),), **wanted), silent)


def built(folder: Path) -> Case:
    """Return the api group of a case, ready to be decided."""
    write_workloads(folder, {"module.api.*": BUSY})
    given = read_with_sources(str(folder / "plan.json"), None)
    settings = load_settings(folder / "tfopt.toml")
    leaves = trace_groups(given.plan, given.tracer(), "")
    api = given.plan.groups[0]
    knobs = knobs_of(api, leaves[api.address], settings.defaults)
    return build_case(api, settings, load_book(), knobs=knobs, horizon_s=DAY_S, seed=0)


def group(advice: Advice, address: str) -> Group:
    return next(g for g in advice.report.groups if g.address == address)


def edits(found: Group) -> dict[str, Edit]:
    return {edit.attribute: edit for edit in found.edits}


def test_one_type_serves_both_though_one_alone_would_keep_its_own(
    case: Callable[[str], Path],
) -> None:
    """The idle group pays more for the type that saves the busy one more: made once, told whole."""
    folder = case("twins")
    advice = recommend(folder, {"module.api.*": IDLE, "module.feed.*": BUSIER})
    api, feed = group(advice, API), group(advice, FEED)
    for found, other in ((api, "feed"), (feed, "api")):
        edit = edits(found)["instance_type"]
        assert (edit.grade, edit.new) == ("patchable-shared", '"m8a.xlarge"')
        assert edit.also_moves == [f"module.{other}.aws_launch_template.this"]
        assert any(f"together with module.{other}." in note for note in found.notes)
    assert api.proof is not None
    assert feed.proof is not None
    saved = [g.proof.saving_usd_per_month for g in (api, feed) if g.proof]
    assert saved[0].p95 < 0 < saved[0].p50 + saved[1].p05
    assert api.reason.startswith("with what it shares with other groups, holds the SLO and costs")
    diff = advice.patch.unified(folder)
    assert diff.count('+  instance_type = "m8a.xlarge"') == 1
    assert f"2 groups save ${saved[0].p50 + saved[1].p50:,.0f}/month" in diff


def test_without_a_type_that_pays_for_both_the_literal_stays_and_says_why(
    case: Callable[[str], Path],
) -> None:
    """What the other type saves one costs the other: both keep it; other settings are decided."""
    advice = recommend(case("twins"), {"module.api.*": IDLE, "module.feed.*": BUSY})
    for address, other in ((API, FEED), (FEED, API)):
        found = group(advice, address)
        assert found.recommended is not None
        assert found.recommended.instance_type == "m5.xlarge"
        assert "instance_type" not in edits(found)
        (said,) = [n for n in found.notes if n.startswith("instance_type is left as it is")]
        assert f"the same literal is instance_type of {other}; " in said
        assert f"{API} would keep m5.xlarge, {FEED} would take m8a.xlarge" in said


def test_what_both_want_alone_is_simply_taken(case: Callable[[str], Path]) -> None:
    """Like traffic, like wishes: nothing is decided twice."""
    advice = recommend(case("twins"), {"module.api.*": BUSIER, "module.feed.*": BUSIER})
    api, feed = group(advice, API), group(advice, FEED)
    assert api.recommended == feed.recommended
    assert api.reason == feed.reason
    assert "instance_type" in edits(api)
    assert advice.patch.unified(Path("/")).count('+  instance_type = "') == 1


def test_a_key_that_decides_one_group_alone_is_added_instead(case: Callable[[str], Path]) -> None:
    """`lookup(each.value, "min", var.default_min)`: each tier gets a minimum of its own."""
    folder = case("overridable")
    demands = {f'module.tier["{name}"].*': BUSIER for name in ("api", "feed")}
    advice = recommend(folder, demands, min_zones=3)
    for name in ("api", "feed"):
        found = group(advice, f'module.tier["{name}"].aws_autoscaling_group.this')
        edit = edits(found)["min_size"]
        assert edit.path == f"tiers.{name}.min"
        assert edit.also_moves == []
        assert not any("min_size" in note for note in found.notes)


def test_regions_that_share_the_sources_are_decided_together(case: Callable[[str], Path]) -> None:
    """Two plans of one root module: the busy region's saving pays for the quiet one's type."""
    folder = case("twins")
    plans = []
    for region, source, demand in (("us", "plan.json", IDLE), ("eu", "plan-eu.json", BUSIER)):
        place = folder / region
        place.mkdir()
        plans.append(str(shutil.move(folder / source, place / "plan.json")))
        write_workloads(place, {"module.api.*": demand, "module.feed.*": demand})
    wanted = {"horizon_s": DAY_S, "policy": "calibrated-tracking", "config_dir": folder}
    advice = advise(Request(plans=tuple(plans), **wanted), silent)
    types = {g.recommended.instance_type for g in advice.report.groups if g.recommended}
    assert types == {"m8a.xlarge"}
    first = edits(advice.report.groups[0])["instance_type"]
    assert f"{API} in {plans[1]}" in first.also_moves
    assert f"{FEED} in {plans[1]}" in first.also_moves
    assert {tuple(r.wanted.values()).count("m8a.xlarge") for r in advice.replans} == {2}
    assert advice.patch.unified(folder).count("4 groups save") >= 1


def test_a_partner_on_assumed_traffic_holds_the_literal(case: Callable[[str], Path]) -> None:
    """No edit moves a group whose traffic nobody measured, unless that is accepted."""
    folder = case("twins")
    advice = recommend(folder, {"module.feed.*": BUSIER})
    edit = edits(group(advice, FEED))["instance_type"]
    assert edit.new is None
    assert edit.reason == f"the same literal is instance_type of {API}, whose traffic is assumed"
    assert advice.patch.files == ()
    accepted = recommend(folder, {"module.feed.*": BUSIER}, accept_assumptions=True)
    assert edits(group(accepted, FEED))["instance_type"].new == '"m8a.xlarge"'


def test_where_one_group_is_not_edited_its_partners_are_not_either() -> None:
    """Half of what was decided together could be worse than nothing: all edits or none."""
    given = read_with_sources(str(CASES / "twins" / "plan.json"), None)
    leaves = trace_groups(given.plan, given.tracer(), "")
    api, feed = with_shared(
        [Traced(given.plan.path, g, leaves[g.address], None) for g in given.plan.groups]
    )
    assert api.shared == feed.shared
    assert set(api.shared) == {"instance_type", "min_size", "max_size", "target_cpu"}
    found = api.leaves.found["instance_type"]
    assert isinstance(found, Trace)
    listed = Edit(attribute="instance_type", grade="patchable-shared", reason=None)
    made = Edits([listed], [Change(found.leaf, "m8a.xlarge")])
    claims = Claims()
    told = claims.admit([(api, made), (feed, made.withheld("an apply would fail"))])
    assert claims.changes == []
    assert [each.listed[0].reason for each in told] == [
        f"{FEED} shares it and is not edited",
        "an apply would fail",
    ]
    assert claims.admit([(api, made), (feed, made)]) == [made, made]
    assert len(claims.changes) == 1


def test_a_group_cannot_be_given_what_it_cannot_have(case: Callable[[str], Path]) -> None:
    """A type that is not allowed to it, fewer instances than zones: no case to decide."""
    given = built(case("twins"))
    whole = given.problem
    assert pinned(given, {"instance_type": "m9z.large"}) is None
    assert pinned(given, {"min_size": 2}) is None
    assert pinned(given, {"target_cpu": 0.8}) is None
    held = pinned(given, {"instance_type": None, "min_size": 6})
    assert held is not None
    assert held.problem.pinned is None
    assert held.problem.machines == whole.machines[:1]
    assert not held.problem.knobs.min_size
    moved_on = pinned(given, {"instance_type": "m8a.xlarge", "min_size": 9})
    assert moved_on is not None
    assert moved_on.problem.base.machine.name == "m8a.xlarge"
    assert (moved_on.problem.base.min_size, moved_on.problem.present.min_size) == (9, 6)


@pytest.mark.terraform
def test_terraform_plans_what_both_groups_were_told(
    case: Callable[[str], Path], terraform_env: dict[str, str]
) -> None:
    """The patched sources plan to the recommended values in both groups, and nothing else moves."""
    folder = case("twins")
    advice = recommend(folder, {"module.api.*": IDLE, "module.feed.*": BUSIER})
    before = json.loads((folder / "plan.json").read_text())
    write(advice.patch)
    template, wanted = "aws_launch_template.this", {}
    for name in ("api", "feed"):
        found = group(advice, f"module.{name}.aws_autoscaling_group.this")
        assert set(edits(found)) == {"instance_type"}
        assert found.recommended is not None
        place = (f"module.{name}.{template}", "instance_type")
        wanted[place] = found.recommended.instance_type
    assert moved(before, plan_json(folder, terraform_env)) == wanted
