"""tfopt.toml: who needs what. Read once at the edge; a bad value is told with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tfopt.errors import TfoptError

FILE_NAME = "tfopt.toml"
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SloTable(_Table):
    """What counts as a bad minute, and how many a week may have; unset keys fall back."""

    p99_ms: Positive | None = None
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


class WorkloadTable(_Table):
    """One `[[workload]]`: what the groups whose address fits `match` have to serve."""

    match: str
    demand: DemandTable | None = None
    cpu_ms_per_request: Positive | None = None
    measured_on: str | None = None  # the type that cpu_ms and cpu_percent are of; else the present
    service_cv2: Annotated[float, Field(ge=0, le=100)] = 1.0
    balancing: Literal["least-outstanding", "random"] = "least-outstanding"
    memory_gib_per_instance: Positive | None = None
    boot_s: Annotated[float, Field(ge=0, le=7200)] = 90.0
    boot: Literal["distribution", "fixed"] = "distribution"
    timeout_s: Annotated[float, Field(ge=0)] = 0.0
    smt: Literal["linear"] = "linear"
    alarm_cadence: Literal["legacy"] = "legacy"
    slo: SloTable = SloTable()


class DefaultsTable(_Table):
    """`[defaults]`: guardrails and what a workload does not say itself."""

    slo: SloTable = SloTable()
    max_target_cpu: Share = 0.85
    min_zones: Annotated[int, Field(ge=1, le=20)] = 2  # instances that stand at the quietest hour
    operating_system: Literal["linux", "windows"] = "linux"
    allowed_families: tuple[str, ...] | None = None
    denied_families: tuple[str, ...] = ()
    architectures: tuple[Literal["x86_64", "arm64"], ...] | None = None


class Settings(_Table):
    """The whole file, and where it stands (paths in it are relative to that folder)."""

    defaults: DefaultsTable = DefaultsTable()
    workload: tuple[WorkloadTable, ...] = ()
    folder: Annotated[Path, Field(exclude=True)] = Path()
    name: Annotated[str, Field(exclude=True)] = FILE_NAME

    def workload_of(self, address: str) -> WorkloadTable | None:
        """Return the workload whose `match` fits `address`; the most specific one wins."""
        fitting = [table for table in self.workload if _fits(table.match, address)]
        return max(fitting, key=lambda table: len(table.match.replace("*", "")), default=None)


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
        return Settings.model_validate({**content, "folder": path.parent, "name": path.name})
    except ValidationError as problem:
        first = problem.errors()[0]
        where = f"{path}:{_line_of(text, first['loc'])}"
        raise TfoptError(_told(first), where=where) from None


def _reason(problem: Exception) -> str:
    return problem.strerror or "unknown error" if isinstance(problem, OSError) else "not UTF-8 text"


def _told(error: Any) -> str:
    """Turn one pydantic error into a sentence with the key, the value and what is allowed."""
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        table = _table_at(error["loc"][:-1])
        allowed = ", ".join(sorted(name for name in table.model_fields if name not in _HIDDEN))
        return f"unknown key {place}. Allowed here: {allowed}"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "value_error":
        return f"{place}: {message}"
    return f"{place} = {error['input']!r} should be {message}"


_HIDDEN = {"folder", "name"}


def _table_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    tables: dict[str, type[BaseModel]] = {
        "defaults": DefaultsTable,
        "workload": WorkloadTable,
        "slo": SloTable,
        "demand": DemandTable,
    }
    for step in reversed(location):
        if step in tables:
            return tables[str(step)]
    return Settings


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """Return the 1-based line where the key at `location` stands, or its table's."""
    keys = [step for step in location if isinstance(step, str)]
    index = next((step for step in location if isinstance(step, int)), 0)
    lines = text.splitlines()
    start = 0
    headers = [
        number
        for number, line in enumerate(lines)
        if keys and re.match(rf"\s*\[\[?\s*{re.escape(keys[0])}\s*[\].]", line)
    ]
    if headers:
        start = headers[min(index, len(headers) - 1)]
    for key in reversed(keys):
        for number in range(start, len(lines)):
            if number > start and headers and re.match(r"\s*\[", lines[number]):
                break
            if re.search(rf"(?:^|[\s{{,.\"']){re.escape(key)}[\"']?\s*=", lines[number]):
                return number + 1
    return start + 1
