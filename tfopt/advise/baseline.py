"""The last answer: what is known already, and what to keep unless something is clearly better."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from tfopt.advise.answer import settings_of
from tfopt.errors import TfoptError
from tfopt.plan.model import InstanceGroup
from tfopt.recommendation import Group, Report, Settings
from tfopt.scenario.group import zones_each
from tfopt_policies.expressible import express
from tfopt_policies.policy import Problem
from tfopt_policies.steps import with_aim
from tfopt_sim.types import Configuration

_HINT = "Give what an earlier tfopt recommend wrote with --format json"


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier report, by plan and address."""

    groups: dict[tuple[str, str], Group]

    def group(self, plan: str, address: str) -> Group | None:
        """Return what was said of a group; None where it was not there."""
        return self.groups.get((posixpath.normpath(plan), address))

    def knows_any(self, groups: Iterable[Group]) -> bool:
        """Say whether it tells of any of these groups; else it is likely of other plans."""
        return any(self.group(group.plan or "", group.address) for group in groups)

    def last_answer(
        self, plan: str, group: InstanceGroup, problem: Problem
    ) -> Configuration | None:
        """Return the settings recommended before; None where there are none that can be said."""
        said = self.group(plan, group.address)
        if said is None or said.status != "recommended" or said.recommended is None:
            return None
        return _configuration(group, problem, said.recommended)

    def knows(self, group: Group, max_slo_risk: float) -> bool:
        """Say whether the same was found of a group: the same change, and no new risk."""
        said = self.group(group.plan or "", group.address)
        if said is None or (said.status, said.recommended) != (group.status, group.recommended):
            return False
        return _is_risky(said, max_slo_risk) or not _is_risky(group, max_slo_risk)


def _is_risky(group: Group, max_slo_risk: float) -> bool:
    return group.slo is not None and group.slo.current_risk > max_slo_risk


def read_baseline(path: Path, plans: Sequence[str]) -> Baseline:
    """Read an earlier answer.

    Plans are told apart by their paths. Where there is one now and was one then, they are the same,
    whatever folder it was made in.

    Args:
        path: of the answer.
        plans: that are looked at now, as the user named them.

    Raises:
        TfoptError: it cannot be read, or is no answer.
    """
    try:
        report = Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TfoptError(f"cannot be read: {error.strerror}", where=path, hint=_HINT) from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        message = f"is no answer of tfopt recommend: {at}: {first['msg']}"
        raise TfoptError(message, where=path, hint=_HINT) from None
    default = report.plan.path
    named = {group.plan or default for group in report.groups}
    same = {next(iter(named)): plans[0]} if len(named) == len(plans) == 1 else {}

    def key(group: Group) -> tuple[str, str]:
        plan = group.plan or default
        return posixpath.normpath(same.get(plan, plan)), group.address

    return Baseline({key(group): group for group in report.groups})


def _configuration(
    group: InstanceGroup, problem: Problem, wanted: Settings
) -> Configuration | None:
    """Return the configuration that reads as these settings, None where none does."""
    present = problem.present
    machines = {machine.name: machine for machine in (present.machine, *problem.machines)}
    if wanted.instance_type not in machines:
        return None
    sizes = {
        name: zones_each(group) * getattr(wanted, name)
        for name in ("min_size", "max_size", "desired_capacity")
        if getattr(wanted, name) is not None
    }
    made = replace(present, machine=machines[wanted.instance_type], **sizes)
    if wanted.target_cpu is not None:
        made = with_aim(made, wanted.target_cpu)
    made = express(problem, made)
    return made if settings_of(group, made) == wanted else None
