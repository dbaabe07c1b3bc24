"""What a recommendation is made from: plans, their sources and settings, prices, policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.patching.inputs import STANDARD_INPUT, PlanSources, read_with_sources
from tfopt.plan.model import Plan
from tfopt.resources import data_dir
from tfopt.settings import Settings, settings_for
from tfopt_policies import registry
from tfopt_policies.errors import PolicyError
from tfopt_policies.policy import Knobs, Policy


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    plans: tuple[str, ...]
    workloads: Path | None = None
    config_dir: Path | None = None
    var_files: tuple[Path, ...] = ()
    annotate: bool = True
    policy: str = registry.DEFAULT
    seed: int = 0
    horizon_s: int = 7 * 86_400
    min_savings_share: float = 0.10
    min_savings_usd: float = 20.0
    max_slo_risk: float = 0.05
    accept_assumptions: bool = False
    baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class PlanInput:
    """One plan with what stands behind it."""

    given: PlanSources
    settings: Settings

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.given.plan


def read_inputs(request: Request) -> Iterator[PlanInput]:
    """Read each plan with its settings and its sources.

    Raises:
        TfoptError: a plan, a tfopt.toml or a var file cannot be used, or a plan is given twice;
            nothing was done yet.
    """
    seen: set[str | Path] = set()
    for path in request.plans:
        place = path if path == STANDARD_INPUT else Path(path).resolve()
        if place in seen:
            raise TfoptError("the same plan is given twice", where=path)
        seen.add(place)
        given = read_with_sources(path, request.config_dir, request.var_files)
        yield PlanInput(given, settings_for(path, request.workloads, request.config_dir))


def idle_workloads(inputs: Sequence[PlanInput]) -> dict[str, str]:
    """Return a remark for each workload that matches nothing, with the plan to show it with.

    A tfopt.toml that several plans share has to fit in any of them.
    """
    sharing: dict[Path, list[PlanInput]] = {}
    for given in inputs:
        file = (given.settings.folder / given.settings.name).resolve()
        sharing.setdefault(file, []).append(given)
    remarks: dict[str, str] = {}
    for plans in sharing.values():
        settings = plans[0].settings
        groups = [group.address for given in plans for group in given.plan.groups]
        known = [*groups, *(item.address for given in plans for item in given.plan.skipped)]
        for table in settings.matching_none(known):
            remark = f'{settings.place_of(table)}: match = "{table.match}" fits no group'
            nearest = get_close_matches(table.match.rstrip("*"), groups, n=1, cutoff=0)
            remark += f"; the nearest is {nearest[0]}" if nearest else ""
            remarks[remark] = plans[0].plan.path
    return remarks


@dataclass(frozen=True, slots=True)
class Proposers:
    """Who proposes: the asked-for policy, where it can be used, beside the calibrated baselines."""

    policy: str
    sha256: str | None
    asked: Policy | None
    note: str | None  # why the asked-for policy is not used

    def for_knobs(self, knobs: Knobs) -> list[Policy]:
        """Return the policies to ask for a group with these knobs.

        The asked-for one comes last: what a baseline proposes as well is the baseline's merit.
        """
        baselines = [p for p in registry.baselines(knobs) if p.name not in _NOT_ASKED]
        if self.asked is None:
            return baselines
        return [*(p for p in baselines if p.name != self.asked.name), self.asked]


# rivals for the evaluation only: nothing in them that a calibrated baseline does not propose better
_NOT_ASKED = {"random-search", "reactive-40-70-as-target-55"}


def proposers(name: str) -> Proposers:
    """Load the policy that proposes.

    A shipped policy that does not fit (other dynamics, damaged file) is left out and said so.

    Raises:
        TfoptError: the user named a policy that does not exist or cannot be used.
    """
    try:
        policy = registry.load(name, data_dir("trained"))
    except PolicyError as problem:
        if name != registry.DEFAULT:
            raise TfoptError(problem.message, where=problem.where, hint=problem.hint) from None
        note = f"the trained policy is not used ({problem}): calibrated baselines decide"
        return Proposers("calibrated-baselines", None, None, note)
    return Proposers(policy.name, getattr(policy, "sha256", None), policy, None)
