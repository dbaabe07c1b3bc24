"""From plans to a report and a patch, on copies of the shipped example."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tfopt.advise import Advice, Request, advise
from tfopt.errors import TfoptError
from tfopt.recommendation import Group
from tfopt.render import render

WEB, APPS, WORKER = (
    "aws_autoscaling_group.web",
    "aws_eks_node_group.apps",
    "module.worker.aws_autoscaling_group.this",
)
DAY_S = 86_400
Edit = Callable[[str, str, str], None]


def silent(done: int, total: int, what: str) -> None:
    """Show no progress."""


def answer(shop: Path, **choices: object) -> Advice:
    """Recommend for the shop, on one simulated day and by a baseline: quick, and enough here."""
    plan = str(shop / "plan.json")
    wanted = {"horizon_s": DAY_S, "policy": "calibrated-tracking", **choices}
    return advise(Request(plans=(plan,), **wanted), silent)


def group(advice: Advice, address: str) -> Group:
    return next(g for g in advice.report.groups if g.address == address)


@pytest.fixture
def edit(shop: Path) -> Edit:
    """Replace text in a file of the shop; it must have been there."""

    def replaced(name: str, old: str, new: str) -> None:
        path = shop / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replaced


def test_same_input_gives_the_same_bytes(shop: Path) -> None:
    """Two runs agree to the letter, report and patch."""
    first, second = answer(shop), answer(shop)
    assert first.report.model_dump_json() == second.report.model_dump_json()
    assert first.patch.unified(shop) == second.patch.unified(shop)


def test_guardrails_hold(shop: Path) -> None:
    """No target above max_target_cpu, no fewer instances than zones, no lower ceiling."""
    for found in answer(shop).report.groups:
        assert found.recommended is not None
        assert found.current is not None
        assert found.recommended.min_size >= 3
        assert found.recommended.max_size >= found.current.max_size
        assert (found.recommended.target_cpu or 0) <= 0.7


def test_desired_is_proposed_only_where_nothing_scales(shop: Path) -> None:
    """An apply must not reset what an autoscaler holds."""
    advice = answer(shop)
    for address in (WEB, WORKER):
        found = group(advice, address)
        assert found.recommended is not None
        assert found.current is not None
        assert found.recommended.desired_capacity == found.current.desired_capacity
    apps = group(advice, APPS)
    assert "desired_capacity" in {edit.attribute for edit in apps.edits}


def test_a_setting_that_no_edit_reaches_is_held_and_said_so(shop: Path, edit: Edit) -> None:
    """The type stays where its literal differs from the plan; the rest is decided around it."""
    edit("terraform.tfvars", '"c5.2xlarge"', '"c5.4xlarge"')
    worker = group(answer(shop), WORKER)
    assert worker.recommended is not None
    assert worker.recommended.instance_type == "c5.2xlarge"
    assert any(n.startswith("instance_type is left as it is, not patchable") for n in worker.notes)
    assert {edit.attribute for edit in worker.edits} == {"min_size", "target_cpu"}


def test_an_object_that_came_from_elsewhere_is_not_patched_in_part(shop: Path, edit: Edit) -> None:
    """One member differs from the plan: the whole object was set elsewhere, so no edit at all."""
    edit("terraform.tfvars", '"m5.xlarge"', '"m5.2xlarge"')
    web = group(answer(shop), WEB)
    assert {edit.grade for edit in web.edits} == {"value-from-environment"}


def test_without_sources_advice_is_whole_and_without_patch(shop: Path, tmp_path: Path) -> None:
    """Nothing can be edited, so every setting is advised and none is patched."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "plan.json").write_bytes((shop / "plan.json").read_bytes())
    advice = answer(alone, workloads=shop / "tfopt.toml", config_dir=None)
    web = group(advice, WEB)
    assert web.status == "recommended"
    assert {edit.grade for edit in web.edits} == {"unknown"}
    assert all("--config-dir" in (edit.reason or "") for edit in web.edits)
    assert advice.patch.files == ()


def test_a_literal_shared_by_two_groups_is_changed_for_both(shop: Path, edit: Edit) -> None:
    """web and worker sized by one literal: one value, one edit, and each says whose it is too."""
    edit("worker.tf", "var.worker_min_size", "var.web.min")
    plan = (shop / "plan.json").read_text()
    (shop / "plan.json").write_text(plan.replace('"min_size":4', '"min_size":6'))
    advice = answer(shop)
    web, worker = group(advice, WEB), group(advice, WORKER)
    assert web.recommended is not None
    assert worker.recommended is not None
    assert web.recommended.min_size == worker.recommended.min_size < 6
    (edited,) = [edit for edit in web.edits if edit.attribute == "min_size"]
    assert edited.also_moves == [WORKER]
    assert any("min_size is decided together with module.worker" in note for note in web.notes)


def test_assumed_traffic_changes_nothing_unless_accepted(shop: Path) -> None:
    """Without workloads every group is marked assumed; figures yes, patch only when accepted."""
    (shop / "tfopt.toml").write_text("")
    advice = answer(shop)
    assert all(g.assumed for g in advice.report.groups)
    assert advice.patch.files == ()
    assert all(not g.edits for g in advice.report.groups)
    assert advice.report.totals.current_monthly_usd.p50 == 0
    assert advice.report.totals.recommended == 0
    accepted = answer(shop, accept_assumptions=True)
    assert accepted.patch.files


def test_a_night_of_history_changes_nothing_unless_accepted(shop: Path) -> None:
    """Five hours tell nothing of the day: figures yes, a patch only when accepted."""
    traffic = shop / "traffic" / "web.csv"
    traffic.write_text("\n".join(traffic.read_text().splitlines()[:301]))
    web = group(answer(shop), WEB)
    assert web.assumed
    assert web.edits == []
    assert any("under a day of traffic is measured" in note for note in web.notes)
    assert web.confidence is not None
    assert 0 < web.confidence.history_days < 1
    assert group(answer(shop, accept_assumptions=True), WEB).edits


def test_a_workload_that_fits_no_group_is_named(shop: Path, edit: Edit) -> None:
    """A typo in a match would silently leave its group on assumed traffic."""
    edit("tfopt.toml", 'match = "aws_autoscaling_group.web"', 'match = "aws_autoscaling_group.wbe"')
    line = (
        (shop / "tfopt.toml").read_text().splitlines().index('match = "aws_autoscaling_group.wbe"')
    )
    advice = answer(shop)
    assert advice.remarks == (
        f'{shop}/tfopt.toml:{line + 1}: match = "aws_autoscaling_group.wbe" fits no group; '
        f"the nearest is {WEB}",
    )
    assert advice.remarks[0] in advice.report.plan.warnings


def test_groups_of_several_plans_say_whose_they_are(shop: Path) -> None:
    """Two plans with the same addresses can be told apart; one workload may serve either."""
    other = shop / "other.json"
    other.write_bytes((shop / "plan.json").read_bytes())
    wanted = {"horizon_s": DAY_S, "policy": "calibrated-tracking"}
    plans = (str(shop / "plan.json"), str(other))
    advice = advise(Request(plans=plans, **wanted), silent)
    assert [g.plan for g in advice.report.groups] == [p for p in plans for _ in range(3)]
    assert advice.remarks == ()


def test_an_incomplete_plan_is_warned_of_by_the_renderers_alone(shop: Path) -> None:
    """`complete` says it; a warning beside it would be shown twice."""
    plan = json.loads((shop / "plan.json").read_text())
    (shop / "plan.json").write_text(json.dumps({**plan, "complete": False}))
    report = answer(shop).report
    assert not report.plan.complete
    text = render(report, "", "markdown")
    assert text.count("-target") == 1


def test_a_plan_given_twice_is_refused(shop: Path) -> None:
    """However it is spelled: its groups would count twice."""
    plans = (str(shop / "plan.json"), str(shop / "traffic" / ".." / "plan.json"))
    with pytest.raises(TfoptError, match=r"plan\.json: the same plan is given twice"):
        advise(Request(plans=plans), silent)


def test_a_saving_below_the_threshold_is_not_recommended(shop: Path) -> None:
    """--min-savings 99 % leaves everything as it is, and says what the best change would be."""
    advice = answer(shop, min_savings_share=0.99)
    for found in advice.report.groups:
        assert found.status == "unchanged"
        assert found.recommended == found.current
        assert found.edits == []


def test_every_sum_is_the_sum_of_its_groups(shop: Path) -> None:
    """Totals add up; a held group costs its list price to the cent."""
    report = answer(shop).report
    apps = next(g for g in report.groups if g.address == APPS)
    assert apps.cost is not None
    assert apps.cost.current_monthly_usd.p50 == pytest.approx(8 * 0.384 * 730)
    now = [g.cost.current_monthly_usd for g in report.groups if g.cost]
    low, high = sum(c.p05 for c in now), sum(c.p95 for c in now)
    assert low <= report.totals.current_monthly_usd.p50 <= high


def test_a_workload_without_cpu_time_is_an_error_that_names_the_file(
    shop: Path, edit: Edit
) -> None:
    """Requests alone do not say how much work they are."""
    edit("tfopt.toml", "cpu_ms_per_request = 12\n", "")
    with pytest.raises(TfoptError, match=r"tfopt\.toml:\d+: .*apps needs cpu_ms_per_request"):
        answer(shop)


def test_an_unknown_policy_is_refused_by_name(shop: Path) -> None:
    """The known names are listed."""
    with pytest.raises(TfoptError, match="calibrated-tracking"):
        answer(shop, policy="no-such-policy")
