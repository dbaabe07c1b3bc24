"""Reads the folders of tests/cases/terraform: configurations, and what `tfopt set` has to do."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import Any

from tests.support.replan import Place

CASES = Path(__file__).resolve().parent.parent / "cases" / "terraform"
NAMES = sorted(path.parent.name for path in CASES.glob("*/case.toml"))
PROVIDERS = CASES / "providers.tf"  # for the cases that configure no provider themselves
_KEYS = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
_TRACKING = ("target_tracking_configuration", 0, "target_value")
_APPLICATION = ("target_tracking_scaling_policy_configuration", 0, "target_value")
_AUTOSCALING: Mapping[str, Place] = {
    "min_size": ("autoscaling_policy", 0, "min_replicas"),
    "max_size": ("autoscaling_policy", 0, "max_replicas"),
    "target_cpu": ("autoscaling_policy", 0, "cpu_utilization", 0, "target"),
}
_NODE_TYPE = ("node_config", 0, "machine_type")
_PATHS: Mapping[tuple[str, str], Place] = {
    ("aws_autoscaling_group", "min_size"): ("min_size",),
    ("aws_autoscaling_group", "max_size"): ("max_size",),
    ("aws_autoscaling_group", "desired_capacity"): ("desired_capacity",),
    ("aws_launch_template", "instance_type"): ("instance_type",),
    ("aws_launch_configuration", "instance_type"): ("instance_type",),
    ("aws_instance", "instance_type"): ("instance_type",),
    ("aws_eks_node_group", "instance_type"): ("instance_types", 0),
    ("aws_eks_node_group", "min_size"): ("scaling_config", 0, "min_size"),
    ("aws_eks_node_group", "max_size"): ("scaling_config", 0, "max_size"),
    ("aws_eks_node_group", "desired_capacity"): ("scaling_config", 0, "desired_size"),
    ("aws_ec2_fleet", "desired_capacity"): (
        "target_capacity_specification",
        0,
        "total_target_capacity",
    ),
    ("aws_spot_fleet_request", "desired_capacity"): ("target_capacity",),
    ("aws_spot_fleet_request", "instance_type"): ("launch_specification", 0, "instance_type"),
    ("aws_ecs_service", "desired_capacity"): ("desired_count",),
    ("aws_appautoscaling_target", "min_size"): ("min_capacity",),
    ("aws_appautoscaling_target", "max_size"): ("max_capacity",),
    ("aws_autoscaling_policy", "target_cpu"): _TRACKING,
    ("aws_appautoscaling_policy", "target_cpu"): _APPLICATION,
    ("google_compute_instance_template", "instance_type"): ("machine_type",),
    ("google_compute_region_instance_template", "instance_type"): ("machine_type",),
    ("google_compute_instance", "instance_type"): ("machine_type",),
    ("google_compute_instance_from_template", "instance_type"): ("machine_type",),
    ("google_compute_instance_group_manager", "desired_capacity"): ("target_size",),
    ("google_compute_region_instance_group_manager", "desired_capacity"): ("target_size",),
    **{("google_compute_autoscaler", name): path for name, path in _AUTOSCALING.items()},
    **{("google_compute_region_autoscaler", name): path for name, path in _AUTOSCALING.items()},
    ("google_container_node_pool", "instance_type"): _NODE_TYPE,
    ("google_container_node_pool", "desired_capacity"): ("node_count",),
    ("google_container_node_pool", "min_size"): ("autoscaling", 0, "min_node_count"),
    ("google_container_node_pool", "max_size"): ("autoscaling", 0, "max_node_count"),
    ("google_container_cluster", "instance_type"): _NODE_TYPE,
    ("google_container_cluster", "desired_capacity"): ("initial_node_count",),
}


@dataclass(frozen=True)
class Expectation:
    """What has to come of one `tfopt set`, by a referee who asks Terraform and not tfopt.

    Attributes:
        leaf: "terraform.tfvars:3", relative to the configuration directory: there stands the
            literal `old` (the `nth` of its like on the line) that has to change, to `new`.
        insert: the file in which a key or an argument is added; beside `leaf`, either will do.
        refused: a regular expression that the reason matches.
        same: the value is there already.
        carrier: the resource that holds the attribute, where it is not the group itself.
        moves: every other planned value that the edit moves: addresses, and for the carrier's own
            other attributes the address with the path.
        follows: what the provider computes anew because of that.
        note: a regular expression that standard error matches beside a patch.
        secret: text that is never to be printed.
        alternatives: other answers that are right too (`or` in the file), by what differs.
        falls_short: why tfopt cannot do it yet; it is then held to be refused.
    """

    case: Case
    address: str
    attribute: str
    value: str | int | float
    leaf: str | None = None
    old: str | None = None
    nth: int = 1
    new: str | None = None
    insert: str | None = None
    refused: str | None = None
    same: bool = False
    carrier: str | None = None
    path: str | None = None
    moves: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    grade: str | None = None
    note: str | None = None
    secret: str | None = None
    alternatives: tuple[Mapping[str, Any], ...] = ()
    falls_short: str | None = None

    @property
    def variants(self) -> tuple[Expectation, ...]:
        """The expectation itself, then each other answer that is right too."""
        nothing = dict.fromkeys(("leaf", "old", "new", "insert", "refused", "grade"))
        bare = replace(self, **nothing, nth=1, moves=frozenset(), alternatives=())
        return (self, *(replace(bare, **_members(one)) for one in self.alternatives))

    @property
    def name(self) -> str:
        """What was asked, as it stands in `replans.json`."""
        return f"{self.address} {self.attribute} {self.value}"

    @property
    def patched(self) -> bool:
        """Whether files have to change, or may."""
        return any(one.leaf or one.insert for one in self.variants)

    @property
    def holder(self) -> str:
        """The address of the resource whose planned value is meant."""
        return self.carrier or self.address

    @property
    def place(self) -> Place:
        """Where the planned value stands in that resource; ("count",): how many there are."""
        if self.path is not None:
            return tuple(int(step) if step.isdigit() else step for step in self.path.split("."))
        kind = _KEYS.sub("", self.holder).split(".")[-2]
        return _PATHS[(kind, self.attribute)]

    @property
    def planned(self) -> str | int | float:
        """The value in the unit of the configuration: a CPU share is a percentage on AWS."""
        if self.attribute != "target_cpu" or "google_" in self.holder:
            return self.value
        percent = round(float(self.value) * 100, 6)
        return int(percent) if percent.is_integer() else percent

    @property
    def written(self) -> str:
        """The literal after the edit: quoted where the old one was."""
        if self.new is not None:
            return self.new
        return f'"{self.planned}"' if (self.old or "").startswith('"') else str(self.planned)

    def after(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files with the expected literal replaced, and nothing else."""
        assert self.leaf is not None
        assert self.old is not None
        name, _, line = self.leaf.rpartition(":")
        path = normpath(f"{self.case.config_dir}/{name}")
        lines = files[path].decode().split("\n")
        place = int(line) - 1
        start = -1
        for _ in range(self.nth):
            start = lines[place].index(self.old, start + 1)
        end = start + len(self.old)
        lines[place] = lines[place][:start] + self.written + lines[place][end:]
        return {**files, path: "\n".join(lines).encode()}


@dataclass(frozen=True)
class Case:
    """One folder: sources, what is asked of them, and the recorded plans."""

    name: str
    about: str
    form: str
    root: Path = CASES
    config_dir: str = "."
    var_files: tuple[str, ...] = ()  # relative to the configuration directory, in order
    env: Mapping[str, str] = field(default_factory=dict)
    vars: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Mapping[str, Any], ...] = ()
    costs: tuple[Mapping[str, Any], ...] = ()
    groups: tuple[Mapping[str, Any], ...] = ()
    skipped: tuple[Mapping[str, Any], ...] = ()

    @property
    def home(self) -> Path:
        """The case's folder."""
        return self.root / self.name

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        """Everything that is asked of this case."""
        return tuple(Expectation(self, **_members(one)) for one in self.asked)

    @cached_property
    def plan(self) -> dict[str, Any]:
        """The recorded plan."""
        parsed: dict[str, Any] = json.loads((self.home / "plan.json").read_text("utf-8"))
        return parsed

    @cached_property
    def replans(self) -> list[dict[str, Any]]:
        """What Terraform planned with each batch of patches, as `record_cases.py` wrote it."""
        path = self.home / "replans.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else []

    def copy(self, to: Path) -> Path:
        """Copy the sources, complete with what `terraform init` would bring, and return them."""
        shutil.copytree(self.home / "config", to, symlinks=True)
        folder = to / self.config_dir
        if not any("provider" in path.stem for path in folder.glob("*.tf*")):
            shutil.copyfile(PROVIDERS, folder / "providers.tf")
        if (self.home / "vendored").is_dir():
            shutil.copytree(self.home / "vendored", folder / ".terraform" / "modules")
        if (self.home / "state.json").is_file():
            shutil.copyfile(self.home / "state.json", folder / "terraform.tfstate")
        return to


def _members(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an [[expect]] table says, as `Expectation` takes it."""
    spelled = {"alternatives" if name == "or" else name: value for name, value in told.items()}
    for name in {"moves", "follows"} & spelled.keys():
        spelled[name] = frozenset(spelled[name])
    return spelled


def load(name: str, root: Path = CASES) -> Case:
    """Read one case."""
    told = tomllib.loads((root / name / "case.toml").read_text("utf-8"))
    tables = {"costs": "cost", "groups": "group", "skipped": "skipped"}
    told |= {ours: tuple(told.pop(theirs, ())) for ours, theirs in tables.items()}
    told["var_files"] = tuple(told.get("var_files", ()))
    return Case(name=name, asked=tuple(told.pop("expect", ())), root=root, **told)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return a tree's own files by relative path; what Terraform puts there is left out."""
    own = (
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and ".terraform" not in path.relative_to(folder).parts
        and not path.name.startswith((".terraform", "terraform.tfstate", "case.tfplan"))
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in own}


def digest(files: Mapping[str, bytes]) -> str:
    """Return a digest of a tree: names and bytes."""
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return found.hexdigest()


Delta = list[list[Any]]
UNORDERED = "relevant_attributes"  # Terraform lists them in another order each time


def delta(old: Any, new: Any) -> Delta:
    """Return what turns one plan into another: [path, value], or [path] where gone."""
    return [one for one in _delta((), old, new) if one[0][0] != UNORDERED]


def _delta(path: Place, old: Any, new: Any) -> Iterator[list[Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            if key not in new:
                yield [[*path, key]]
            elif key not in old:
                yield [[*path, key], new[key]]
            else:
                yield from _delta((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _delta((*path, i), before, after)
    elif old != new or type(old) is not type(new):
        yield [list(path), new]


def ordered(document: Any) -> Any:
    """Return a plan with its child modules in order: Terraform lists them in a random one."""
    if isinstance(document, list):
        return [ordered(each) for each in document]
    if not isinstance(document, dict):
        return document
    made = {key: ordered(value) for key, value in document.items()}
    if isinstance(made.get("child_modules"), list):
        made["child_modules"].sort(key=lambda module: module["address"])
    return made


def patched_document(document: Any, changes: Delta) -> Any:
    """Return a copy of a JSON document with a delta applied."""
    changed = json.loads(json.dumps(document))
    for (*way, last), *value in changes:
        at = changed
        for step in way:
            at = at[step]
        if value:
            at[last] = value[0]
        else:
            del at[last]
    return changed
