"""Reports made by hand: what the renderers are tested on."""

from __future__ import annotations

import math

from tfopt.recommendation import (
    Alternative,
    Confidence,
    Contender,
    Cost,
    Coverage,
    DemandFigures,
    Edit,
    Group,
    HourlyService,
    Impact,
    Interval,
    Proof,
    ReadyToAdd,
    Report,
    ScheduleValues,
    Settings,
    SkippedResource,
    SloFigures,
    SourcedPlan,
    StepValues,
    Tool,
    Totals,
)

HOSTILE = (
    "`|</details><script>alert(1)</script>\n```\n## owned\n@root #12 https://evil.example "
    "[x](http://evil) ![i](http://evil) <!-- --> --> \x1b[31mred\x1b]0;t\x07 \x9b2J \u202egnp.exe "
    '%%{init: {}}%% "]; click A href" $\\sqrt{x}$ **bold** _it_ ~~del~~ :tada: \\'
)
HOSTILE_PATCH = """--- a/x.tfvars
+++ b/x.tfvars
@@ -1,3 +1,3 @@
 ````
-type = "m5.xlarge" # </details><script>alert(1)</script>
+type = "m7a.large" # \x1b[2J
"""
PATCH = """--- a/terraform.tfvars
+++ b/terraform.tfvars
@@ -3,6 +3,6 @@
 web = {
-  instance_type = "m5.xlarge" # sized in 2021
-  min           = 6
+  instance_type = "m7a.large" # sized in 2021
+  min           = 4
   max           = 24
 }
"""


def interval(p50: float, spread: float = 0.05) -> Interval:
    """Return a figure whose 5th and 95th percentile stand `spread` of it away."""
    away = abs(p50) * spread
    return Interval(p50=p50, p05=round(p50 - away, 4), p95=round(p50 + away, 4))


def demand(scale: float, source: str = "traffic/web.csv", hours: int = 168) -> DemandFigures:
    """Return a week of days with one peak each."""
    daily = [scale * (1 + 0.6 * math.sin(2 * math.pi * (hour % 24) / 24)) for hour in range(hours)]
    return DemandFigures(
        source=source,
        history_mean_rps=scale,
        history_peak_rps=scale * 1.9,
        hourly_p05_rps=[round(x * 0.9, 3) for x in daily],
        hourly_p50_rps=[round(x, 3) for x in daily],
        hourly_p95_rps=[round(x * 1.2, 3) for x in daily],
        hourly_capacity_now=[round(scale * 3, 3)] * hours,
        hourly_capacity_recommended=[round(max(scale, x * 1.4), 3) for x in daily],
        start="2026-05-04T00:00:00Z",
    )


def service(slow: float, hours: int = 168) -> HourlyService:
    """Return hours of which each evening is slow; `slow` is the worst one's p99 in ms."""
    load = [0.5 + 0.5 * math.sin(2 * math.pi * (hour % 24 - 12) / 24) for hour in range(hours)]
    return HourlyService(
        p99_ms=[round(40 + (slow - 40) * x**3, 1) for x in load],
        bad_minute_risk=[round(max(0.0, x - 0.9) * slow / 2000, 4) for x in load],
    )


def settings(instance_type: str, low: int, high: int, **more: object) -> Settings:
    """Return a group's sizing; what is not named is not set."""
    values = {"desired_capacity": None, "target_cpu": None} | more
    return Settings.model_validate(
        {"instance_type": instance_type, "min_size": low, "max_size": high, **values}
    )


def slo(now: float, then: float) -> SloFigures:
    """Return SLO figures with the given risks."""
    return SloFigures(
        slo_p99_ms=250,
        max_bad_minutes=0.01,
        current_bad_minute_share=Interval(p50=0.004, p05=0.001, p95=0.012),
        recommended_bad_minute_share=Interval(p50=0.0062, p05=0.002, p95=0.0097),
        current_risk=now,
        recommended_risk=then,
        p99_ms=Interval(p50=182.4, p05=150, p95=231),
    )


def cost(now: float, then: float) -> Cost:
    """Return cost figures; the saving is paired, so its range is narrower than either's."""
    return Cost(
        current_monthly_usd=interval(now),
        recommended_monthly_usd=interval(then),
        savings_share=interval((now - then) / now, 0.03),
        saving_monthly_usd=interval(now - then, 0.03),
    )


def web() -> Group:
    """Return a group with everything: edits, alternatives, proof, a block to add."""
    return Group(
        address="aws_autoscaling_group.web",
        kind="aws_autoscaling_group",
        region="us-east-1",
        status="recommended",
        reason="holds the SLO and saves 1310 USD a month (38 %)",
        current=settings("m5.xlarge", 6, 24, target_cpu=0.4),
        recommended=settings("m7a.large", 4, 24, target_cpu=0.4),
        cost=cost(3447.0, 2137.0),
        slo=slo(0.12, 0.02),
        demand=demand(1240),
        hourly_now=service(262),
        hourly_recommended=service(214),
        why_this_type="2.3 × the work per vCPU of m5.xlarge at 1.2 × its price per vCPU",
        alternatives=[
            Alternative(
                instance_type="c7i.large",
                why_not="misses the SLO in 9% of the simulated weeks",
                monthly_usd=1980.4,
                savings_share=0.425,
                risk=0.09,
            ),
            Alternative(
                instance_type="m7g.large", why_not="needs an arm64 image", savings_share=0.47
            ),
            Alternative(
                instance_type="r8a.large", why_not="$83.20 a month dearer", monthly_usd=2220.2
            ),
            Alternative(instance_type="m6i.large", why_not="the fourth, never shown"),
        ],
        ready_to_add=[
            ReadyToAdd(
                what="morning schedule",
                block='resource "aws_autoscaling_schedule" "web_morning" {\n  min_size = 8\n}\n',
                savings_share=interval(0.06),
            )
        ],
        edits=[
            _edit("min_size", 7, "web.min", "6", "4"),
            _edit("instance_type", 6, "web.instance_type", '"m5.xlarge"', '"m7a.large"'),
            Edit(
                attribute="target_cpu",
                grade="value-from-environment",
                reason="TF_VAR_web_target is set",
            ),
        ],
        impact=Impact(kind="rolling", notes=["the instance refresh in the plan rolls it out"]),
        confidence=Confidence(
            history_days=28,
            forecast_skill=0.31,
            scenarios=200,
            notes=["14 gaps, 3.5 hours in all"],
        ),
        proof=Proof(
            won_by="planner",
            contenders=[
                Contender(
                    name="planner",
                    monthly_usd=2137,
                    bad_minute_share=0.0062,
                    risk=0.02,
                    meets_slo=True,
                ),
                Contender(
                    name="as-written",
                    monthly_usd=3447,
                    bad_minute_share=0.004,
                    risk=0.12,
                    meets_slo=False,
                ),
            ],
            saving_usd_per_month=Interval(p50=1310, p05=1298.2, p95=1321.7),
            scenarios_spent=1340,
        ),
        notes=["target_cpu is left as it is, not patchable: TF_VAR_web_target is set"],
    )


def _edit(attribute: str, line: int, path: str, old: str, new: str) -> Edit:
    return Edit(
        attribute=attribute,
        grade="patchable-shared" if attribute == "instance_type" else "patchable",
        file="terraform.tfvars",
        line=line,
        byte_range=[line * 10, line * 10 + len(old)],
        path=path,
        old=old,
        new=new,
        also_moves=["aws_instance.canary"] if attribute == "instance_type" else [],
        trace=[
            f"terraform.tfvars:{line} {path}",
            f"web.tf:{line + 9} aws_autoscaling_group.web.{attribute} = var.{path}",
            "aws_autoscaling_group.web",
        ],
    )


def apps() -> Group:
    """Return a group that nothing scales, mended at a higher price."""
    return Group(
        address='module.shop["paris"].aws_eks_node_group.apps',
        kind="aws_eks_node_group",
        region="eu-west-3",
        status="recommended",
        reason="meets the SLO that the present settings miss",
        current=settings("m5.2xlarge", 2, 4, desired_capacity=2),
        recommended=settings("m5.2xlarge", 3, 4, desired_capacity=3),
        cost=Cost(
            current_monthly_usd=interval(560.64, 0),
            recommended_monthly_usd=interval(840.96, 0),
            savings_share=interval(-0.5, 0),
            saving_monthly_usd=interval(-280.32, 0),
        ),
        slo=slo(0.43, 0.004),
        demand=demand(88.4, "traffic/apps.csv"),
        hourly_now=service(655),
        hourly_recommended=service(180),
        edits=[
            Edit(
                attribute="min_size",
                grade="edit-literal",
                file="nodes.tf",
                line=11,
                byte_range=[210, 211],
                old="2",
                new="3",
                trace=["nodes.tf:11 aws_eks_node_group.apps.scaling_config.min_size"],
            )
        ],
        impact=Impact(kind="in-place"),
        confidence=Confidence(history_days=1.5, forecast_skill=-0.04, scenarios=200),
    )


def unchanged_group() -> Group:
    """Return a group that is well sized, with a schedule."""
    night = ScheduleValues(recurrence="0 20 * * *", time_zone="Europe/Paris", min_size=2)
    sized = settings("c7g.xlarge", 2, 12, target_cpu=0.6, schedules=[night], spot_share=0.5)
    return Group(
        address="aws_ecs_service.api",
        kind="aws_ecs_service",
        region="eu-west-3",
        status="unchanged",
        reason="the best proposal saves 3 %, under the 10 % asked for",
        current=sized,
        recommended=sized,
        cost=cost(912.5, 912.5),
        slo=slo(0.003, 0.003),
        demand=demand(3.2, "cpu of api.json"),
        confidence=Confidence(history_days=14, forecast_skill=0.0, scenarios=200),
    )


def stepped_group() -> Group:
    """Return a group whose bounds change under step tables and a second policy."""
    out, back = 'aws_autoscaling_policy.out["web"]', 'aws_autoscaling_policy.in["web"]'
    rows = [(back, None, 0.3, -1, 480), (out, 0.6, 0.75, 20, 120), (out, 0.75, None, 50, 120)]
    scaled = {
        "steps": [
            StepValues(
                policy=policy,
                metric="cpu",
                lower=lower,
                upper=upper,
                change=change,
                adjustment="percent" if policy == out else "change",
                after_s=after_s,
            )
            for policy, lower, upper, change, after_s in rows
        ],
        "other_policies": ["predictive scaling at 50 % CPU"],
        "spot_share": 0.75,
    }
    return web().model_copy(
        update={
            "current": settings("m6i.large", 6, 24, **scaled),
            "recommended": settings("m6i.large", 4, 24, **scaled),
            "why_this_type": None,
        }
    )


def assumed_group() -> Group:
    """Return a group whose traffic nobody told."""
    return web().model_copy(
        update={
            "assumed": True,
            "demand": demand(240, "assumed profile 'diurnal'"),
            "confidence": Confidence(history_days=0, forecast_skill=None, scenarios=200),
        }
    )


def possible_group() -> Group:
    """Return a group measured for a night, simulated for a day: its change is shown, not made."""
    return web().model_copy(
        update={
            "assumed": True,
            "edits": [],
            "demand": demand(240, hours=24),
            "confidence": Confidence(history_days=0.21, forecast_skill=None, scenarios=200),
            "notes": ["under a day of traffic is measured"],
        }
    )


def several_plans() -> Report:
    """Return a report on two plans that hold a group of the same address."""
    names = ("prod/plan.json", "test/plan.json")
    groups = [web().model_copy(update={"plan": name}) for name in names]
    made = report(*groups, path=names[0])
    plans = [made.plan.model_copy(update={"path": name}) for name in names]
    skipped = [item.model_copy(update={"plan": names[1]}) for item in made.coverage.skipped]
    coverage = made.coverage.model_copy(update={"skipped": skipped})
    return made.model_copy(update={"plans": plans, "coverage": coverage})


def not_analysed_group() -> Group:
    """Return a group that cannot be simulated."""
    return Group(
        address="google_compute_region_instance_group_manager.jobs",
        kind="google_compute_region_instance_group_manager",
        region=None,
        status="not-analysed",
        reason="its type is known only after apply",
    )


def report(*groups: Group, path: str = "plan.json", **plan: object) -> Report:
    """Return a report of these groups, its totals summed as the product does."""
    counted = [g.cost for g in groups if g.cost and not g.assumed]
    now = sum(c.current_monthly_usd.p50 for c in counted)
    then = sum(c.recommended_monthly_usd.p50 for c in counted)
    info = SourcedPlan.model_validate(
        {"path": path, "terraform_version": "1.11.4", "complete": True, **plan}
    )
    return Report(
        tool=Tool(
            version="0.1.0",
            policy="planner",
            policy_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            price_date="2026-05-01",
            price_attribution="Public price lists; performance: Spare Cores (CC-BY-SA-4.0)",
        ),
        plan=info,
        groups=list(groups),
        totals=Totals(
            groups=len(counted),
            recommended=sum(g.status == "recommended" and not g.assumed for g in groups),
            current_monthly_usd=interval(now),
            recommended_monthly_usd=interval(then),
            savings_share=interval((now - then) / now if now else 0.0, 0.03),
            saving_monthly_usd=interval(now - then, 0.03),
        ),
        coverage=Coverage(
            analysed=sum(g.status != "not-analysed" for g in groups),
            partial=sum(any(e.new is None for e in g.edits) for g in groups),
            skipped=[
                SkippedResource(
                    address="aws_spot_fleet_request.batch",
                    kind="aws_spot_fleet_request",
                    reason="spot fleets are not simulated yet",
                )
            ],
        ),
    )


def hostile() -> Report:
    """Return a report in which every text a plan could choose is an attack."""
    edit = _edit("instance_type", 6, HOSTILE, HOSTILE, HOSTILE)
    group = web().model_copy(
        update={
            "address": f'module.a["{HOSTILE}"].aws_autoscaling_group.web',
            "plan": HOSTILE,
            "region": HOSTILE,
            "current": settings(HOSTILE, 6, 24),
            "recommended": settings("m7a.large|x", 4, 24),
            "edits": [
                edit.model_copy(
                    update={"file": HOSTILE, "also_moves": [HOSTILE], "trace": [HOSTILE] * 2}
                ),
                Edit(attribute=HOSTILE, grade="unknown", reason=HOSTILE),
            ],
            "alternatives": [Alternative(instance_type=HOSTILE, why_not=HOSTILE)],
            "ready_to_add": [ReadyToAdd(what=HOSTILE, block=HOSTILE)],
            "why_this_type": HOSTILE,
            "notes": [HOSTILE],
            "demand": demand(1240, HOSTILE),
            "impact": Impact(kind="rolling", notes=[HOSTILE]),
        }
    )
    other = not_analysed_group().model_copy(update={"reason": HOSTILE, "kind": HOSTILE})
    made = report(group, other, path=HOSTILE, warnings=[HOSTILE], complete=False)
    skipped = SkippedResource(address=HOSTILE, plan=HOSTILE, kind=HOSTILE, reason=HOSTILE)
    coverage = made.coverage.model_copy(update={"skipped": [skipped]})
    return made.model_copy(update={"coverage": coverage, "plans": [made.plan, made.plan]})


REPORTS = {
    "recommended": (report(web(), apps(), unchanged_group()), PATCH),
    "unchanged": (report(unchanged_group()), ""),
    "assumed": (report(assumed_group()), PATCH),
    "stepped": (report(stepped_group()), PATCH),
    "possible": (report(possible_group(), unchanged_group()), ""),
    "several-plans": (several_plans(), PATCH),
    "not-analysed": (report(not_analysed_group(), complete=False), ""),
    "hostile": (hostile(), HOSTILE_PATCH),
}
