"""Deployments and their autoscalers: what a pod is, what scales it, where it lands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plan_builder import Values, block, change, constant, document, groups, read, reference

from tfopt.plan.kubernetes_nodes import NOT_HERE, labels, pool_of
from tfopt.plan.model import REDACTED, UNKNOWN, InstanceGroup, Slot
from tfopt.plan.scalers import OtherScaler, PodPace, PodScaler

WEB = "kubernetes_deployment_v1.web"
SCALER = "kubernetes_horizontal_pod_autoscaler_v2.web"
CPU = {"requests": {"cpu": "500m", "memory": "256Mi"}}
USUAL = PodScaler(SCALER, 0.6)
UTILIZATION = {"type": "Utilization", "average_utilization": 60}


def deployment(*resources: Values, **spec: Any) -> Values:
    """Return a deployment named web whose containers have these resources."""
    containers = [{"name": f"c{i}", "resources": [one]} for i, one in enumerate(resources)]
    pod = {"container": containers, "node_selector": spec.pop("selector", {})}
    return {
        "metadata": [{"name": "web", "namespace": spec.pop("namespace", None)}],
        "spec": [{"replicas": "3", "template": [{"spec": [pod]}], **spec}],
    }


def resource_metric(name: str = "cpu", **target: Any) -> Values:
    return {"type": "Resource", "resource": [{"name": name, "target": [target or UTILIZATION]}]}


def autoscaler(*metrics: Values, **spec: Any) -> Values:
    """Return an autoscaler of the deployment named web."""
    target = {"kind": spec.pop("kind", "Deployment"), "name": spec.pop("name", "web")}
    scaled = {"scale_target_ref": [target], "min_replicas": 2, "max_replicas": 9}
    space = spec.pop("namespace", None)
    return {
        "metadata": [{"name": "web", "namespace": space}],
        "spec": [{**scaled, "metric": list(metrics), **spec}],
    }


def plan(folder: Path, web: Values, *scalers: Values, kind: str = SCALER) -> Any:
    """Read a plan of the deployment and autoscalers."""
    names = [kind + (f"_{i}" if i else "") for i in range(len(scalers))]
    changes = [change(WEB, web), *map(change, names, scalers)]
    return read(folder, document(changes, []))


def group(folder: Path, web: Values, *scalers: Values, kind: str = SCALER) -> InstanceGroup:
    (found,) = plan(folder, web, *scalers, kind=kind).groups
    assert isinstance(found, InstanceGroup)
    return found


def test_a_pod_is_what_its_containers_request(tmp_path: Path) -> None:
    """Together; one that states a limit alone requests that."""
    found = group(tmp_path, deployment(CPU, {"limits": {"cpu": 2, "memory": "1Gi"}}))
    assert (found.unit, found.cloud, found.slots, found.region) == ("pod", "kubernetes", (), None)
    assert (found.task_vcpus, found.task_memory_gib) == (2.5, 1.25)
    assert (found.min_size, found.max_size, found.desired_capacity) == (3, 3, 3)
    assert found.sites["desired_capacity"].path == ("spec", 0, "replicas")


def test_without_replicas_there_is_one(tmp_path: Path) -> None:
    """The API's default."""
    assert group(tmp_path, deployment(CPU, replicas=None)).desired_capacity == 1


@pytest.mark.parametrize(
    ("marks", "stated", "desired"),
    [
        ({"unknown": True}, True, None),
        ({"unknown": True}, False, 1),
        ({"sensitive": True}, True, None),
    ],
)
def test_replicas_that_are_not_told(
    tmp_path: Path, marks: Values, *, stated: bool, desired: int | None
) -> None:
    """Known after apply or sensitive is not one; what nobody states is."""
    hidden = {key: {"spec": [{"replicas": True}]} for key in marks}
    web = deployment(CPU)
    if "unknown" in marks:
        del web["spec"][0]["replicas"]
    spec = {"replicas": reference("var.replicas")} if stated else {"selector": [{}]}
    changes, blocks = [change(WEB, web, **hidden)], [block(WEB, {"spec": [spec]})]
    found = groups(tmp_path, document(changes, blocks))[WEB]
    assert (found.desired_capacity, found.max_size) == (desired, desired)
    assert ("desired_capacity" in found.sites) == stated


@pytest.mark.parametrize(
    ("resources", "unknown", "reason"),
    [
        ({}, {}, "request no CPU"),
        ({"requests": {"memory": "1Gi"}}, {}, "request no CPU"),
        ({"limits": {"cpu": "1", "nvidia.com/gpu": "1"}}, {}, "nvidia.com/gpu"),
        ({"limits": {"cpu": "1", "aws.amazon.com/neuron": 1}}, {}, "aws.amazon.com/neuron"),
        ({"requests": {"cpu": "1 core"}}, {}, "no amount"),
        ({"requests": {"cpu": 1, "memory": "lots"}}, {}, "no amount"),
    ],
)
def test_pods_of_no_known_size(
    tmp_path: Path, resources: Values, unknown: Values, reason: str
) -> None:
    """They are listed with the reason."""
    (skipped,) = plan(tmp_path, deployment(resources)).skipped
    assert reason in skipped.reason


def test_requests_that_are_known_after_apply(tmp_path: Path) -> None:
    """Not taken for none."""
    hidden = [
        {"template": [{"spec": [{"container": [{"resources": [{"requests": {"cpu": True}}]}]}]}]}
    ]
    web = deployment({"requests": {}})
    (skipped,) = read(tmp_path, document([change(WEB, web, unknown={"spec": hidden})], [])).skipped
    assert "not known before the apply" in skipped.reason


def test_its_autoscaler(tmp_path: Path) -> None:
    """Bounds, target and where they stand; the five minutes before pods go."""
    found = group(tmp_path, deployment(CPU), autoscaler(resource_metric()))
    assert (found.min_size, found.max_size, found.desired_capacity) == (2, 9, 3)
    assert found.scalers == (PodScaler(SCALER, 0.6),)
    target = found.sites["target_cpu"]
    assert target.path[-1] == "average_utilization"
    assert (target.value, target.scale) == (60, 100.0)
    assert found.sites["min_size"].resource == SCALER


@pytest.mark.parametrize(
    ("metrics", "spec", "wanted"),
    [
        ([], {}, PodScaler(SCALER, 0.8)),
        ([], {"target_cpu_utilization_percentage": 70}, PodScaler(SCALER, 0.8)),  # not sent by v2
        ([resource_metric(average_value="250m")], {}, PodScaler(SCALER, 0.5)),
        ([resource_metric(average_utilization=150)], {}, "above what its pods request"),
        ([resource_metric("memory")], {}, "memory of its pods"),
        ([resource_metric(), resource_metric("memory")], {}, "several metrics"),
        ([{"type": "Pods", "pods": [{"metric": [{"name": "rps"}]}]}], {}, "the metric rps"),
        ([{"type": "Pods"}], {}, "a metric that is not known"),
        ([resource_metric(type="Utilization")], {}, "not known before the apply"),
    ],
)
def test_what_it_goes_by(
    tmp_path: Path, metrics: list[Values], spec: Values, wanted: PodScaler | str
) -> None:
    """CPU of the request is followed, all else is told."""
    (scaler,) = group(tmp_path, deployment(CPU), autoscaler(*metrics, **spec)).scalers
    if isinstance(wanted, str):
        assert isinstance(scaler, OtherScaler)
        assert wanted in scaler.what
    else:
        assert scaler == wanted


OLD = "kubernetes_horizontal_pod_autoscaler_v1.web"
PERCENT = "target_cpu_utilization_percentage"


@pytest.mark.parametrize(
    ("value", "marks", "stated", "target"),
    [
        (70, {}, True, 0.7),
        (0, {}, False, 0.8),
        (None, {"unknown": True}, False, 0.8),
        (None, {"unknown": True}, True, None),
        (70, {"sensitive": True}, True, None),
    ],
)
def test_the_percentage_of_the_first_api(
    tmp_path: Path, value: int | None, marks: Values, *, stated: bool, target: float | None
) -> None:
    """Its default where nobody states it; what is not told is not taken for that."""
    scaled = autoscaler(**{PERCENT: value})
    hidden = {key: {"spec": [{PERCENT: True}]} for key in marks}
    config = {"spec": [{"max_replicas": constant(9), **({PERCENT: constant(1)} if stated else {})}]}
    changes = [change(WEB, deployment(CPU)), change(OLD, scaled, **hidden)]
    blocks = [block(WEB, {}), block(OLD, config)]
    (scaler,) = groups(tmp_path, document(changes, blocks))[WEB].scalers
    if target is None:
        assert isinstance(scaler, OtherScaler)
        assert "not known" in scaler.what
    else:
        assert scaler == PodScaler(OLD, target)


FILLED_IN = {
    "policy": [{"type": "Percent", "value": 100, "period_seconds": 15}],
    "select_policy": "Max",
    "stabilization_window_seconds": 0,
}


@pytest.mark.parametrize(
    ("values", "written", "wait"),
    [
        ([{"scale_down": [FILLED_IN]}], None, 300.0),  # by the cluster, which waits its default
        ([{"scale_down": [FILLED_IN]}], {"scale_up": [{}]}, 300.0),
        ([{"scale_down": [FILLED_IN]}], {"scale_down": [{"policy": [{}]}]}, 0.0),
        ([{"scale_down": [{"policy": []}]}], {"scale_down": [{"select_policy": {}}]}, 0.0),
        ([{"scale_down": [{**FILLED_IN, "stabilization_window_seconds": 60}]}], None, 60.0),
    ],
)
def test_the_wait_before_pods_go(
    tmp_path: Path, values: list[Values], written: Values | None, wait: float
) -> None:
    """The configuration tells a wait of 0 from one that nobody set."""
    spec = {"max_replicas": constant(9), **({"behavior": [written]} if written else {})}
    changes = [
        change(WEB, deployment(CPU)),
        change(SCALER, autoscaler(resource_metric(), behavior=values)),
    ]
    blocks = [block(WEB, {}), block(SCALER, {"spec": [spec]})]
    (scaler,) = groups(tmp_path, document(changes, blocks))[WEB].scalers
    assert isinstance(scaler, PodScaler)
    assert scaler.down.stabilization_s == wait


@pytest.mark.parametrize("marks", ["unknown", "sensitive"])
@pytest.mark.parametrize("path", ["metric", "behavior", "wait"])
def test_an_autoscaler_that_is_not_told(tmp_path: Path, marks: str, path: str) -> None:
    """Neither default stands for what is sensitive or known after apply."""
    down = {"policy": [], "stabilization_window_seconds": 9}
    scaled = autoscaler(resource_metric(), behavior=[{"scale_down": [down]}])
    window = {"behavior": [{"scale_down": [{"stabilization_window_seconds": True}]}]}
    hidden = {"metric": {"metric": True}, "behavior": {"behavior": True}, "wait": window}[path]
    behavior = {"scale_down": [{"stabilization_window_seconds": reference("var.wait")}]}
    spec = {"metric": [{}], "behavior": [behavior]}
    changes = [
        change(WEB, deployment(CPU)),
        change(SCALER, scaled, **{marks: {"spec": [hidden]}}),
    ]
    blocks = [block(WEB, {}), block(SCALER, {"spec": [spec]})]
    (scaler,) = groups(tmp_path, document(changes, blocks))[WEB].scalers
    assert isinstance(scaler, OtherScaler)


def test_a_wait_in_a_dynamic_block(tmp_path: Path) -> None:
    """The configuration hides the block: a wait that is known after apply is not none."""
    scaled = autoscaler(resource_metric(), behavior=[{"scale_down": [{"policy": []}]}])
    window = {"behavior": [{"scale_down": [{"stabilization_window_seconds": True}]}]}
    changes = [change(WEB, deployment(CPU)), change(SCALER, scaled, unknown={"spec": [window]})]
    blocks = [block(WEB, {}), block(SCALER, {"spec": [{"metric": [{}]}]})]
    (scaler,) = groups(tmp_path, document(changes, blocks))[WEB].scalers
    assert isinstance(scaler, OtherScaler)


def test_a_behavior_that_the_cluster_will_fill_in(tmp_path: Path) -> None:
    """Unknown before the apply, since nobody wrote it: as usual."""
    scaled = autoscaler(resource_metric())
    changes = [
        change(WEB, deployment(CPU)),
        change(SCALER, scaled, unknown={"spec": [{"behavior": True}]}),
    ]
    blocks = [block(WEB, {}), block(SCALER, {"spec": [{"metric": [{}]}]})]
    found = groups(tmp_path, document(changes, blocks))[WEB]
    assert found.scalers == (PodScaler(SCALER, 0.6),)


def test_a_container_without_a_request(tmp_path: Path) -> None:
    """Kubernetes knows no utilization then; an amount for each pod it still knows."""
    web = deployment(CPU, {"requests": {"memory": "1Gi"}})
    (share,) = group(tmp_path, web, autoscaler(resource_metric())).scalers
    assert isinstance(share, OtherScaler)
    assert "not every container" in share.what
    each = autoscaler(resource_metric(average_value="250m"))
    assert group(tmp_path, web, each).scalers == (PodScaler(SCALER, 0.5),)


@pytest.mark.parametrize(("least", "size"), [(None, 1), (0, 1), (3, 3)])
def test_the_least_number_of_pods(tmp_path: Path, least: int | None, size: int) -> None:
    """One where none is stated; so is 0, which the provider does not send."""
    scaled = autoscaler(resource_metric(), min_replicas=least)
    assert group(tmp_path, deployment(CPU), scaled).min_size == size


def test_none_at_all_is_switched_off(tmp_path: Path) -> None:
    """At 0 replicas Kubernetes does not scale."""
    off = group(tmp_path, deployment(CPU, replicas="0"), autoscaler(resource_metric()))
    assert (off.min_size, off.max_size, off.desired_capacity) == (0, 0, 0)


def requests_of(folder: Path, pod: Values, config: Values | None, **marks: Any) -> Any:
    """Read what a deployment with such a pod template requests, or why it is skipped."""
    web = deployment()
    web["spec"][0]["template"][0]["spec"][0] |= pod
    hidden = {key: {"spec": [{"template": [{"spec": [one]}]}]} for key, one in marks.items()}
    blocks = []
    if config is not None:
        blocks = [block(WEB, {"spec": [{"template": [{"spec": [config]}]}]})]
    found = read(folder, document([change(WEB, web, **hidden)], blocks))
    if found.skipped:
        return found.skipped[0].reason
    return found.groups[0].task_vcpus, found.groups[0].task_memory_gib


@pytest.mark.parametrize("marks", ["unknown", "sensitive"])
@pytest.mark.parametrize(
    "hidden",
    [
        {"container": True},
        {"container": [{"resources": True}]},
        {"container": [{"resources": [{"requests": True}]}]},
        {"container": [{"resources": [{"requests": {"memory": True}}]}]},
    ],
)
def test_requests_that_are_not_told(tmp_path: Path, marks: str, hidden: Values) -> None:
    """They are not taken for none, nor is a limit taken in their place."""
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}}
    config = {"container": [{"resources": [{"requests": reference("var.requests")}]}]}
    pod = {"container": [{"resources": [resources]}]}
    found = requests_of(tmp_path, pod, config, **{marks: hidden})
    assert "sensitive, or not known" in found


def test_limits_that_the_cluster_fills_in(tmp_path: Path) -> None:
    """Nobody wrote them: what is requested stands."""
    pod = {"container": [{"resources": [{"requests": {"cpu": "1"}}]}]}
    config = {"container": [{"resources": [{"requests": constant({"cpu": "1"})}]}]}
    hidden = {"container": [{"resources": [{"limits": True}]}]}
    assert requests_of(tmp_path, pod, config, unknown=hidden) == (1.0, None)


def sized(cpu: str, memory: str, **more: Any) -> Values:
    return {"resources": [{"requests": {"cpu": cpu, "memory": memory}}], **more}


@pytest.mark.parametrize(
    ("inits", "wanted"),
    [
        ([sized("3", "512Mi")], (3.0, 1.0)),
        ([sized("500m", "512Mi"), sized("400m", "2Gi")], (1.0, 2.0)),
        ([sized("500m", "512Mi", restart_policy="Always")], (1.5, 1.5)),
        ([sized("500m", "1Gi", restart_policy="Always"), sized("800m", "1Gi")], (1.5, 2.0)),
    ],
)
def test_init_containers(tmp_path: Path, inits: list[Values], wanted: tuple[float, float]) -> None:
    """The largest counts where it is larger; sidecars are added to all that comes after them."""
    pod = {"container": [sized("1", "1Gi")], "init_container": inits}
    assert requests_of(tmp_path, pod, None) == pytest.approx(wanted)


def test_no_gpu_is_no_gpu(tmp_path: Path) -> None:
    """A request of none of them is none."""
    pod = {"container": [{"resources": [{"requests": {"cpu": 1, "nvidia.com/gpu": "0"}}]}]}
    assert requests_of(tmp_path, pod, None) == (1.0, None)


def rule(kind: str, value: int | None, period: int) -> Values:
    return {"type": kind, "value": value, "period_seconds": period}


@pytest.mark.parametrize(
    ("behavior", "up", "down"),
    [
        ({}, USUAL.up, USUAL.down),
        (
            {"scale_down": [{"stabilization_window_seconds": 60}]},
            USUAL.up,
            PodPace(USUAL.down.rules, stabilization_s=60.0),
        ),
        (
            {"scale_down": [{"select_policy": "Disabled", "policy": []}]},
            USUAL.up,
            PodPace(USUAL.down.rules, "disabled", 0.0),
        ),
        (
            {
                "scale_up": [
                    {
                        "stabilization_window_seconds": 30,
                        "select_policy": "Min",
                        "policy": [rule("Pods", 2, 60), rule("Percent", 50, 90)],
                    }
                ]
            },
            PodPace((("pods", 2.0, 60.0), ("percent", 50.0, 90.0)), "min", 30.0),
            USUAL.down,
        ),
    ],
)
def test_its_behavior(tmp_path: Path, behavior: Values, up: PodPace, down: PodPace) -> None:
    """A way that it leaves out is as the API has it."""
    scaled = autoscaler(resource_metric(), behavior=[behavior])
    (scaler,) = group(tmp_path, deployment(CPU), scaled).scalers
    assert scaler == PodScaler(SCALER, 0.6, up, down)


@pytest.mark.parametrize(
    "way",
    [
        {"policy": [rule("Pods", None, 60)]},
        {"policy": [rule("Nodes", 1, 60)]},
        {"policy": [rule("Pods", 1, 60)] * 5},
        {"select_policy": "Some"},
    ],
)
def test_a_behavior_that_is_not_followed(tmp_path: Path, way: Values) -> None:
    """It is told, and the deployment is not simulated as if it had none."""
    scaled = autoscaler(resource_metric(), behavior=[{"scale_up": [way]}])
    (scaler,) = group(tmp_path, deployment(CPU), scaled).scalers
    assert isinstance(scaler, OtherScaler)
    assert "behavior" in scaler.what


@pytest.mark.parametrize("containers", [1, 2])
def test_a_metric_of_one_container(tmp_path: Path, containers: int) -> None:
    """It is the pod's where there is no other."""
    metric = {
        "type": "ContainerResource",
        "container_resource": [{"name": "cpu", "container": "c0", "target": [UTILIZATION]}],
    }
    (scaler,) = group(tmp_path, deployment(*[CPU] * containers), autoscaler(metric)).scalers
    assert isinstance(scaler, PodScaler if containers == 1 else OtherScaler)


def test_an_autoscaler_of_something_else(tmp_path: Path) -> None:
    """Another namespace, another kind, another name: listed, and the deployment stands alone."""
    for other, reason in (
        (autoscaler(resource_metric(), namespace="dev"), "not in this plan"),
        (autoscaler(resource_metric(), kind="StatefulSet"), "a StatefulSet"),
        (autoscaler(resource_metric(), name="api"), "not in this plan"),
    ):
        found = plan(tmp_path, deployment(CPU), other)
        assert found.groups[0].scalers == ()
        assert reason in found.skipped[0].reason


def test_two_autoscalers_of_one_deployment(tmp_path: Path) -> None:
    """Each undoes what the other does."""
    both = autoscaler(resource_metric())
    scalers = group(tmp_path, deployment(CPU), both, both).scalers
    assert all(isinstance(one, OtherScaler) for one in scalers)
    assert len(scalers) == 2


def test_a_name_that_is_known_after_apply(tmp_path: Path) -> None:
    """The reference tells."""
    scaled = autoscaler(resource_metric(), name=None)
    hidden = {"spec": [{"scale_target_ref": [{"name": True}]}]}
    web = deployment(CPU)
    del web["metadata"][0]["name"]
    named = {"spec": [{"scale_target_ref": [{"name": reference(f"{WEB}.metadata[0].name", WEB)}]}]}
    changes = [
        change(WEB, web, unknown={"metadata": [{"name": True}]}),
        change(SCALER, scaled, unknown=hidden),
    ]
    blocks = [block(WEB, {"spec": [{"replicas": constant(3)}]}), block(SCALER, named)]
    found = groups(tmp_path, document(changes, blocks))[WEB]
    assert found.scalers == (PodScaler(SCALER, 0.6),)
    assert any("beside its autoscaler" in note for note in found.notes)


POOL = InstanceGroup(
    address="aws_eks_node_group.a",
    kind="aws_eks_node_group",
    cloud="aws",
    region="eu-west-1",
    action="no-op",
    unit="instance",
    slots=(Slot("m5.large"),),
    min_size=1,
    max_size=1,
    desired_capacity=1,
    node_labels={"role": "web"},
)
OTHER = replace(POOL, address="aws_eks_node_group.b", node_labels={}, slots=(Slot("c5.large"),))
SPARE = replace(POOL, address="aws_eks_node_group.c", node_labels={"role": "web"})
WINDOWS = replace(POOL, address="aws_eks_node_group.w", operating_system="windows")
PLAIN = replace(POOL, address="aws_instance.d", node_labels=None)


@pytest.mark.parametrize(
    ("pools", "selector", "wanted"),
    [
        ([POOL], {}, POOL),
        ([POOL, PLAIN], {}, POOL),
        ([POOL, OTHER], {"role": "web"}, POOL),
        ([POOL, OTHER], {"node.kubernetes.io/instance-type": "c5.large"}, OTHER),
        ([POOL, SPARE], {}, POOL),
        ([POOL], {"kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "a"}, POOL),
        ([PLAIN], {}, NOT_HERE),
        ([POOL], {"role": "db"}, NOT_HERE),
        ([POOL], {"kubernetes.io/os": "windows"}, NOT_HERE),
        ([WINDOWS, POOL], {"kubernetes.io/os": "linux"}, POOL),
        ([WINDOWS, POOL], {}, "any of aws_eks_node_group.a, aws_eks_node_group.w"),
        ([POOL, OTHER], {}, "any of aws_eks_node_group.a, aws_eks_node_group.b"),
    ],
)
def test_the_pool_that_pods_land_on(
    pools: list[InstanceGroup], selector: dict[str, str], wanted: InstanceGroup | str
) -> None:
    """By labels, or the only one, or any where they are priced alike."""
    found = pool_of(pools, selector)
    if isinstance(wanted, str):
        assert isinstance(found, str)
        assert wanted in found
    else:
        assert found == wanted


AFFINITY = {
    "node_affinity": [
        {"required_during_scheduling_ignored_during_execution": [{"node_selector_term": [{}]}]}
    ]
}


@pytest.mark.parametrize(
    ("pod", "marks", "reason"),
    [
        ({"node_selector": {"a": "b"}}, {"sensitive": {"node_selector": True}}, "node_selector is"),
        ({"node_selector": {}}, {"unknown": {"node_selector": {"a": True}}}, "node_selector is"),
        ({"affinity": [AFFINITY]}, {}, "node_affinity"),
    ],
)
def test_a_selector_that_is_not_told(
    tmp_path: Path, pod: Values, marks: Values, reason: str
) -> None:
    """No pool is taken for it, and it is said."""
    web = deployment(CPU)
    web["spec"][0]["template"][0]["spec"][0] |= pod
    hidden = {key: {"spec": [{"template": [{"spec": [one]}]}]} for key, one in marks.items()}
    values = {"instance_types": ["m5.large"], "scaling_config": [{"desired_size": 1}]}
    changes = [change("aws_eks_node_group.a", values), change(WEB, web, **hidden)]
    found = groups(tmp_path, document(changes, []))[WEB]
    assert (found.cloud, found.carried_by) == ("kubernetes", None)
    assert any(reason in note for note in found.notes)


@pytest.mark.parametrize(("capacity", "spot"), [("SPOT", 1.0), ("ON_DEMAND", 0.0)])
def test_pods_that_select_how_nodes_are_bought(tmp_path: Path, capacity: str, spot: float) -> None:
    """Their vendor's label leads to the pool, or to spot on nodes of another plan."""
    pools = [
        change(
            f"aws_eks_node_group.{kind.lower()}",
            {"instance_types": ["m5.large"], "capacity_type": kind},
        )
        for kind in ("SPOT", "ON_DEMAND")
    ]
    web = change(WEB, deployment(CPU, selector={"eks.amazonaws.com/capacityType": capacity}))
    found = groups(tmp_path, document([*pools, web], []))[WEB]
    assert (found.carried_by, found.spot_share) == (f"aws_eks_node_group.{capacity.lower()}", spot)
    alone = groups(tmp_path, document([web], []))[WEB]
    assert (alone.cloud, alone.spot_share) == ("kubernetes", spot)


def test_labels_that_are_not_known_are_none() -> None:
    """The vendor's stand beside those that are stated."""
    stated = {"a": "1", "b": UNKNOWN, "c": REDACTED}
    assert labels(stated, {"pool": "web", "d": None}) == {"pool": "web", "a": "1"}
    assert labels(UNKNOWN, {}) == {}
