"""Says which vCPUs share a core, and how much faster one is while its neighbour idles.

Run as a script it prints each processor's figure beside another measure of the same
(docs/decisions/0016-what-cpu-percent-means.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from price_book_catalog import Row, TypeKey, is_usable, read_catalog, types_of
from price_book_performance import (
    SHARED_CORE_SCALING,
    Machine,
    active_vcpus,
    family_of,
    medians,
    positive,
    read_machines,
    read_performance,
)


@dataclass(frozen=True)
class Sharing:
    """How the vCPUs of one type share cores; None where nobody knows."""

    threads_per_core: int | None
    boost: float | None  # speed of a vCPU whose core is its own for now ÷ with all vCPUs busy
    quality: str = ""  # processor, estimated; empty where no core is shared


ALONE = Sharing(1, 1.0)
UNKNOWN = Sharing(None, None)


def sharing_of(types: Mapping[TypeKey, Row], machines: Iterable[Machine]) -> dict[TypeKey, Sharing]:
    """Return what is known of every type.

    Args:
        types: the catalogue's row of each type.
        machines: the same types with their measurements.
    """
    known = list(machines)
    boosts = Boosts(known)
    return {(m.cloud, m.instance_type): _sharing(m, types, boosts) for m in known}


def _sharing(machine: Machine, types: Mapping[TypeKey, Row], boosts: Boosts) -> Sharing:
    name = machine.instance_type
    if active_vcpus(name, types[machine.cloud, name]["vcpus"]) == 1:
        return ALONE  # whoever has the other thread, the vCPU is busy or not
    shared = boosts.shares_core(machine)
    if shared is None:
        return UNKNOWN
    return Sharing(2, *boosts(machine)) if shared else ALONE


class Boosts:
    """The boost of each processor generation, from SPECint rates on half and on all vCPUs.

    Memory and caches are shared by all cores: what half of the vCPUs do better where each has its
    own core (6 %) is not the hyper-threads' doing, and is taken out. There is one run of each
    processor, about as noisy as processors differ, so its figure goes halfway to the typical one.
    """

    def __init__(self, machines: list[Machine]):
        self._scaling = medians(machines, family_of, lambda machine: machine.scaling)
        self._silicon = {family_of(m): m.silicon for m in machines if m.silicon}
        rated = [machine for machine in machines if machine.half_rate is not None]
        alone = [2 * (m.half_rate or 0.0) for m in rated if self.shares_core(m) is False]
        common = median(alone) if alone else 1.0
        seen: dict[str, float] = medians(
            [machine for machine in rated if machine.silicon and self.shares_core(machine)],
            lambda machine: machine.silicon,
            lambda machine: 2 * (machine.half_rate or 0.0) / common,
        )
        self.typical = median(seen.values()) if seen else None
        self.by_silicon = {of: (own + median(seen.values())) / 2 for of, own in seen.items()}

    def __call__(self, machine: Machine) -> tuple[float | None, str]:
        """Return the boost of a type whose vCPUs share cores, and how it came about."""
        silicon = machine.silicon or self._silicon.get(family_of(machine)) or ""
        if silicon in self.by_silicon:
            return self.by_silicon[silicon], "processor"
        return self.typical, "estimated" if self.typical else ""

    def shares_core(self, machine: Machine) -> bool | None:
        """Tell whether two vCPUs are one core: by stress-ng's scaling, else as catalogued."""
        scaling = self._scaling.get(family_of(machine))
        if scaling is not None:
            return scaling < SHARED_CORE_SCALING
        if machine.architecture == "arm64":
            return False
        return None if machine.threads_per_core is None else machine.threads_per_core > 1


def check(machines: list[Machine], rows: list[dict[str, str]]) -> None:
    """Print, per processor, the boost beside CoreMark of a vCPU with its own core ÷ of one without.

    CoreMark ran on all vCPUs: a vCPU has its own core where threads are off or it is the only one,
    with a neighbour of unknown doings.
    """
    boosts = Boosts(machines)
    coremark = {(r["cloud"], r["instance_type"]): positive(r["coremark_per_vcpu"]) for r in rows}
    vcpus = {(r["cloud"], r["instance_type"]): r["vcpus"] for r in rows}

    def figures(silicon: str, shared: bool) -> list[float]:
        found = []
        for m in machines:
            key = (m.cloud, m.instance_type)
            alone = vcpus.get(key) == "1" or boosts.shares_core(m) is False
            figure = coremark.get(key)
            if m.silicon == silicon and alone is not shared and figure:
                found.append(figure)
        return found

    print(f"{'processor':16} {'boost':>6} {'by CoreMark':>12}")
    for silicon in sorted({m.silicon for m in machines if m.silicon}):
        alone, shared = figures(silicon, False), figures(silicon, True)
        ratio = f"{median(alone) / median(shared):12.2f}" if alone and shared else ""
        own = boosts.by_silicon.get(silicon)
        if own or ratio:
            print(f"{silicon:16} {f'{own:.2f}' if own else '':>6} {ratio}")
    print(f"{'all others':16} {boosts.typical:6.2f}")


def main() -> None:
    """Print the check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, required=True)
    catalog = parser.parse_args().catalog
    types = types_of(filter(is_usable, read_catalog(catalog)))
    rows = read_performance(catalog)
    check(read_machines(types, rows), rows)


if __name__ == "__main__":
    main()
