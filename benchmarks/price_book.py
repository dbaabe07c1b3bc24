"""How long the price book takes to answer, as a ratio to reading the same figures from csv.gz.

    python benchmarks/price_book.py [--repeat 9] [--check]

Each measurement is a process of its own; what is timed is inside it, without the interpreter's own
start. "Import and one price" is what a group of one type adds to a command, which has click loaded
already; "one region" reads every type there, as the choice of candidates does. The rival reads one
gzipped CSV of all prices with their figures. With --check: exit 1 where import and one price
together take 30 ms or more.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tfopt.pricing import CLOUDS, load_book

LIMIT_S = 0.030
CLOCK = "import time; start = time.perf_counter()\n"
END = "\nprint(time.perf_counter() - start)"
BOOK = "from tfopt.pricing import load_book\n"
ONE = "load_book().offer('{cloud}', '{region}', '{name}')"
NUMPY = "import numpy\n"
CLICK = "import click\n"


def write_rival(path: Path) -> int:
    """Write every price of the book with the figures of its type; return the number of rows."""
    book = load_book()
    rows = 0
    with gzip.open(path, "wt", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["cloud", "region", "type", "vcpus", "gib", "coremark", "usd", "spot"])
        for cloud in CLOUDS:
            for region in book.regions(cloud):
                for o in book.offers(cloud, region):
                    about = (o.vcpus, o.memory_gib, o.throughput_per_vcpu)
                    price = (o.usd_per_hour, o.usd_per_hour_spot)
                    writer.writerow([cloud, region, o.instance_type, *about, *price])
                    rows += 1
    return rows


def timed(body: str, repeat: int, before: str = "") -> float:
    """Return the median seconds `body` takes in fresh processes; `before` is not counted."""
    command = [sys.executable, "-c", before + CLOCK + body + END]
    runs = (subprocess.check_output(command, text=True) for _ in range(repeat))
    return median(map(float, runs))


def one(cloud: str, region: str, name: str) -> str:
    return ONE.format(cloud=cloud, region=region, name=name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    aws = one("aws", "us-east-1", "m5.xlarge")
    azure = one("azure", "eastus", "Standard_D4s_v5")
    gcp = one("gcp", "us-central1", "n2-standard-4")
    region = "load_book().offers('aws', 'us-east-1')"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.csv.gz"
        rows = write_rival(path)
        rival = timed(
            f"import csv, gzip\nrows = list(csv.DictReader(gzip.open({str(path)!r}, 'rt')))",
            options.repeat,
        )
    figures = {
        "import and one price (aws)": timed(BOOK + aws, options.repeat, CLICK),
        "one price (aws), imported": timed(aws, options.repeat, BOOK),
        "one price in each cloud, imported": timed(f"{aws}\n{azure}\n{gcp}", options.repeat, BOOK),
        "one region (aws), numpy imported": timed(region, options.repeat, NUMPY + BOOK),
        "import numpy alone, for scale": timed(NUMPY, options.repeat),
    }
    print(f"{'':36} {'ms':>8} {'of csv.gz':>10}")
    for name, seconds in figures.items():
        print(f"{name:36} {seconds * 1e3:8.1f} {seconds / rival:10.1%}")
    print(f"{f'csv.gz, all {rows:,} rows':36} {rival * 1e3:8.1f} {1:10.0%}")
    late = figures["import and one price (aws)"] >= LIMIT_S
    return int(options.check and late)


if __name__ == "__main__":
    sys.exit(main())
