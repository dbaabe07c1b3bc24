"""Runs `tfopt set` on a copy of a case, as a user does or, faster, in a process per question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.terraform_cases import Expectation


@dataclass(frozen=True)
class Said:
    """What a run of the command gave."""

    code: int
    stdout: str
    stderr: str


def arguments(asked: Expectation, plan: Path) -> list[str]:
    """Return the command line that asks for a value, from the root of the copy."""
    case = asked.case
    files = [f"--var-file={os.path.normpath(f'{case.config_dir}/{n}')}" for n in case.var_files]
    words = ["set", str(plan), asked.address, asked.attribute, str(asked.value)]
    return [*words, f"--config-dir={case.config_dir}", *files]


def set_value(
    asked: Expectation, root: Path, *options: str, plan: Mapping[str, Any] | None = None
) -> Said:
    """Run `tfopt set` in a process of its own, in the copy whose root is given."""
    file = asked.case.home / "plan.json"
    if plan is not None:
        file = root.with_name(root.name + ".plan.json")
        file.write_text(json.dumps(plan), "utf-8")
    words = [sys.executable, "-m", "tfopt", *arguments(asked, file), *options]
    done = subprocess.run(words, cwd=root, capture_output=True, check=False)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
