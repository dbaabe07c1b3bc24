"""Opens a saved plan: its sources from the zip, its JSON through terraform."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tfopt.errors import TfoptError

MAGIC = b"PK\x03\x04"
_FOLDER = "tfconfig/"
_MAX_SOURCES = 256 * 1024 * 1024  # bytes unpacked; far above any configuration
_MAX_SHOW_S = 300
_HINT = "Run `terraform show -json {name} > plan.json` where the plan was made, and read that file"


def sources(data: bytes, where: str) -> Mapping[str, bytes]:
    """Return the configuration inside a saved plan: path below `tfconfig/` → bytes.

    Holds `modules.json` and one folder `m-<key>/` per module.

    Raises:
        TfoptError: a zip that is damaged or holds no plan.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "tfplan" not in names:
                raise TfoptError(
                    "this zip archive holds no saved plan",
                    where=where,
                    hint="Give the file written by `terraform plan -out`, or plan JSON",
                )
            wanted = [one for one in archive.infolist() if one.filename.startswith(_FOLDER)]
            if sum(one.file_size for one in wanted) > _MAX_SOURCES:
                raise TfoptError("this saved plan unpacks to over 256 MiB of sources", where=where)
            return {
                one.filename.removeprefix(_FOLDER): archive.read(one)
                for one in wanted
                if not one.is_dir()
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as damage:
        raise TfoptError(
            "this saved plan is damaged or cut short", where=where, hint="Copy it again"
        ) from damage


def as_json(data: bytes, where: str, path: Path | None, config_dir: Path | None = None) -> bytes:
    """Return a saved plan's JSON, as `terraform show -json` (or tofu's) prints it.

    The command runs where the providers are: in the plan's folder, the configuration's or the
    working directory, the first of them that was initialised.

    Args:
        data: the saved plan.
        where: its name in messages.
        path: the file; None where the plan came from standard input.
        config_dir: the configuration's folder, where it is known.

    Raises:
        TfoptError: no terraform on PATH, or it cannot show the plan.
    """
    tools = [tool for tool in map(shutil.which, ("terraform", "tofu")) if tool is not None]
    hint = _HINT.format(name=path.name if path else "tf.plan")
    if not tools:
        raise TfoptError(
            "a saved plan can be read only where terraform is, and none is on PATH",
            where=where,
            hint=hint,
        )
    beside = [path.absolute().parent, path.resolve().parent] if path is not None else []
    folder = _initialised([*beside, *([config_dir] if config_dir else []), Path.cwd()])
    if path is not None:
        return _show(tools, path.resolve(), folder, where, hint)
    with tempfile.TemporaryDirectory(prefix="tfopt-") as temporary:
        copy = Path(temporary) / "tf.plan"
        copy.touch(mode=0o600)
        copy.write_bytes(data)
        return _show(tools, copy, folder, where, hint)


def _initialised(folders: list[Path]) -> Path:
    """Return the first folder that holds terraform's data, with the providers; else the first."""
    data = os.environ.get("TF_DATA_DIR") or ".terraform"
    return next((one for one in folders if (one / data).is_dir()), folders[0])


def _show(tools: list[str], plan: Path, folder: Path, where: str, hint: str) -> bytes:
    complaint = ""
    for tool in tools:
        command = [tool, "show", "-json", "-no-color", str(plan)]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=_MAX_SHOW_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            complaint = complaint or f"{Path(tool).name} did not finish"
            continue
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout
        complaint = complaint or _reason(Path(tool).name, done.stderr)
    raise TfoptError(f"this saved plan cannot be shown: {complaint}", where=where, hint=hint)


def _reason(tool: str, stderr: bytes) -> str:
    """Return the headline of terraform's error; its details may quote the configuration."""
    found = re.search(r"Error: ([^\n]{1,120})", stderr.decode("utf-8", "replace"))
    headline = f": {found[1].strip()}" if found else ""
    return f"`{tool} show` failed{headline} (are its providers installed there? `{tool} init`)"
