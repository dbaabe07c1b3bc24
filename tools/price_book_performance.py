"""Puts the speed of a busy vCPU of every type on one scale: CoreMark per vCPU, all vCPUs busy.

Run as a script it prints how well each way of filling a gap does where the truth is known
(docs/decisions/0003-busy-vcpu-throughput.md).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from price_book_catalog import Row, TypeKey, is_usable, read_catalog, types_of

# a size whose figure departs this far from its family's median was measured with the neighbour
# hyper-thread idle, on a capped shared core, or wrongly
FARTHEST_FROM_FAMILY = 0.2
# stress-ng with every vCPU busy, per vCPU, relative to one alone: under this, two vCPUs are one
# core (older guests hide their thread count, so it is not asked)
SHARED_CORE_SCALING = 0.85

_SILICON = (  # what tells generations of processors apart within their model names
    r"(EPYC) (\d)\w\w(\d)",
    r"(Platinum) (\d\d)\d\d",
    r"(Xeon\(R\) 69)\d\d",
    r"(E[57]-)\d+\w* (v\d)",
    r"(Neoverse-\w\d|Cortex-A72)",
)


@dataclass(frozen=True)
class Performance:
    """What is known of one type's speed; None where nobody measured it."""

    throughput_per_vcpu: float | None  # CoreMark per vCPU, all vCPUs busy
    quality: str  # measured, family, processor, estimated; empty where there is no figure
    single_thread: float | None  # Geekbench 6 single-core
    all_core_scaling: float | None  # stress-ng div16: per vCPU, all busy ÷ one busy


@dataclass(frozen=True)
class Machine:
    """One type as it was measured, and what decides which others it is like."""

    cloud: str
    instance_type: str
    family: str
    architecture: str
    processor: str  # in the catalogue's words
    silicon: str | None  # processor generation, from the model the guest saw
    coremark: float | None
    passmark: float | None
    geekbench: float | None
    scaling: float | None
    threads_per_core: int | None = None  # as the catalogue says
    half_rate: float | None = None  # SPECint rate on half of the vCPUs ÷ on all


def active_vcpus(instance_type: str, vcpus: int) -> int:
    """Return the vCPUs that run: Azure's Standard_E8-2s_v5 is an E8 with two of eight left on."""
    constrained = re.match(r"Standard_[A-Z]+\d+-(\d+)", instance_type)
    return int(constrained[1]) if constrained else vcpus


def performance_of(types: Mapping[TypeKey, Row], rows: Iterable[Row]) -> dict[TypeKey, Performance]:
    """Return the performance of every type, measured where it was and filled where it can be.

    Args:
        types: the catalogue's row of each type (vcpus, family, arch, processor).
        rows: those of perf_by_instance.csv.gz.
    """
    machines = read_machines(types, rows)
    fill = Filler(machines)
    single = medians(machines, family_of, lambda machine: machine.geekbench)
    found = {}
    for machine in machines:
        figure, quality = fill(machine)
        found[machine.cloud, machine.instance_type] = Performance(
            figure, quality, machine.geekbench or single.get(family_of(machine)), machine.scaling
        )
    return found


def read_machines(types: Mapping[TypeKey, Row], rows: Iterable[Row]) -> list[Machine]:
    """Join catalogue and measurements; a type nobody measured has only its names.

    CoreMark figures far from their family's are dropped here.
    """
    measured = {(row["cloud"], row["instance_type"]): row for row in rows}
    machines = [_machine(row, measured.get(key, {})) for key, row in types.items()]
    centre = medians(machines, family_of, lambda machine: machine.coremark)
    return [
        Machine(**{**vars(machine), "coremark": None}) if _is_far(machine, centre) else machine
        for machine in machines
    ]


def _machine(row: Row, perf: Row) -> Machine:
    scaling = positive(perf.get("all_core_scaling"))
    half, full = (positive(perf.get(f"specint_{part}_base")) for part in ("half", "full"))
    active = active_vcpus(row["instance_type"], row["vcpus"])
    if scaling is not None:  # it was divided by the vCPUs of the name, not by those that run
        scaling = min(1.0, scaling * row["vcpus"] / active)
    return Machine(
        cloud=row["cloud"],
        instance_type=row["instance_type"],
        family=row["family"],
        architecture=row["arch"],
        processor=row["processor"] or "",
        silicon=_silicon(perf.get("cpu_model") or ""),
        coremark=positive(perf.get("coremark_per_vcpu")),
        passmark=positive(perf.get("passmark_single")),
        geekbench=positive(perf.get("gb6_single")),
        scaling=scaling if active > 1 else None,  # one vCPU cannot tell
        threads_per_core=row.get("threads_per_core"),
        half_rate=half / full if half and full else None,
    )


def positive(text: str | None) -> float | None:
    """Return a cell's number where it holds one above zero."""
    value = float(text) if text else 0.0
    return value if value > 0 else None


def _silicon(model: str) -> str | None:
    for pattern in _SILICON:
        if found := re.search(pattern, model, re.IGNORECASE):
            return " ".join(found.groups()).lower()
    return None


def family_of(machine: Machine) -> tuple[str, str]:
    """Return cloud and family."""
    return machine.cloud, machine.family


def _is_far(machine: Machine, centre: Mapping[tuple[str, str], float]) -> bool:
    if machine.coremark is None:
        return False
    return abs(machine.coremark / centre[family_of(machine)] - 1) > FARTHEST_FROM_FAMILY


def medians(
    machines: Iterable[Machine],
    key: Callable[[Machine], Any],
    value: Callable[[Machine], float | None],
) -> dict[Any, float]:
    """Return the median value of each group of machines, those without a value left out."""
    values: dict[Hashable, list[float]] = defaultdict(list)
    for machine in machines:
        if (figure := value(machine)) is not None:
            values[key(machine)].append(figure)
    return {group: median(figures) for group, figures in values.items()}


class Filler:
    """Gives a type the best figure there is: its own, else one filled in."""

    def __init__(self, machines: list[Machine]):
        scaling = medians(machines, family_of, lambda machine: machine.scaling)
        self.shares_core = {
            family: value < SHARED_CORE_SCALING for family, value in scaling.items()
        }
        self.coremark = medians(machines, family_of, lambda machine: machine.coremark)
        self.passmark = medians(machines, family_of, lambda machine: machine.passmark)
        self.silicon = {family_of(m): m.silicon for m in machines if m.silicon}
        families = list({family_of(machine): machine for machine in machines}.values())
        ratio = self._ratio_of_family
        self.by_silicon = medians(families, self._silicon_key, ratio)
        self.by_architecture = medians(families, self._architecture_key, ratio)
        self.by_processor = medians(
            families, self._processor_key, lambda machine: self.coremark.get(family_of(machine))
        )

    def __call__(self, machine: Machine) -> tuple[float | None, str]:
        """Return CoreMark per vCPU and how it came about; None and "" where nothing honest is."""
        if machine.coremark is not None:
            return machine.coremark, "measured"
        family = self.coremark.get(family_of(machine))
        if family is not None:
            return family, "family"
        processor = self.from_processor(machine)
        if processor is not None:
            return processor, "processor"
        estimate = self.estimate(machine)
        return estimate, "estimated" if estimate is not None else ""

    def estimate(self, machine: Machine) -> float | None:
        """Return PassMark single-thread × CoreMark ÷ PassMark of the same silicon and sharing."""
        passmark = machine.passmark or self.passmark.get(family_of(machine))
        ratio = self.by_silicon.get(
            self._silicon_key(machine), self.by_architecture.get(self._architecture_key(machine))
        )
        return passmark * ratio if passmark and ratio else None

    def from_processor(self, machine: Machine) -> float | None:
        """Return the median of the cloud's families on a processor of the same name."""
        named = re.search(r"\(|\d", machine.processor)  # "Intel Xeon" names no processor
        return self.by_processor.get(self._processor_key(machine)) if named else None

    def _ratio_of_family(self, machine: Machine) -> float | None:
        coremark = self.coremark.get(family_of(machine))
        passmark = self.passmark.get(family_of(machine))
        return coremark / passmark if coremark and passmark else None

    def _silicon_key(self, machine: Machine) -> Hashable:
        silicon = machine.silicon or self.silicon.get(family_of(machine))
        return silicon or machine.instance_type, self.shares_core.get(family_of(machine))

    def _architecture_key(self, machine: Machine) -> Hashable:
        silicon = machine.silicon or self.silicon.get(family_of(machine)) or ""
        amd = "epyc" in silicon
        return machine.architecture, amd, self.shares_core.get(family_of(machine))

    def _processor_key(self, machine: Machine) -> Hashable:
        return machine.cloud, machine.architecture, machine.processor


def check(machines: list[Machine]) -> None:
    """Print, for families with a CoreMark, the error of each filling made without that family."""
    truth = {
        family_of(machine): machine
        for machine in machines
        if machine.coremark is not None and machine.passmark is not None
    }
    centre = Filler(machines).coremark
    ways: dict[str, Callable[[Filler, Machine], float | None]] = {
        "PassMark x ratio of the silicon": Filler.estimate,
        "same processor name": Filler.from_processor,
    }
    print(f"{'filled by':34} {'learned from':15} {'n':>4} {'median':>7} {'p90':>7} {'bias':>7}")
    for name, way in ways.items():
        for scope in ("other families", "other clouds"):
            errors = []
            for (cloud, family), machine in truth.items():
                hidden = [
                    Machine(**{**vars(m), "coremark": None})
                    if (m.cloud == cloud and (scope == "other clouds" or m.family == family))
                    else m
                    for m in machines
                ]
                filled = way(Filler(hidden), Machine(**{**vars(machine), "coremark": None}))
                if filled is not None:
                    errors.append(math.log(filled / centre[cloud, family]))
            if errors:
                _print_errors(name, scope, errors)


def _print_errors(name: str, scope: str, errors: list[float]) -> None:
    sizes = sorted(abs(error) for error in errors)
    p90 = sizes[int(0.9 * (len(sizes) - 1))]
    figures = (median(sizes), p90, median(errors))
    told = " ".join(f"{math.expm1(figure):7.1%}" for figure in figures)
    print(f"{name:34} {scope:15} {len(errors):4} {told}")


SCALES = {  # measure → its column, and whether it is of the whole machine
    "stress-ng div16, all vCPUs": ("sng_all_per_vcpu", False),
    "PassMark CPU mark": ("passmark_cpu", True),
    "Geekbench 6 multi-core": ("gb6_multi", True),
    "redis SET, requests/s": ("redis_set_max_rps", True),
    "static web, 1 kB, requests/s": ("web_1k_max_rps", True),
    "PassMark single thread": ("passmark_single", False),
    "Geekbench 6 single-core": ("gb6_single", False),
}


def compare_scales(types: Mapping[TypeKey, Row], rows: list[dict[str, str]]) -> None:
    """Print how far each measure, per vCPU, is from being proportional to CoreMark per vCPU.

    Types of 2 to 16 vCPUs: several of the measures do not use more.
    """
    print(f"{'per vCPU, against CoreMark':34} {'types':>6} {'median':>7} {'p90':>7}")
    for name, (column, whole) in SCALES.items():
        ratios = []
        for row in rows:
            known = types.get((row["cloud"], row["instance_type"]))
            value, coremark = positive(row[column]), positive(row["coremark_per_vcpu"])
            if known and value and coremark and 2 <= known["vcpus"] <= 16:
                ratios.append(math.log(value / (known["vcpus"] if whole else 1) / coremark))
        centre = median(ratios)
        spread = sorted(abs(ratio - centre) for ratio in ratios)
        p90 = spread[int(0.9 * (len(spread) - 1))]
        print(f"{name:34} {len(ratios):6} {math.expm1(median(spread)):7.1%} {math.expm1(p90):7.1%}")


def noise(machines: list[Machine]) -> float:
    """Return the robust standard deviation of one CoreMark run, as a share.

    The same size of families on the same processor of one cloud should score the same.
    """
    filler = Filler(machines)
    alike: dict[Hashable, list[float]] = defaultdict(list)
    for machine in machines:
        if machine.coremark is not None and machine.silicon is not None:
            size = machine.instance_type.partition(".")[2] or machine.instance_type
            relative = machine.coremark / filler.coremark[family_of(machine)]
            alike[machine.cloud, machine.silicon, size].append(math.log(relative))
    off = [
        abs(value - sum(group) / len(group)) * math.sqrt(len(group) / (len(group) - 1))
        for group in alike.values()
        if len(group) > 2
        for value in group
    ]
    return 1.4826 * median(off)


def read_performance(catalog: Path) -> list[dict[str, str]]:
    """Return the rows of perf_by_instance.csv.gz."""
    with gzip.open(catalog / "perf_by_instance.csv.gz", "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def main() -> None:
    """Print the check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, required=True)
    catalog = parser.parse_args().catalog
    types = types_of(filter(is_usable, read_catalog(catalog)))
    rows = read_performance(catalog)
    compare_scales(types, rows)
    machines = read_machines(types, rows)
    print()
    check(machines)
    print(f"\none CoreMark run is good to {noise(machines):.1%} (robust standard deviation)")


if __name__ == "__main__":
    main()
