"""Measures what a user waits for: `tfopt` as a cold process, beside `checkov` on the same plan.

    python benchmarks/cold_start.py [--repeat 5] [--check]

Prints a table: median wall time and peak memory of each command, and the ratio to
`checkov -f plan.json` measured in the same run, turn by turn. "First run" starts with the compiled
kernels and the grammar cache of python-hcl2 removed, as after an installation. checkov is installed
into an environment of its own, once. Fails when torch is imported, or with --check when a limit
(recommend 3 s, first run 10 s, help 0.3 s) is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "web-shop"
TFOPT = [sys.executable, "-m", "tfopt"]
COMMANDS = {
    "tfopt --help": ([*TFOPT, "--help"], 0.3),
    "tfopt recommend plan.json": ([*TFOPT, "recommend", "plan.json", "--format", "json"], 3.0),
}
FIRST = "tfopt recommend plan.json, first run"
FIRST_LIMIT_S = 10.0
RIVAL = "checkov -f plan.json"


@dataclass(frozen=True)
class Run:
    """One process: wall seconds and peak resident memory in MB."""

    wall_s: float
    peak_mb: float


def measured(command: list[str], env: dict[str, str] | None = None) -> Run:
    """Run `command` in the example's folder to its end; its exit code must be 0 or 1 (findings)."""
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=SHOP,
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        allowed = {0, 1} if "checkov" in command[0] else {0}
        if process.returncode not in allowed:
            sys.exit(f"{' '.join(command)}: {errors.read().decode(errors='replace')}")
    per_mb = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss: bytes there, kB on Linux
    return Run(wall_s, usage.ru_maxrss / per_mb)


@contextmanager
def as_after_installation() -> Iterator[dict[str, str]]:
    """Yield an environment without compiled kernels; the grammar cache is put aside meanwhile."""
    package = importlib.util.find_spec("hcl2")
    if package is None or package.origin is None:
        sys.exit("python-hcl2 is not installed")
    grammar = Path(package.origin).parent / ".lark_cache.bin"
    aside = grammar.with_suffix(".aside")
    if grammar.exists():
        grammar.replace(aside)
    try:
        with tempfile.TemporaryDirectory() as kernels:
            yield {"NUMBA_CACHE_DIR": kernels}
    finally:
        if aside.exists():
            aside.replace(grammar)


def first_run() -> Run:
    """Measure a recommendation as the first one after an installation."""
    with as_after_installation() as env:
        return measured(COMMANDS["tfopt recommend plan.json"][0], env)


def checkov(home: Path) -> list[str]:
    """Return the command that runs checkov; installs it into `home` when it is not there."""
    program = home / "bin" / "checkov"
    if not program.exists():
        print(f"installing checkov into {home} …", file=sys.stderr)
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "checkov"]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    # --skip-download: no look-up of its online guidelines, which would add a wait for the network
    return [str(program), "-f", "plan.json", "--skip-download", "--quiet", "--compact"]


def torch_imports(command: list[str]) -> list[str]:
    """Return the modules of torch that `command` imports."""
    traced = [command[0], "-X", "importtime", *command[1:]]
    done = subprocess.run(traced, cwd=SHOP, capture_output=True, text=True, check=True)
    return re.findall(r"\| +(torch(?:\.\S+)?)$", done.stderr, re.MULTILINE)


def table(runs: dict[str, list[Run]], limits: dict[str, float]) -> Iterator[str]:
    """Yield the lines of the result, in Markdown."""
    rival_s = median(run.wall_s for run in runs[RIVAL])
    yield "| command | median wall | range | peak memory | ratio to checkov | limit |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, found in runs.items():
        walls = [run.wall_s for run in found]
        limit = f"{limits[name]:g} s" if name in limits else ""
        yield (
            f"| `{name}` | {median(walls):.2f} s | {min(walls):.2f}–{max(walls):.2f} s "
            f"| {max(run.peak_mb for run in found):.0f} MB | {median(walls) / rival_s:.2f} "
            f"| {limit} |"
        )


def main() -> int:
    """Measure, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5, help="runs of each command")
    parser.add_argument("--check", action="store_true", help="fail when a limit is missed")
    parser.add_argument(
        "--checkov-home", type=Path, default=Path(tempfile.gettempdir()) / "tfopt-bench-checkov"
    )
    options = parser.parse_args()
    rival = checkov(options.checkov_home)
    limits = {name: limit for name, (_, limit) in COMMANDS.items()} | {FIRST: FIRST_LIMIT_S}
    runs: dict[str, list[Run]] = {name: [] for name in (*COMMANDS, FIRST, RIVAL)}
    for _ in range(options.repeat):
        for name, (command, _limit) in COMMANDS.items():
            runs[name].append(measured(command))
        runs[RIVAL].append(measured(rival))
    runs[FIRST] = [first_run() for _ in range(min(options.repeat, 3))]
    print("\n".join(table(runs, limits)))
    for name, (command, _limit) in COMMANDS.items():
        if found := torch_imports(command):
            print(f"{name} imports torch: {found[:3]}", file=sys.stderr)
            return 1
    missed = [name for name in limits if median(run.wall_s for run in runs[name]) > limits[name]]
    if missed:
        print(f"over the limit: {', '.join(missed)}", file=sys.stderr)
    return int(bool(missed) and options.check)


if __name__ == "__main__":
    sys.exit(main())
