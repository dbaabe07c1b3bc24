"""Predicts the saturated throughput of measured machines from other machines, and says how well.

    python benchmarks/machines.py [--material FOLDER] [--seed 1] [--check]

FOLDER holds data/measured and data/catalog; default: $TFOPT_MATERIAL, else the folder beside the
checkout. Everything is fitted on one half of the types, drawn at random, and shown on the other;
once more with whole families in one half, so that no other size of a shown type was seen.

    stress-ng from one worker   all vCPUs busy, from the type's own figure with one busy: what its
                                class loses by sharing cores. Easy but for which cores are shared
    stress-ng, every level      every number of workers up to the vCPUs, on the curve of
                                tfopt_sim.saturation: tests its shape
    stress-ng, unseen           no figure of the type itself, only its class and vCPUs
    web from CoreMark           requests/s of a static file at the best number of connections, from
                                the price book's CoreMark × vCPUs: another program on another day.
                                The one that counts: it is how recommendations compare types
    web, CoreMark alone         the same with one factor for all: what the class adds
    web from few connections    from its own rate with as many connections as vCPUs. Client and
                                server share the machine, so all vCPUs are busy then too: easy

What is fitted is a ratio: the median of the class's nearest sizes. A class is a processor in a
cloud, threads on or off, throttled or not; where fewer than two near sizes of it were seen, the
processor in any cloud, then all with or without threads. --check fails where the median error over
types drawn at random is above 10 % or the 90th percentile above 25 %, for stress-ng from one worker
or for web from CoreMark.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfopt.pricing import CLOUDS, Offer, load_book
from tfopt_sim.saturation import work_at

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = Path(os.environ.get("TFOPT_MATERIAL", ROOT.parent / "shared"))
LIMITS = {"median": 0.10, "p90": 0.25}
NEAR = 1.01  # sizes up to twice or half as large …
DECAY = 3.0  # … of which one twice as large counts e⁻³ as much
CHECKED = ("stress-ng from one worker", "web from CoreMark")

Key = tuple[str, str]  # cloud, instance type
Curves = Mapping[Key, Mapping[int, float]]
Errors = dict[Key, list[float]]


@dataclass(frozen=True)
class Type:
    """What is known of a type without running anything on it."""

    key: Key
    family: str
    vcpus: int
    threads_per_core: int
    coremark: float | None  # of the whole machine, by the price book
    classes: tuple[Hashable, ...]  # it belongs to, the narrowest first


class Ratios:
    """A ratio of each class of types, by size, learned from some of them."""

    def __init__(self, seen: Iterable[tuple[Type, float]]):
        self._by_class: dict[Hashable, list[tuple[float, float]]] = defaultdict(list)
        for machine, ratio in seen:
            for of in machine.classes:
                self._by_class[of].append((math.log2(machine.vcpus), ratio))

    def __call__(self, machine: Type) -> float:
        """Return the ratio of the nearest sizes of the narrowest class that has two of them."""
        size = math.log2(machine.vcpus)
        for of in machine.classes:
            near = [(abs(at - size), ratio) for at, ratio in self._by_class.get(of, ())]
            near = [(apart, ratio) for apart, ratio in near if apart <= NEAR]
            if len(near) > 1:
                return weighted_median(near)
        return weighted_median([(0.0, ratio) for _, ratio in self._by_class[machine.classes[-1]]])


def weighted_median(near: Sequence[tuple[float, float]]) -> float:
    """Return the median of ratios, each weighted by how near its size is."""
    apart, ratios = np.array(near).T
    order = np.argsort(ratios)
    weight = np.cumsum(np.exp(-DECAY * apart[order]))
    return float(ratios[order][np.searchsorted(weight, weight[-1] / 2)])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a gzipped CSV file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def offers_by_type() -> dict[Key, Offer]:
    """Return one offer of each type in the price book: what a type is does not depend on where."""
    book = load_book()
    return {
        (cloud, offer.instance_type): offer
        for cloud in CLOUDS
        for region in book.regions(cloud)
        for offer in book.offers(cloud, region)
    }


def read_types(material: Path, vcpus: Mapping[Key, int]) -> list[Type]:
    """Return the measured types that the price book knows."""
    offers = offers_by_type()
    found = []
    for row in read_rows(material / "data" / "catalog" / "perf_by_instance.csv.gz"):
        key = row["cloud"], row["instance_type"]
        offer = offers.get(key)
        if offer is None or key not in vcpus:
            continue
        threads = offer.threads_per_core or int(row["threads_per_core"])
        throttled = offer.baseline_cpu < 1
        processor = row["cpu_model"], threads, throttled
        capacity = offer.throughput_per_vcpu and offer.throughput_per_vcpu * vcpus[key]
        classes = ((key[0], *processor), processor, (threads, throttled), ())
        found.append(Type(key, row["family"], vcpus[key], threads, capacity, classes))
    return sorted(found, key=lambda machine: machine.key)


def read_stress(material: Path) -> dict[Key, dict[int, float]]:
    """Return, per type and number of workers, operations per second."""
    curves: dict[Key, dict[int, float]] = defaultdict(dict)
    for row in read_rows(material / "data" / "measured" / "stressng_scaling_curves.csv.gz"):
        curves[row["cloud"], row["instance_type"]][int(row["workers"])] = float(row["bogo_ops"])
    return curves


def read_web(material: Path) -> dict[str, dict[Key, tuple[float, float]]]:
    """Return, per file size and type, requests/s with the fewest connections and the most seen."""
    runs: dict[str, dict[Key, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(material / "data" / "measured" / "static_web_curves.csv.gz"):
        run = int(row["connections"]), float(row["rps"])
        runs[row["size"]][row["cloud"], row["instance_type"]].append(run)
    return {
        size: {key: (min(of)[1], max(rps for _, rps in of)) for key, of in types.items()}
        for size, types in runs.items()
    }


def halves(types: Sequence[Type], group: Callable[[Type], Hashable], seed: int) -> set[Key]:
    """Return the types to fit on: those of half of the groups."""
    groups = sorted({group(machine) for machine in types}, key=str)
    chosen = set(random.Random(seed).sample(groups, len(groups) // 2))
    return {machine.key for machine in types if group(machine) in chosen}


def shown(
    types: Iterable[Type],
    fitted: set[Key],
    known: Callable[[Type], float],
    truth: Callable[[Type], float],
) -> tuple[Ratios, Errors]:
    """Learn truth ÷ known on one half; return it and its error on each type of the other."""
    types = list(types)
    ratios = Ratios((m, truth(m) / known(m)) for m in types if m.key in fitted)
    rest = [m for m in types if m.key not in fitted]
    return ratios, {m.key: [known(m) * ratios(m) / truth(m) - 1] for m in rest}


def level_errors(curves: Curves, types: Iterable[Type], sharing: Ratios) -> Errors:
    """Return the errors at every number of workers above one, on the simulator's curve."""
    errors = {}
    for machine in types:
        curve, n = curves[machine.key], machine.vcpus
        share = sharing(machine)
        boost = min(max(1.0 / share, 1.0), max(machine.threads_per_core, 1))
        full = curve[1] * n * share
        errors[machine.key] = [
            full * work_at(workers / n, boost, machine.threads_per_core) / ops - 1
            for workers, ops in curve.items()
            if workers > 1
        ]
    return errors


def predictions(
    types: list[Type],
    fitted: set[Key],
    stress: Curves,
    web: Mapping[str, Mapping[Key, tuple[float, float]]],
) -> dict[str, Errors]:
    """Return the errors of every prediction on the types that were not fitted on."""
    many = [m for m in types if m.vcpus > 1 and m.key in stress]

    def one(machine: Type) -> float:
        return stress[machine.key][1] * machine.vcpus

    def full(machine: Type) -> float:
        return stress[machine.key][machine.vcpus]

    found: dict[str, Errors] = {}
    sharing, found[CHECKED[0]] = shown(many, fitted, one, full)
    rest = [m for m in many if m.key not in fitted]
    found["stress-ng, every level"] = level_errors(stress, rest, sharing)
    found["stress-ng, unseen"] = shown(many, fitted, lambda m: m.vcpus, full)[1]
    for size, rates in web.items():
        served = [m for m in types if m.key in rates and m.coremark]

        def most(machine: Type, rates: Mapping[Key, tuple[float, float]] = rates) -> float:
            return rates[machine.key][1]

        def few(machine: Type, rates: Mapping[Key, tuple[float, float]] = rates) -> float:
            return rates[machine.key][0]

        found[f"web from CoreMark, {size}"] = shown(served, fitted, coremark, most)[1]
        found[f"web, CoreMark alone, {size}"] = alone(served, fitted, most)
        found[f"web from few connections, {size}"] = shown(served, fitted, few, most)[1]
    for name in ("web from CoreMark", "web, CoreMark alone", "web from few connections"):
        found[name] = pooled(found[f"{name}, {size}"] for size in web)
    return found


def coremark(machine: Type) -> float:
    """Return the price book's figure of a type that has one."""
    assert machine.coremark is not None
    return machine.coremark


def alone(types: Iterable[Type], fitted: set[Key], truth: Callable[[Type], float]) -> Errors:
    """Return the errors of CoreMark with one factor for all types."""
    types = list(types)
    factor = float(np.median([truth(m) / coremark(m) for m in types if m.key in fitted]))
    rest = [m for m in types if m.key not in fitted]
    return {m.key: [factor * coremark(m) / truth(m) - 1] for m in rest}


def pooled(parts: Iterable[Errors]) -> Errors:
    """Return the errors of several predictions of the same types together."""
    together: Errors = defaultdict(list)
    for errors in parts:
        for key, values in errors.items():
            together[key] += values
    return together


def quantiles(errors: Errors) -> tuple[int, float, float]:
    """Return how many errors there are, their median size and the 90th percentile of it."""
    sizes = np.abs(np.concatenate([*errors.values()]))
    return sizes.size, float(np.median(sizes)), float(np.quantile(sizes, 0.9))


def told(errors: Errors) -> str:
    """Return number, median and 90th percentile as three columns."""
    number, middle, p90 = quantiles(errors)
    return f"{number:8,} {middle:7.1%} {p90:7.1%}"


def print_classes(errors: Errors, types: Iterable[Type]) -> None:
    """Print the errors of one prediction by cloud, by size and by whether cores are shared."""
    by_key = {machine.key: machine for machine in types}
    parts: dict[str, Errors] = defaultdict(dict)
    bands = ((1, "1"), (2, "2"), (4, "4"), (8, "8"), (16, "16"), (64, "17–64"), (10_000, "over 64"))
    for key, values in errors.items():
        machine = by_key[key]
        band = next(name for most, name in bands if machine.vcpus <= most)
        parts[f"{band} vCPUs"][key] = values
        parts["hyper-threads" if machine.threads_per_core > 1 else "own cores"][key] = values
        parts[key[0]][key] = values
        if machine.classes[-2] == (machine.threads_per_core, True):
            parts["throttled"][key] = values
    order = [f"{name} vCPUs" for _, name in bands]
    order += [*CLOUDS, "own cores", "hyper-threads", "throttled"]
    for name in order:
        if name in parts:
            print(f"  {name:34} {told(parts[name])}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--material", type=Path, default=MATERIAL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stress, web = read_stress(options.material), read_web(options.material)
    types = read_types(options.material, {key: max(curve) for key, curve in stress.items()})
    by_type = predictions(types, halves(types, lambda m: m.key, options.seed), stress, web)
    families = halves(types, lambda m: (m.key[0], m.family), options.seed)
    by_family = predictions(types, families, stress, web)
    print(f"{len(types):,} types{'half of the types':>46} {'half of the families':>24}")
    print(f"{'':36} {'errors':>8} {'median':>7} {'p90':>7} {'errors':>8} {'median':>7} {'p90':>7}")
    for name, errors in by_type.items():
        print(f"{name:36} {told(errors)} {told(by_family[name])}")
    print(f"\n{CHECKED[1]}, half of the types, by class")
    print_classes(by_type[CHECKED[1]], types)
    late = [
        name
        for name in CHECKED
        for figure, limit in zip(quantiles(by_type[name])[1:], LIMITS.values(), strict=True)
        if figure > limit
    ]
    return int(options.check and bool(late))


if __name__ == "__main__":
    sys.exit(main())
