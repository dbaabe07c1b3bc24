"""Makes the two weeks of traffic of `examples/web-shop`: seeded, so the same bytes every time.

    python tools/make_example_traffic.py [FOLDER]

The series are synthetic but shaped like a shop's: day and week, slow drift, noise that is larger at
night (Poisson) and remembers itself (AR(1)), a newsletter burst, a nightly batch. Sized for the
example's present configuration: web 18 ms per request on m5.xlarge (222 rps an instance at 100 %
CPU), apps 12 ms on m5.2xlarge (667 rps), worker 220 ms on c5.2xlarge (36 jobs/s).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "web-shop" / "traffic"
START = datetime(2026, 10, 26, tzinfo=UTC)  # a Monday
DAYS = 14
SEED = 20261026


def clock(step_s: int) -> tuple[FloatArray, FloatArray]:
    """Return hour of day and day since `START` for every step, both shape (steps,)."""
    days = np.arange(DAYS * 86_400 // step_s) * step_s / 86_400
    return days % 1 * 24, np.floor(days)


def bump(hour: FloatArray, peak_hour: float, width_h: float) -> FloatArray:
    """Return a smooth hump of height 1 around `peak_hour`, wrapping at midnight."""
    return np.exp((np.cos((hour - peak_hour) * 2 * np.pi / 24) - 1) * (24 / width_h / 4) ** 2)


def remembered_noise(rng: np.random.Generator, size: int, step_s: int, share: float) -> FloatArray:
    """Return exp(AR(1)) with standard deviation `share` and a memory of 20 minutes."""
    memory = float(np.exp(-step_s / 1200))
    shocks = rng.normal(0, share * np.sqrt(1 - memory**2), size)
    noise = np.empty(size)
    level = 0.0
    for index, shock in enumerate(shocks):
        level = memory * level + shock
        noise[index] = level
    return np.exp(noise)


def counted(rng: np.random.Generator, rps: FloatArray, step_s: int) -> FloatArray:
    """Return the rate one measures when arrivals are Poisson with mean rate `rps`."""
    return rng.poisson(rps * step_s) / step_s


def web(rng: np.random.Generator) -> FloatArray:
    """Storefront at 1 min: busiest in the evening, weekends +15 %, two newsletters."""
    step_s = 60
    hour, day = clock(step_s)
    shape = 250 + 330 * bump(hour, 12.5, 5) + 620 * bump(hour, 20, 4.5)
    week = np.where(day % 7 >= 5, 1.15, 1.0) * (1 + 0.004 * day)
    minutes = np.arange(shape.size)
    burst = np.ones(shape.size)
    for sent_day, height in ((2, 0.45), (10, 0.75)):  # a Wednesday and a Thursday, 17:30
        since = minutes - (sent_day * 1440 + 17 * 60 + 30)
        opened = (since >= 0) & (since < 240)
        rise = np.clip(since / 8, 0, 1)  # most people read it within minutes
        burst += np.where(opened, height * rise * np.exp(-np.maximum(since - 8, 0) / 35), 0)
    noise = remembered_noise(rng, shape.size, step_s, 0.05)
    return counted(rng, shape * week * burst * noise, step_s)


def apps(rng: np.random.Generator) -> FloatArray:
    """APIs at 5 min: follow the storefront, with partners' imports on working mornings."""
    step_s = 300
    hour, day = clock(step_s)
    shape = 520 + 600 * bump(hour, 12, 5.5) + 900 * bump(hour, 20, 5)
    imports = np.where(day % 7 < 5, 250 * bump(hour, 7, 1.5), 0)
    week = np.where(day % 7 >= 5, 1.1, 1.0) * (1 + 0.004 * day)
    noise = remembered_noise(rng, shape.size, step_s, 0.06)
    return counted(rng, (shape * week + imports) * noise, step_s)


def worker(rng: np.random.Generator) -> FloatArray:
    """Jobs at 5 min: uploads by day, the feed export from 02:00 for about two hours."""
    step_s = 300
    hour, day = clock(step_s)
    uploads = 5 + 17 * bump(hour, 14, 6) * np.where(day % 7 >= 5, 0.6, 1.0)
    lasts_h = rng.uniform(1.7, 2.4, DAYS)[day.astype(int)]
    size = rng.uniform(90, 125, DAYS)[day.astype(int)]
    rise = np.clip((hour - 2) / 0.75, 0, 1)  # the exporter adds its shards one by one
    fall = np.clip((2 + lasts_h - hour) / 0.25, 0, 1)
    noise = remembered_noise(rng, uploads.size, step_s, 0.08)
    return counted(rng, (uploads + size * rise * fall) * noise, step_s)


def rows(rps: FloatArray, step_s: int) -> Iterator[tuple[str, str]]:
    """Yield timestamp and rate as they stand in the CSV."""
    for index, value in enumerate(rps):
        instant = START + timedelta(seconds=index * step_s)
        yield instant.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{value:.1f}"


def main(folder: Path) -> None:
    """Write the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, column, series, step_s) in enumerate(
        (
            ("web", "requests_per_second", web, 60),
            ("apps", "requests_per_second", apps, 300),
            ("worker", "jobs_per_second", worker, 300),
        )
    ):
        rps = series(np.random.default_rng([SEED, number]))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("timestamp", column))
            writer.writerows(rows(rps, step_s))
        print(f"{name}: {rps.size} rows, mean {rps.mean():.0f}, peak {rps.max():.0f} per second")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
