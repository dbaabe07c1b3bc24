"""Reading a large plan stays within its limits of time and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_large_plans_are_read_in_a_pass() -> None:
    """The benchmark at a seventh of its size stays within 5 s and 4 × the file in memory."""
    script = ROOT / "benchmarks" / "plan_reading.py"
    command = [sys.executable, str(script), "--changes", "3000", "--megabytes", "10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
