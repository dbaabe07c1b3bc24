"""What a configuration knows of where it is run: `path.…` and `terraform.workspace`."""

from __future__ import annotations

import os
from pathlib import Path

from tfopt.hcl.sources import Module
from tfopt.hcl.values import Value, unknown


def path_value(name: str, module: Module, folder: Path | None, where: str) -> Value:
    """Return `path.module`, `path.root` or `path.cwd`.

    Args:
        name: which.
        module: the module that asks.
        folder: the configuration directory, where it is at hand; taken to be the working one.
        where: the place that asks, for messages.
    """
    known = {"module": module.label, "root": "."}
    if folder is not None:
        known["cwd"] = folder.resolve().as_posix()
    if name not in known:
        return unknown(f"path.{name} is not known here", where)
    return Value(known[name])


def workspace(folder: Path | None, where: str) -> Value:
    """Return `terraform.workspace`, where the environment or the working directory tells it.

    A folder in which Terraform was never initialised does not tell it: "default" would be a guess.
    """
    named = os.environ.get("TF_WORKSPACE")
    if named:
        return Value(named)
    managed = None if folder is None else folder / ".terraform"
    if managed is None or not managed.is_dir():
        return unknown("terraform.workspace is not known here: set TF_WORKSPACE", where)
    chosen = managed / "environment"
    return Value((chosen.read_text("utf-8").strip() if chosen.is_file() else "") or "default")
