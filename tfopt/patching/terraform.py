"""Runs terraform, or tofu, on a copy: init and plan, never apply."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfopt.errors import TfoptError

Maker = Literal["terraform", "opentofu"]
_BINARIES: Mapping[Maker, str] = {"terraform": "terraform", "opentofu": "tofu"}
_TICK_S = 0.2
_GRACE_S = 10.0  # to stop its providers, before it is killed
_MAX_RUN_S = 3600.0
_PLAN = ("plan", "-input=false", "-lock=false", "-refresh=false", "-no-color", "-out=tfopt.tfplan")


@dataclass(frozen=True, slots=True)
class Tool:
    """The binary that plans; `note` where it is not the one that made the plan."""

    name: str
    path: str
    note: str = ""


class TerraformFailedError(Exception):
    """Terraform stopped; its message is the headline of what it said, without values."""


def find_tool(made_by: Maker) -> Tool:
    """Return the binary that made the plan, or the other one where that is not on PATH.

    Raises:
        TfoptError: neither is on PATH.
    """
    own = _BINARIES[made_by]
    (other,) = (name for name in _BINARIES.values() if name != own)
    for name in (own, other):
        path = shutil.which(name)
        if path is not None:
            note = f"{own}, which made the plan, is not on PATH: planned with {name}"
            return Tool(name, path, "" if name == own else note)
    raise TfoptError(
        "a second plan can be made only where terraform is, and neither terraform nor tofu is on "
        "PATH",
        hint="Install it, or leave --verify out",
    )


@dataclass(frozen=True, slots=True)
class Terraform:
    """A tool at work in one folder; `tick` is called while it runs."""

    tool: Tool
    folder: Path
    data_dir: str
    tick: Callable[[], None]

    def init(self) -> None:
        """Install providers and modules, with a state of its own instead of the configured one.

        Raises:
            TerraformFailedError: it cannot, for want of a registry or a mirror perhaps.
        """
        # an override wins over any backend or cloud block, which a plan would else ask for
        backend = 'terraform {\n  backend "local" {\n    path = "tfopt.tfstate"\n  }\n}\n'
        (self.folder / "tfopt_override.tf").write_text(backend)
        self._run("init", "-input=false", "-no-color")

    def plan(self, var_files: Sequence[Path]) -> bytes:
        """Return the JSON of a fresh plan.

        Raises:
            TerraformFailedError: the configuration cannot be planned.
        """
        self._run(*_PLAN, *(f"-var-file={path}" for path in var_files))
        return self._run("show", "-json", "-no-color", "tfopt.tfplan")

    def _run(self, *words: str) -> bytes:
        process = subprocess.Popen(
            [self.tool.path, *words],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # an interrupt reaches it from here, in order
        )
        try:
            out, complaint = self._finished(process)
        except BaseException:
            _stop(process)
            raise
        if process.returncode != 0:
            raise TerraformFailedError(headline(complaint.decode("utf-8", "replace")))
        return out

    def _finished(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        for _ in range(int(_MAX_RUN_S / _TICK_S)):
            try:
                return process.communicate(timeout=_TICK_S)
            except subprocess.TimeoutExpired:
                self.tick()
        raise TerraformFailedError(f"it did not finish within {_MAX_RUN_S / 60:.0f} minutes")

    def _environment(self) -> dict[str, str]:
        mine = {"TF_DATA_DIR": self.data_dir, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        loud = ("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH")
        return {name: v for name, v in os.environ.items() if name not in loud} | mine


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End terraform and its providers: politely, then for good."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_S)
            return


def headline(complaint: str) -> str:
    """Return the first error's summary and place; what it quotes may be secret and is left out."""
    found = re.search(r"Error: ([^\n]{1,200})", complaint)
    if found is None:
        return "it failed without saying why"
    summary = re.sub(r'"[^"]*"|`[^`]*`', '"…"', found[1].strip())
    summary = re.sub(r"\bgot\b.*", "got …", summary)
    details = complaint[found.end() :].partition("Error: ")[0]
    place = re.search(r"\bon (\S+) line (\d+)", details)
    return f"Error: {summary}{f' ({place[1]}:{place[2]})' if place else ''}"
