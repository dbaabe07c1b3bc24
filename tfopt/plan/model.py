"""What tfopt knows of a plan once it is read: cloud-neutral groups and where their values stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tfopt.plan.scalers import OtherScaler, Scaler
from tfopt.requirements import Requirements

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
PathStep = str | int
SIZING: Final = ("instance_type", "min_size", "max_size", "desired_capacity", "target_cpu")
"""The sizing attributes of a group, by their names in JSON and on the command line."""
Action = Literal["create", "update", "no-op", "replace", "delete", "read", "unknown"]


class _Redacted:
    """Stands where a sensitive value stood: no value, equal to nothing, printed as a word."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(sensitive)"


class _Unknown:
    """Stands where a value is known only after apply."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(known after apply)"


REDACTED = _Redacted()
UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True)
class Site:
    """Where one sizing attribute stands in the plan: which resource carries it, at which path.

    `value` is the planned value there, in the configuration's own unit. `scale` turns our unit into
    the configuration's: `target_cpu` 0.6 with scale 100 stands as 60.
    `creating` tells that the plan creates that resource, so that its `ignore_changes` keeps nothing
    out yet. `live` is what runs before the apply, None where nothing does. `applied` is what was
    last applied, where that was changed outside Terraform since. `written` tells whether the
    configuration sets the attribute, as far as the plan says; True in doubt. `constant` is the
    literal that the configuration has there, None where it has something else.
    """

    module: tuple[str, ...]  # module path with keys: ("module.shop[\"paris\"]",)
    resource: str  # address inside its module without key: "aws_launch_template.web"
    key: str | int | None  # for_each or count key; None where all instances are meant alike
    path: tuple[PathStep, ...]  # ("scaling_config", 0, "min_size")
    value: object  # Json, REDACTED or UNKNOWN
    scale: float = 1.0
    creating: bool = False
    live: object = None
    applied: object = None
    written: bool = True
    constant: object = None

    @property
    def address(self) -> str:
        """Full address of the resource, as terraform prints it."""
        key = "" if self.key is None else f"[{_quoted(self.key)}]"
        return ".".join((*self.module, self.resource + key))


def _quoted(key: str | int) -> str:
    if isinstance(key, int):
        return str(key)
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class Slot:
    """One candidate instance type of a group, in the group's order of preference."""

    instance_type: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Disk:
    """A volume that each instance brings and that is paid while it stands."""

    gib: float
    kind: str  # "gp3", "P10"


@dataclass(frozen=True, slots=True)
class WarmPool:
    """Instances initialised beforehand."""

    min_size: int = 0
    max_prepared: int | None = None
    state: Literal["stopped", "running", "hibernated"] = "stopped"
    reuse_on_scale_in: bool = False


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """One scalable set in the plan, whatever the cloud calls it."""

    address: str
    kind: str  # "aws_autoscaling_group"
    cloud: Literal["aws", "gcp", "azure", "kubernetes"]  # the last: pods on nodes of another plan
    region: str | None
    action: Action
    unit: Literal["instance", "task", "pod"]
    slots: tuple[Slot, ...]  # empty: unknown until apply, or chosen by `requirements`
    min_size: int | None
    max_size: int | None
    desired_capacity: int | None
    bounds_per: Literal["total", "zone"] = "total"
    zones: int | None = None
    scalers: tuple[Scaler, ...] = ()
    on_demand_base: int = 0
    spot_share: float = 0.0
    on_demand_allocation: str = "prioritized"  # the vendor's word
    spot_allocation: str = "lowest-price"
    spot_pools: int = 2  # of "lowest-price": how many of the cheapest are used alike
    capacity_rebalance: bool = False  # spot instances are replaced when they are told to go
    operating_system: Literal["linux", "windows", "unknown"] = "linux"
    own_licence: bool = False  # of the operating system: it is not paid by use
    detailed_monitoring: bool = False
    warmup_s: float | None = None  # default_instance_warmup
    cooldown_s: float | None = None  # default_cooldown
    termination: tuple[str, ...] = ()  # the vendor's words, first to last
    warm_pool: WarmPool | None = None
    disks: tuple[Disk, ...] = ()  # whose size the plan tells
    cluster_autoscaled: bool = False  # a Kubernetes cluster autoscaler may size it
    node_labels: Mapping[str, str] | None = None  # None: no Kubernetes nodes
    architecture: str | None = None  # as Kubernetes calls it, that its pods select: "arm64"
    most_pods: int | None = None  # on a node, where the plan tells
    carried_by: str | None = None  # the pool whose nodes its pods land on: their cost is part of it
    least_vcpus: int = 1  # of a type that its vendor lets it have
    most_instances: int | None = None  # that its vendor lets it have
    burst_unlimited: bool | None = None  # credit_specification, where stated
    task_vcpus: float | None = None  # size of a task or pod
    task_memory_gib: float | None = None
    requirements: tuple[Requirements, ...] = ()  # any type that meets one of them is a slot too
    capacity_unit: Literal["units", "vcpu", "memory-mib"] = "units"  # what sizes count then
    sites: Mapping[str, Site] = field(default_factory=dict)  # JSON attribute name → where it stands
    replaces_on: frozenset[str] = frozenset()  # attributes whose change replaces the group
    rolls_on: frozenset[str] = frozenset()  # attributes whose change reaches new launches only
    instance_refresh: bool = False  # an apply that changes the type replaces running instances
    reaches: str | None = None  # how a changed type comes to run, where its kind says so
    fixed_name: bool = False  # what is replaced has a name that its successor cannot have beside it
    notes: tuple[str, ...] = ()  # facts a reader must know (pinned template version, …)


def acting_scalers(group: InstanceGroup) -> tuple[Scaler, ...]:
    """Return what changes the group's size while it runs: what is disabled does not."""
    return tuple(s for s in group.scalers if not isinstance(s, OtherScaler) or s.acts)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan says of resource instances besides their values, by full address."""

    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # → by which paths
    deposed: frozenset[str] = frozenset()  # a former object of it still waits to be destroyed
    deferred: Mapping[str, str] = field(default_factory=dict)  # → terraform's word for why


@dataclass(frozen=True, slots=True)
class Skipped:
    """A compute-like resource that is not analysed, and why."""

    address: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A root variable as the plan saw it (before conversion; `-var` numbers are strings)."""

    name: str
    value: object  # Json or REDACTED
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan, redacted and read."""

    path: str  # as the user named it; "-" for standard input
    format_version: str
    terraform_version: str
    tool: Literal["terraform", "opentofu"]
    complete: bool
    variables: Mapping[str, Variable]
    groups: tuple[InstanceGroup, ...]
    skipped: tuple[Skipped, ...]
    # tfconfig of a saved plan: relative path → bytes; not printed, a source may hold a secret
    sources: Mapping[str, bytes] | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()  # how an odd input was read
    errored: bool = False  # planning stopped with an error: what came after is not in it
    standing: Standing = field(default_factory=Standing)

    @property
    def shown_path(self) -> str:
        """How messages name it."""
        return "standard input" if self.path == "-" else self.path
