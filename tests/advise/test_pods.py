"""Pods and nodes as the simulator takes them: what a pod pays, what a pool carries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tfopt.advise.leaves import Leaves, effective, knobs_of
from tfopt.errors import TfoptError
from tfopt.plan.model import InstanceGroup, Site, Slot
from tfopt.plan.scalers import PodPace, PodScaler, TargetTrackingScaler
from tfopt.pricing import load_book
from tfopt.scenario.case import build_case
from tfopt.scenario.choice import with_types
from tfopt.scenario.group import present_offer
from tfopt.scenario.pods import pod_of
from tfopt.scenario.present import present_of
from tfopt.scenario.refusal import NotAnalysedError
from tfopt.scenario.sustained import runs_all_month
from tfopt.settings import DefaultsTable, Settings, load_settings
from tfopt_policies.steps import aim_of, cadence, with_aim
from tfopt_sim.pods import ClusterAutoscaler, PodAutoscaler, PodBehavior, PodRule

DOWN = PodPace((("percent", 50.0, 60.0),), "max", 120.0)
HPA = "kubernetes_horizontal_pod_autoscaler_v2.web"
PODS = InstanceGroup(
    address="kubernetes_deployment_v1.web",
    kind="kubernetes_deployment_v1",
    cloud="aws",
    region="eu-west-1",
    action="no-op",
    unit="pod",
    slots=(Slot("m5.xlarge"),),
    min_size=2,
    max_size=20,
    desired_capacity=4,
    scalers=(PodScaler(HPA, 0.6, down=DOWN),),
    task_vcpus=0.5,
    task_memory_gib=0.5,
)
POOL = replace(
    PODS,
    address="aws_eks_node_group.apps",
    kind="aws_eks_node_group",
    unit="instance",
    scalers=(),
    cluster_autoscaled=True,
    task_vcpus=None,
    task_memory_gib=None,
    sites={"instance_type": Site((), "aws_eks_node_group.apps", None, ("instance_types", 0), "x")},
)
BOOK = load_book()


def told(folder: Path, text: str) -> Settings:
    """Return the settings of a file."""
    (folder / "tfopt.toml").write_text(text)
    return load_settings(folder / "tfopt.toml")


def pool_settings(folder: Path, pods: str) -> Settings:
    return told(folder, f"[[workload]]\nmatch = 'aws_eks_node_group.*'\n[workload.pods]\n{pods}\n")


def test_a_pod_pays_its_share_of_a_node() -> None:
    """m5.xlarge keeps 80m and 993 MiB for itself: 0.5 of 3.92 vCPUs is the larger share."""
    node = BOOK.offer("aws", "eu-west-1", "m5.xlarge", "linux")
    pod = present_offer(PODS, BOOK, Settings())
    assert pod.usd_per_hour == pytest.approx(node.usd_per_hour * 0.5 / 3.92)
    assert pod.vcpus == 0.5
    assert node.usd_per_hour_spot is not None
    assert pod.usd_per_hour_spot == pytest.approx(node.usd_per_hour_spot * 0.5 / 3.92)
    large = present_offer(replace(PODS, task_memory_gib=6.0), BOOK, Settings())
    kept_gib = (255 + 11 * 58 + 100) / 1024
    assert large.usd_per_hour == pytest.approx(node.usd_per_hour * 6 / (16 - kept_gib))


def test_a_tiny_pod_takes_one_of_the_places_of_its_node() -> None:
    """A node takes no more than so many pods, however small."""
    node = BOOK.offer("aws", "eu-west-1", "m5.xlarge", "linux")
    pod = present_offer(replace(PODS, task_vcpus=0.01, task_memory_gib=None), BOOK, Settings())
    assert pod.usd_per_hour == pytest.approx(node.usd_per_hour / 58)
    few = replace(PODS, task_vcpus=0.01, task_memory_gib=None, most_pods=30)
    told = present_offer(few, BOOK, Settings())
    assert told.usd_per_hour == pytest.approx(node.usd_per_hour / 30)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task_vcpus": 4.0}, "none of its pods fits"),
        ({"slots": (Slot("t3.large"),)}, "earn CPU credits"),
        ({"architecture": "arm64"}, "select arm64 nodes"),
        ({"cloud": "kubernetes", "slots": (), "region": None}, "node pool that its pods land on"),
    ],
)
def test_pods_that_cannot_be_priced(change: dict[str, object], reason: str) -> None:
    """The reason is told, and what to do."""
    with pytest.raises(NotAnalysedError, match=reason):
        present_of(replace(PODS, **change), Settings(), BOOK)  # type: ignore[arg-type]


def test_its_autoscaler_is_one_to_move() -> None:
    """The target and the wait before pods go are simulated; the target may be moved."""
    present = present_of(PODS, Settings(), BOOK).configuration
    down = PodBehavior((PodRule("percent", 50.0, 60.0),), "max", 120.0)
    assert present.scaling == (PodAutoscaler(0.6, down=down),)
    assert (aim_of(present), cadence(present)) == (0.6, (1, 2))
    assert with_aim(present, 0.7).scaling == (PodAutoscaler(0.7, down=down),)


def test_a_pod_gets_no_discount_for_what_runs_all_month() -> None:
    """Its node may run less."""
    held = replace(PODS, scalers=())
    assert not runs_all_month(held, Settings())
    assert runs_all_month(replace(held, unit="instance"), Settings())


def test_nodes_that_the_user_names(tmp_path: Path) -> None:
    """Of any cloud; a type without a price is told with the workload."""
    text = "[[workload]]\nmatch = '*'\n[workload.pods]\nnode_type = '{}'\nregion = '{}'\n"
    bare = replace(PODS, cloud="kubernetes", slots=(), region=None)
    named = with_types(bare, BOOK, told(tmp_path, text.format("n2-standard-4", "europe-west1")))
    assert (named.cloud, named.slots) == ("gcp", (Slot("n2-standard-4"),))
    with pytest.raises(TfoptError, match=r"no price of the node type m5\.huge") as caught:
        with_types(bare, BOOK, told(tmp_path, text.format("m5.huge", "eu-west-1")))
    assert str(caught.value.where).endswith("tfopt.toml:1")


def test_a_pool_under_a_cluster_autoscaler(tmp_path: Path) -> None:
    """With its pods it is simulated, without them it is refused and says what to write."""
    with pytest.raises(NotAnalysedError, match=r"\[workload\.pods\]"):
        present_of(POOL, Settings(), BOOK)
    settings = pool_settings(
        tmp_path, "cpu = '250m'\nmemory = '1Gi'\ntarget = 0.7\nmin = 3\nmax = 90\nmax_per_node = 20"
    )
    (policy,) = present_of(POOL, settings, BOOK).configuration.scaling
    assert policy == ClusterAutoscaler(
        pod_vcpus=0.25,
        target=0.7,
        min_pods=3,
        max_pods=90,
        pod_memory_gib=1.0,
        max_pods_per_node=20,
        reservation="eks",
    )
    both = replace(POOL, scalers=(TargetTrackingScaler("p", "ASGAverageCPUUtilization", 0.5),))
    with pytest.raises(NotAnalysedError, match="beside its own policies"):
        present_of(both, settings, BOOK)


def test_types_on_which_no_pod_fits_are_not_weighed(tmp_path: Path) -> None:
    """A pod of 3 vCPUs needs a node of 4, and one of 4 does not fit on an m5.xlarge."""
    large = pool_settings(tmp_path, "cpu = 3")
    knobs = knobs_of(POOL, Leaves({}, effective(POOL)), DefaultsTable())
    case = build_case(POOL, large, BOOK, knobs=knobs, horizon_s=86400, seed=0, held_back=20)
    assert min(machine.vcpus for machine in case.problem.machines) == 4
    with pytest.raises(NotAnalysedError, match="no pod of"):
        present_of(POOL, pool_settings(tmp_path, "cpu = 4"), BOOK)


@pytest.mark.parametrize(
    ("pods", "said"),
    [
        ("cpu = '1 core'", "as Kubernetes writes it"),
        ("cpu = 0", "as Kubernetes writes it"),
        ("cpu = 1\nmin = 5\nmax = 4", "min is above max"),
        ("node_type = 'm5.large'", "come together"),
        ("target = 0.5", "give cpu"),
        ("cpu = 1\nnode_type = 'm5.large'\nregion = 'eu-west-1'", "give cpu"),
        ("cpu = 1\ntarget = 1.5", "target"),
    ],
)
def test_pods_that_are_wrong(tmp_path: Path, pods: str, said: str) -> None:
    """One line with file and line."""
    with pytest.raises(TfoptError, match=said) as caught:
        pool_settings(tmp_path, pods)
    assert "tfopt.toml:" in str(caught.value.where)


def test_a_pod_without_a_size_is_refused() -> None:
    """A group of pods always has one; nothing is guessed where it has not."""
    node = BOOK.offer("aws", "eu-west-1", "m5.xlarge", "linux")
    with pytest.raises(NotAnalysedError, match="not known"):
        pod_of(node, replace(PODS, task_vcpus=None))
