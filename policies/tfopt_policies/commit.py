"""Says which commit of the checkout made a result."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """Return the short hash of the checkout this file stands in, "unknown" outside of one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
