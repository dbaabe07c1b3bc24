"""What an apply does with a change to groups of Google Cloud."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_builder import Values, block, change, constant, document, read, reference

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.patching.case import OWN
from tfopt.patching.consequences import Consequences, consequences

GROUP = "google_compute_instance_group_manager.web"
TEMPLATE = "google_compute_instance_template.web"
SCALER = "google_compute_autoscaler.web"
PLAIN, FIRST = Lifecycle(), Lifecycle(creates_first=True)
TYPE = {"instance_type": ("n2-standard-4", "t2d-standard-4")}


def told(
    folder: Path,
    edit: dict[str, tuple[object, object]],
    lifecycles: dict[str, Lifecycle],
    template: Values | None = None,
    *more: Values,
) -> Consequences:
    """Return the consequences of an edit of a group that stands."""
    launched = {"id": "t", "machine_type": "n2-standard-4"}
    own = {"name": "web", "target_size": 4, "version": [{"instance_template": "t"}]}
    made = [
        change(TEMPLATE, launched, actions=["no-op"], before=launched),
        change(GROUP, own, actions=["no-op"], before={**own, "target_size": 6}),
        *more,
    ]
    blocks = [
        block(TEMPLATE, template or {}, "google"),
        block(GROUP, {"target_size": constant(4)}, "google"),
        block(SCALER, {"target": reference(GROUP)}, "google"),
    ]
    plan = read(folder, document(made, blocks, provider="google"))
    (group,) = plan.groups
    return consequences(plan, group, edit, lifecycles)


def test_a_template_in_use_is_not_deleted(tmp_path: Path) -> None:
    """A new type replaces the template: its successor has to come first, on it or by the group."""
    found = told(tmp_path, TYPE, {"instance_type": PLAIN, OWN: PLAIN})
    assert len(found.refusals) == 1
    assert "which Compute Engine refuses while the group uses it" in found.refusals[0]
    assert "create_before_destroy" in found.refusals[0]
    for lifecycles in (
        {"instance_type": FIRST, OWN: PLAIN},
        {"instance_type": PLAIN, OWN: FIRST},
        {"instance_type": PLAIN},
    ):
        assert told(tmp_path, TYPE, lifecycles).refusals == ()


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    """A successor that comes first cannot have the same name."""
    lifecycles = {"instance_type": FIRST, OWN: PLAIN}
    found = told(tmp_path, TYPE, lifecycles, {"name": constant("web")})
    assert len(found.refusals) == 1
    assert "the name is taken; use name_prefix" in found.refusals[0]
    assert told(tmp_path, TYPE, lifecycles, {"name_prefix": constant("web-")}).refusals == ()


def test_the_type_reaches_new_instances_only(tmp_path: Path) -> None:
    """Without a proactive update policy what runs stays as it is, and that is said."""
    found = told(tmp_path, TYPE, {"instance_type": FIRST})
    assert found.kind == "rolling"
    assert "start a rolling update right after the apply" in found.notes[0]


@pytest.mark.parametrize("scaled", [True, False])
def test_a_target_size_beside_an_autoscaler(scaled: bool, tmp_path: Path) -> None:
    """Each apply sets back what the autoscaler moves, while the target size is written."""
    policy = {"min_replicas": 2, "max_replicas": 9, "cpu_utilization": [{"target": 0.6}]}
    scaler = change(SCALER, {"target": "web", "autoscaling_policy": [policy]})
    more = [scaler] if scaled else []
    found = told(tmp_path, {"desired_capacity": (4, 5)}, {"desired_capacity": PLAIN}, None, *more)
    owned = [note for note in found.notes if "the autoscaler moves the desired capacity" in note]
    assert len(owned) == scaled
    assert found.refusals == ()
