"""tfopt.toml: who needs what. Read once at the edge; a bad value is told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from tfopt.errors import TfoptError
from tfopt.quantities import quantity

FILE_NAME = "tfopt.toml"
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Smt = Literal["measured", "linear"]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SloTable(_Table):
    """What counts as a bad minute, and how many a week may have; unset keys fall back."""

    p99_ms: Annotated[float, Field(gt=0, le=86_400_000)] | None = None
    max_bad_minutes: Annotated[float, Field(ge=0, lt=1)] | None = None


class DemandTable(_Table):
    """Where a group's traffic is read from; exactly one source."""

    csv: Path | None = None
    column: str | None = None
    cpu_percent: str | None = None  # with `csv` and `instances`: demand from CPU
    instances: str | None = None
    cloudwatch_json: Path | None = None
    metric: str | None = None  # Id or label, where the CloudWatch file holds several
    per: Literal["period", "second"] | None = None  # what a CloudWatch value counts requests per
    prometheus_json: Path | None = None
    series: str | None = None  # where the Prometheus file holds several; else they are summed
    profile: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> DemandTable:
        given = [self.csv, self.cloudwatch_json, self.prometheus_json, self.profile]
        if sum(source is not None for source in given) != 1:
            raise ValueError("give exactly one of csv, cloudwatch_json, prometheus_json, profile")
        if (self.cpu_percent is None) != (self.instances is None):
            raise ValueError("cpu_percent and instances come together")
        if self.csv is None and (self.column or self.cpu_percent):
            raise ValueError("column, cpu_percent and instances name columns of a csv")
        if self.cloudwatch_json is None and (self.metric or self.per):
            raise ValueError("metric and per belong to cloudwatch_json")
        if self.prometheus_json is None and self.series:
            raise ValueError("series belongs to prometheus_json")
        return self

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, name: str | None) -> str | None:
        from tfopt_sim.profiles import NAMES

        if name is not None and name not in NAMES:
            raise ValueError(f"no traffic profile '{name}': choose one of {', '.join(NAMES)}")
        return name


def _quantity(value: object) -> float:
    found = quantity(value)
    if not found:
        raise ValueError("not an amount as Kubernetes writes it: 250m, 0.5, 512Mi")
    return found


Amount = Annotated[float, BeforeValidator(_quantity)]  # cores, bytes


class PodsTable(_Table):
    """`[workload.pods]`: what a node pool carries, or what nodes a deployment's pods land on."""

    cpu: Amount | None = None  # requested by one pod
    memory: Amount | None = None
    target: Share = 0.8  # of the requested CPU, as its horizontal pod autoscaler has it
    min: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    max: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000_000
    daemon_cpu: Amount | None = None  # requested on each node by what runs on all of them
    max_per_node: Annotated[int, Field(ge=1, le=1000)] | None = None
    node_type: str | None = None
    region: str | None = None

    @model_validator(mode="after")
    def _one_side(self) -> PodsTable:
        if (self.node_type is None) != (self.region is None):
            raise ValueError("node_type and region come together")
        if (self.cpu is None) == (self.node_type is None):
            raise ValueError("give cpu, for a node pool, or node_type, for a deployment")
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class WorkloadTable(_Table):
    """One `[[workload]]`: what the groups whose address fits `match` have to serve."""

    match: str
    demand: DemandTable | None = None
    cpu_ms_per_request: Annotated[float, Field(ge=0.001, le=3_600_000)] | None = None
    measured_on: str | None = None  # the type that cpu_ms and cpu_percent are of; else the present
    service_cv2: Annotated[float, Field(ge=0, le=100)] = 1.0
    balancing: Literal["least-outstanding", "random"] = "least-outstanding"
    memory_gib_per_instance: Positive | None = None
    boot_s: Annotated[float, Field(ge=0, le=7200)] = 90.0
    boot: Literal["distribution", "fixed"] = "distribution"
    timeout_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    smt: Smt = "linear"  # hyper-threads
    alarm_cadence: Literal["legacy", "responsive"] = "legacy"  # of target tracking
    slo: SloTable = SloTable()
    pods: PodsTable | None = None


class CommitmentsTable(_Table):
    """A savings plan: paid whether used or not, it covers usage at a discount."""

    usd_per_hour: Positive
    discount: Annotated[float, Field(ge=0, lt=1)]  # off the list price of what it covers
    ends: date | None = None  # its last day; none: it is renewed

    def covers(self, day: date) -> bool:
        """Tell whether the plan is still in force on a day."""
        return self.ends is None or day <= self.ends


class DefaultsTable(_Table):
    """`[defaults]`: guardrails and what a workload does not say itself."""

    slo: SloTable = SloTable()
    max_target_cpu: Share = 0.85
    min_headroom: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of the CPU that is kept free
    max_spot_share: Annotated[float, Field(ge=0, le=1)] = 1.0  # above what is always on demand
    min_zones: Annotated[int, Field(ge=1, le=20)] = 2  # instances that stand at the quietest hour
    operating_system: Literal["linux", "windows"] = "linux"
    allowed_families: Names | None = None
    denied_families: tuple[str, ...] = ()
    architectures: Annotated[tuple[Literal["x86_64", "arm64"], ...], Field(min_length=1)] | None = (
        None
    )
    commitments: CommitmentsTable | None = None

    @property
    def discount(self) -> float:
        """What the commitments take off the list price; 0 without any."""
        return self.commitments.discount if self.commitments else 0.0

    @property
    def highest_target(self) -> float:
        """The highest CPU target that both guardrails on it leave."""
        return min(self.max_target_cpu, round(1 - self.min_headroom, 9))


class _File(_Table):
    """What may stand in the file."""

    defaults: DefaultsTable = DefaultsTable()
    workload: tuple[WorkloadTable, ...] = ()


class Settings(_File):
    """The whole file, and where it stands (paths in it are relative to that folder)."""

    folder: Annotated[Path, Field(exclude=True)] = Path()
    name: Annotated[str, Field(exclude=True)] = FILE_NAME
    lines: Annotated[tuple[Mapping[str, int], ...], Field(exclude=True)] = ()  # of each workload

    def workload_of(self, address: str) -> WorkloadTable | None:
        """Return the workload whose `match` fits `address`; the most specific one wins."""
        fitting = [table for table in self.workload if _fits(table.match, address)]
        return max(fitting, key=lambda table: len(table.match.replace("*", "")), default=None)

    def place_of(self, workload: WorkloadTable, key: str = "match") -> str:
        """Return `file:line` where a key of a workload stands, else where the workload does."""
        number = next((i for i, table in enumerate(self.workload) if table is workload), None)
        file = str(self.folder / self.name)
        if number is None or number >= len(self.lines):
            return file
        lines = self.lines[number]
        return f"{file}:{lines.get(key, lines['match'])}"

    def matching_none(self, addresses: Collection[str]) -> list[WorkloadTable]:
        """Return the workloads whose `match` fits none of the addresses, in the file's order."""
        return [
            table for table in self.workload if not any(_fits(table.match, a) for a in addresses)
        ]


def _fits(pattern: str, address: str) -> bool:
    """Tell whether `pattern`, in which only `*` is special, covers the whole address."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), address) is not None


def find_settings(plan: Path) -> Path | None:
    """Return the nearest tfopt.toml from the plan's folder upwards, if there is one."""
    folder = plan.resolve().parent
    for place in (folder, *folder.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None


def settings_for(plan: str, workloads: Path | None, config_dir: Path | None) -> Settings:
    """Return the settings of a plan: of `workloads`, else the nearest file, else the defaults.

    Args:
        plan: its path, or "-" for standard input.
        workloads: the file that the user named.
        config_dir: from where to look upwards when nothing is found above the plan.

    Raises:
        TfoptError: the file cannot be used.
    """
    if workloads is not None:
        return load_settings(workloads)
    beside = Path.cwd() / (plan if plan != "-" else "plan.json")
    found = find_settings(beside)
    if found is None and config_dir is not None:
        found = find_settings(config_dir.resolve() / "plan.json")
    if found is None:
        return Settings()
    return load_settings(shown_path(found))


def shown_path(path: Path) -> Path:
    """Return a path as messages show it: relative where it stands under the working directory."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def load_settings(path: Path) -> Settings:
    """Read and check a tfopt.toml.

    Raises:
        TfoptError: unreadable, not TOML, an unknown key or a bad value; with file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise TfoptError(
            f"cannot read the workloads file: {_reason(problem)}", where=path
        ) from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"line (\d+)", str(problem))
        number = line[1] if line else len(text.splitlines())  # "at end of document"
        raise TfoptError(f"not valid TOML: {problem}", where=f"{path}:{number}") from None
    try:
        written = _File.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = f"{path}:{_line_of(text, first['loc'])}"
        raise TfoptError(_told(first), where=where) from None
    lines = tuple(
        {key: _line_of(text, ("workload", number, key)) for key in table}
        for number, table in enumerate(content.get("workload", ()))
    )
    return Settings(
        defaults=written.defaults,
        workload=written.workload,
        folder=path.parent,
        name=path.name,
        lines=lines,
    )


def _reason(problem: Exception) -> str:
    return problem.strerror or "unknown error" if isinstance(problem, OSError) else "not UTF-8 text"


def _told(error: Any) -> str:
    """Turn one pydantic error into a sentence with the key, the value and what is allowed."""
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_table_at(error["loc"][:-1]).model_fields))
        return f"unknown key {place}. Allowed here: {allowed}"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    special = {
        "missing": f"{place} is missing",
        "too_short": f"{place} = [] names nothing: leave it out, or name at least one",
        "value_error": f"{place}: {message}",
    }
    if error["type"] in special:
        return special[error["type"]]
    return f"{place} = {error['input']!r} should be {message}"


def _table_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    tables: dict[str, type[BaseModel]] = {
        "defaults": DefaultsTable,
        "workload": WorkloadTable,
        "slo": SloTable,
        "demand": DemandTable,
        "commitments": CommitmentsTable,
    }
    for step in reversed(location):
        if step in tables:
            return tables[str(step)]
    return _File


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """Return the 1-based line where the key at `location` stands, or its table's."""
    keys = [step for step in location if isinstance(step, str)]
    index = next((step for step in location if isinstance(step, int)), 0)
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    name = re.escape(keys[0]) if keys else "(?!)"
    headers = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\[?\s*{name}\s*\]", line)]
    start = headers[min(index, len(headers) - 1)] if headers else 0
    other = re.compile(rf"\s*\[(?!\s*{name}\s*\.)")  # a header, but not of a table inside
    ends = (i for i in range(start + 1, len(lines)) if headers and other.match(lines[i]))
    end = next(ends, len(lines))
    for key in reversed(keys):
        for number in range(start, end):
            if re.search(rf"(?:^|[\s{{,.\"']){re.escape(key)}[\"']?\s*=", lines[number]):
                return number + 1
    return start + 1
