"""Builds the price book that ships in tfopt/pricing/book from a catalogue of the three clouds.

    python tools/build_price_book.py --catalog ../catalog

Plain text, sorted, no clock and no machine in it: the same catalogue gives the same bytes.
Whatever derives from SpareCores data (CC-BY-SA-4.0) goes into the folder cc-by-sa-4.0.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from price_book_catalog import Row, TypeKey, is_usable, read_catalog, types_of
from price_book_performance import (
    Performance,
    active_vcpus,
    performance_of,
    read_machines,
    read_performance,
)
from price_book_sharing import Sharing, sharing_of

CLOUDS = ("aws", "gcp", "azure")
SHARE_ALIKE = "cc-by-sa-4.0"
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tfopt" / "pricing" / "book"


TYPE_COLUMNS = (
    "instance_type",
    "family",
    "generation",
    "vcpus",
    "memory_gib",
    "architecture",
    "category",
    "processor",
    "release_year",
    "current_generation",
    "local_disk",
    "network_gbps",
    "baseline_cpu",
)
_SPEED = ("throughput_per_vcpu", "perf_quality", "single_thread", "all_core_scaling")
_SHARING = ("threads_per_core", "boost", "boost_quality")
PERFORMANCE_COLUMNS = ("instance_type", *_SPEED, *_SHARING)
BURST_COLUMNS = (
    "instance_type",
    "baseline",
    "credits_per_hour",
    "max_credits",
    "initial_credits",
    "unlimited",
    "surplus_usd_per_vcpu_hour",
)
BOOT_COLUMNS = ("cloud", "n", "p10", "p50", "p90", "p99")

# column → the inputs of SOURCES.md it was made from, by the start of their name
COLUMN_SOURCES = {
    "usd_per_hour": (
        "aws/karpenter-provider-aws",
        "TUM-DIS/cloudspecs",
        "SpareCores/sc-data ",
        "cloudpilot-ai/karpenter-provider-gcp",
        "Azure/karpenter-provider-azure",
    ),
    "usd_per_hour_spot": ("alexei-led/spotinfo", "cloudpilot-ai/karpenter-provider-gcp"),
    "specifications": (
        "TUM-DIS/cloudspecs",
        "PyPI moto",
        "Cyclenerd/google-cloud-pricing-cost-calculator",
        "PyPI sparecores-data",
    ),
    "throughput_per_vcpu": (
        "vantage-sh/ec2instances.info",
        "Cyclenerd/google-cloud-compute-machine-types",
        "SpareCores/sc-inspector-data",
    ),
    "single_thread": ("SpareCores/sc-inspector-data",),
    "all_core_scaling": ("SpareCores/sc-inspector-data",),
    "boost": ("TUM-DIS/cloudspecs", "SpareCores/sc-inspector-data"),
    "boot": ("SpareCores/sc-inspector-data",),
    "burst": ("TUM-DIS/cloudspecs", "MicrosoftDocs/azure-docs"),
}


def local_disk(cloud: str, instance_type: str, family: str) -> bool | None:
    """Tell from the vendor's naming rules whether the type comes with a local disk.

    None where disks can be attached to a type without one (GCP's older series).
    """
    if cloud == "gcp":
        return True if "-lssd" in instance_type or family == "z3" else None
    if cloud == "aws":
        stem = family.split("-", maxsplit=1)[0]
        letters = re.sub(r"^[a-z]+\d+", "", stem)
        always = r"(i\d|im\d|is\d|d[23]|h1|m[123]$|c[13]$|r3$|x1|z1|g[24567]|gr|f\d|p[345])"
        return "d" in letters or re.match(always, stem) is not None
    named = re.match(r"Standard_([A-Z]+)\d+(?:-\d+)?([a-z]*).*?(?:_v(\d+))?$", instance_type)
    if named is None:
        return None
    series, letters, version = named[1], named[2], int(named[3] or 1)
    lettered = version >= 4 or (series in {"B", "M"} and version >= 2)
    return series == "L" or not lettered or "d" in letters


def number(value: float | None, digits: int = 6) -> str:
    """Write a number as short as it stands, empty where there is none."""
    if value is None or math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def flag(value: bool | None) -> str:
    """Write yes, no or nothing."""
    return "" if value is None else ("yes" if value else "no")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def type_row(row: Row) -> list[str]:
    """Return one line of types.csv."""
    return [
        row["instance_type"],
        row["family"],
        number(row["generation"]),
        str(active_vcpus(row["instance_type"], row["vcpus"])),
        number(row["memory_gib"]),
        row["arch"],
        "bare-metal" if row["bare_metal"] else row["category"],
        row["processor"] or "",
        number(row["release_year"]),
        flag(row["current_generation"]),
        flag(local_disk(row["cloud"], row["instance_type"], row["family"])),
        number(row["network_gbps"]),
        number(row["baseline_cpu_fraction"]),
    ]


def price_tables(cloud: str, rows: Iterable[Row]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the price files of one cloud (path → text) and what its price-origin letters mean.

    A line holds one figure of one region: price, spot price or origin, one cell per type.
    """
    mine = sorted((r for r in rows if r["cloud"] == cloud), key=lambda r: r["region"])
    origins = sorted({(r["price_quality"], r["source"], r["snapshot_date"]) for r in mine})
    letters = {origin: chr(ord("a") + place) for place, origin in enumerate(origins)}
    blocks: dict[str, dict[str, dict[str, Row]]] = {}
    for row in mine:
        path = f"{cloud}.prices.csv"
        if row["price_quality"] in {
            "listed_2024",
            "estimated",
        }:  # SpareCores' list, or scaled by it
            path = f"{SHARE_ALIKE}/{path}"
        blocks.setdefault(path, {}).setdefault(row["region"], {})[row["instance_type"]] = row
    texts = {}
    for path, regions in blocks.items():
        names = sorted({name for offers in regions.values() for name in offers})
        lines: list[list[str]] = []
        for region, offers in regions.items():
            found = [offers.get(name) for name in names]
            spot = [number(o["usd_per_hour_spot"]) if o else "" for o in found]
            lines.append(
                [region, "usd", *(number(o["usd_per_hour_ondemand"]) if o else "" for o in found)]
            )
            lines += [[region, "spot", *spot]] if any(spot) else []
            lines.append([region, "origin", *(letters[_origin(o)] if o else "" for o in found)])
        texts[path] = table(["region", "figure", *names], lines)
    meaning = {
        letter: dict(zip(("quality", "source", "date"), origin, strict=True))
        for origin, letter in letters.items()
    }
    return texts, meaning


def _origin(row: Row) -> tuple[str, str, str]:
    return row["price_quality"], row["source"], row["snapshot_date"]


def burst_rows(types: Mapping[TypeKey, Row], folder: Path, cloud: str) -> list[list[str]]:
    """Return the CPU credits of the burstable types of one cloud.

    Credits per hour are baseline × vCPUs × 60 by definition; the source's own figure is taken
    where it agrees. The bank holds a day's worth, as both vendors document; GCP keeps none.
    """
    with (folder / "burstable.csv").open(encoding="utf-8", newline="") as lines:
        documented = {row["instance_type"]: row for row in csv.DictReader(lines)}
    rows = []
    for (of, name), row in types.items():
        baseline = row["baseline_cpu_fraction"]
        if of != cloud or not row["burstable"] or baseline is None:
            continue
        said = documented.get(name, {})
        earned = baseline * row["vcpus"] * 60
        stated = float(said.get("credits_per_hour") or earned)
        earned = stated if abs(stated / earned - 1) < 0.01 else earned
        rows.append(
            [
                name,
                number(baseline),
                number(earned),
                number(0.0 if cloud == "gcp" else earned * 24),
                said.get("initial_credits") or "0",
                flag(said.get("default_mode") == "unlimited"),
                said.get("surplus_usd_per_vcpu_hour") or "0",
            ]
        )
    return rows


def boot_rows(folder: Path) -> list[list[str]]:
    """Return, per cloud, seconds from the launch call to the start of the user's own script."""
    with (folder / "boot_times_summary.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["measure"] == "user_data_start_s"]
    return [[row[column] for column in BOOT_COLUMNS] for row in rows]


def source_rows(folder: Path) -> list[list[str]]:
    """Return the table of SOURCES.md: what, repository @ commit, path, snapshot, licence."""
    text = (folder / "SOURCES.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells[2:] if len(row) == 5]


def columns_of(sources: list[list[str]]) -> dict[str, list[dict[str, str]]]:
    """Return, per column of the book, its inputs with commit, date and licence."""
    return {
        column: [
            {"repository": s[1], "snapshot": s[3], "licence": s[4]}
            for s in sources
            if s[1].startswith(starts)
        ]
        for column, starts in COLUMN_SOURCES.items()
    }


def sources_page(sources: list[list[str]]) -> str:
    """Return SOURCES.md of the book."""
    used = [s for s in sources if s[1].startswith(sum(COLUMN_SOURCES.values(), ()))]
    lines = [
        "# Where the figures of the price book come from",
        "",
        "Made by `tools/build_price_book.py`; which input stands behind which column is in",
        f"`book.json`. The files in `{SHARE_ALIKE}/` derive from SpareCores data and are under",
        "CC-BY-SA-4.0, apart from tfopt's own licence.",
        "",
        "| what | repository @ commit (date) | snapshot of the data | licence |",
        "|---|---|---|---|",
        *(f"| {s[0]} | {s[1]} | {s[3]} | {s[4]} |" for s in used),
    ]
    return "\n".join(lines) + "\n"


LICENSE_NOTE = """# CC-BY-SA-4.0

The files in this folder derive from data of SpareCores (https://sparecores.com):
sc-data, sparecores-data 0.3.4 and sc-inspector-data, by Spare Cores and contributors, licensed
under Creative Commons Attribution-ShareAlike 4.0 International
(https://creativecommons.org/licenses/by-sa/4.0/). They were selected, joined, rounded and, where
marked so, estimated from. Commits and dates are in ../SOURCES.md. tfopt's code is not derived from
them and keeps its own licence.
"""


def build(catalog: Path, catalogued: Iterable[Row]) -> dict[str, str]:
    """Return every file of the book: path inside the book → text.

    Args:
        catalog: folder of the tables beside the catalogue itself.
        catalogued: the catalogue's rows, one per region and type.
    """
    rows = [row for row in catalogued if is_usable(row)]
    types = types_of(rows)
    measured = read_performance(catalog)
    speeds = performance_of(types, measured)
    sharing = sharing_of(types, read_machines(types, measured))
    performance = {key: performance_cells(speeds[key], sharing[key]) for key in types}
    sources = source_rows(catalog)
    files = {
        "SOURCES.md": sources_page(sources),
        f"{SHARE_ALIKE}/LICENSE.md": LICENSE_NOTE,
        f"{SHARE_ALIKE}/boot.csv": table(BOOT_COLUMNS, boot_rows(catalog)),
    }
    clouds = {}
    for cloud in CLOUDS:
        prices, origins = price_tables(cloud, rows)
        files |= prices | machine_tables(cloud, types, performance)
        files[f"{cloud}.burst.csv"] = table(BURST_COLUMNS, burst_rows(types, catalog, cloud))
        clouds[cloud] = summary([row for row in rows if row["cloud"] == cloud], origins)
    book = {
        "format": 2,
        "date": min(cloud["date"] for cloud in clouds.values()),
        "clouds": clouds,
        "columns": columns_of(sources),
        "sha256": {path: sha256(files[path].encode()).hexdigest() for path in sorted(files)},
    }
    files["book.json"] = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
    return files


def machine_tables(
    cloud: str, types: Mapping[TypeKey, Row], performance: Mapping[TypeKey, list[str]]
) -> dict[str, str]:
    """Return what the types of one cloud are, and how fast."""
    mine = {name: row for (of, name), row in types.items() if of == cloud}
    # gaps in Azure's specifications were filled from sparecores-data
    folder = f"{SHARE_ALIKE}/" if cloud == "azure" else ""
    speeds = [[name, *performance[cloud, name]] for name in mine]
    return {
        f"{folder}{cloud}.types.csv": table(TYPE_COLUMNS, map(type_row, mine.values())),
        f"{SHARE_ALIKE}/{cloud}.performance.csv": table(PERFORMANCE_COLUMNS, speeds),
    }


def performance_cells(speed: Performance, sharing: Sharing) -> list[str]:
    """Return the cells of one line of performance.csv, after the name."""
    return [
        number(speed.throughput_per_vcpu, 0),
        speed.quality,
        number(speed.single_thread, 0),
        number(speed.all_core_scaling, 3),
        number(sharing.threads_per_core),
        number(sharing.boost, 2),
        sharing.quality,
    ]


def summary(rows: list[Row], origins: Mapping[str, Any]) -> dict[str, Any]:
    """Return what book.json says of one cloud."""
    return {
        "date": max(origin["date"] for origin in origins.values()),
        "types": len({row["instance_type"] for row in rows}),
        "regions": len({row["region"] for row in rows}),
        "prices": len(rows),
        "qualities": dict(sorted(Counter(row["price_quality"] for row in rows).items())),
        "origins": origins,
    }


def write(files: Mapping[str, str], out: Path) -> None:
    """Replace the book by these files."""
    if out.exists():
        shutil.rmtree(out)
    for path, text in files.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, required=True, help="folder of the catalogue")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the book")
    options = parser.parse_args()
    files = build(options.catalog, read_catalog(options.catalog))
    write(files, options.out)
    size = sum(len(text.encode()) for text in files.values())
    print(f"{len(files)} files, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
