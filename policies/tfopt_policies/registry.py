"""Finds policies by name: baselines ship as code, trained ones as weights."""

from __future__ import annotations

from pathlib import Path

from tfopt_policies.calibrated import CalibratedFloors, CalibratedTracking, RandomSearch
from tfopt_policies.cautious import BEST
from tfopt_policies.errors import PolicyError
from tfopt_policies.planner import load_planner
from tfopt_policies.policy import Knobs, Policy
from tfopt_policies.reactive import REACTIVE_40_70, TARGET_TRACKING_50
from tfopt_policies.static import AsWritten, CalibratedStatic, PeakStatic

DEFAULT = "planner"
_BASELINES: tuple[Policy, ...] = (
    AsWritten(),
    PeakStatic(),
    CalibratedStatic(),
    REACTIVE_40_70,
    TARGET_TRACKING_50,
    CalibratedTracking(),
    CalibratedFloors(),
    BEST,
    RandomSearch(),
)
_SCALED_ONLY = {
    "reactive-40-70-as-target-55",
    "target-tracking-50",
    "calibrated-tracking",
    "best-calibrated",
}


def baselines(knobs: Knobs) -> list[Policy]:
    """Return the baselines that have something to say within `knobs`."""
    unfit: set[str] = set()
    if knobs.desired_capacity:  # nothing scales the group
        unfit |= _SCALED_ONLY | {"calibrated-floors"}
    if not knobs.schedules:
        unfit.add("calibrated-floors")
    if not knobs.target_cpu:
        unfit |= {"reactive-40-70-as-target-55", "target-tracking-50"}
    return [policy for policy in _BASELINES if policy.name not in unfit]


def load(name_or_path: str, trained_dir: Path) -> Policy:
    """Return a baseline by its name, a trained policy by name or by the path of its folder.

    Raises:
        PolicyError: there is no such policy, or its artefact is refused.
    """
    for policy in _BASELINES:
        if policy.name == name_or_path:
            return policy
    folder = trained_dir / name_or_path
    if not folder.is_dir():
        folder = Path(name_or_path)
    if not folder.is_dir():
        known = [policy.name for policy in _BASELINES]
        trained = sorted(p.name for p in trained_dir.glob("*") if (p / "card.json").is_file())
        raise PolicyError(
            f"no policy called {name_or_path!r}",
            hint=f"Known: {', '.join(trained + known)}; or the path of a folder with a card.json",
        )
    return load_planner(folder)
