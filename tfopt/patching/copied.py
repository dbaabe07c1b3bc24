"""Copies a configuration into a temporary folder, where it can be planned and patched harmlessly.

Real copies, not links: a plan may write (`archive_file` does, beside the sources), and the user's
folder must stay as it is. Only the installed providers, large and never written by a plan, are
linked. What is copied is the repository where that is small, so that `file("../../sizes.yaml")`
finds its file; else the smallest folder that holds the configuration and its local modules.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.edit import Patch
from tfopt.hcl.sources import Module, Sources, load_sources

_LEFT_OUT = frozenset({".git", ".terraform", ".terragrunt-cache", ".venv"})
_REPOSITORY_FILES, _REPOSITORY_BYTES = 20_000, 64 * 1024**2  # copied whole up to here
_MAX_FILES, _MAX_BYTES = 200_000, 1024**3
_NEVER_READ = ("cloud", "remote")  # backends that plan elsewhere


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a configuration.

    Attributes:
        folder: of the root module.
        var_files: in the order of the command line; those outside the copy stand where they stood.
        initialised: whether the original was, so that providers and modules are at hand.
        data_dir: terraform's data folder, relative to `folder`.
    """

    folder: Path
    var_files: tuple[Path, ...]
    initialised: bool
    data_dir: str
    _places: _Places

    def apply(self, patch: Patch) -> None:
        """Write the patched files into the copy.

        Raises:
            TfoptError: a file is not part of the copy, or is not what the patch was made from.
        """
        for file in patch.files:
            place = self._places.of(file.path)
            if place is None:
                raise TfoptError(
                    "cannot be verified: it stands outside the configuration", where=file.path
                )
            if place.read_bytes() != file.before:
                raise TfoptError(
                    "changed since it was read", where=file.path, hint="Run tfopt again"
                )
            place.unlink()  # it may be read-only, as the original is
            place.write_bytes(file.after)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the original files stand in the copy."""

    root: Path
    copy: Path
    apart: dict[Path, Path]  # variable files from outside the root that are to be patched

    def of(self, path: Path) -> Path | None:
        """Return the copied file of an original; None where there is none."""
        whole = _located(path)
        if whole in self.apart:
            return self.apart[whole]
        if not whole.is_relative_to(self.root):
            return None
        found = (self.copy / whole.relative_to(self.root)).resolve()
        inside = found.is_relative_to(self.copy.resolve())  # never through a link that leads out
        return found if inside and found.is_file() else None


def _located(path: Path) -> Path:
    """Return an absolute path whose folders are real ones; the file itself may be a link."""
    whole = path.absolute()
    return whole.parent.resolve() / whole.name


@contextmanager
def copied(config_dir: Path, var_files: Sequence[Path], patch: Patch) -> Iterator[Copy]:
    """Copy a configuration; the copy is removed in the end, whatever happens.

    Args:
        config_dir: the root module's folder.
        var_files: as given with `-var-file`.
        patch: what is to be applied later; a variable file that it changes is copied too.

    Raises:
        TfoptError: the configuration is too large, cannot be read, or is planned elsewhere.
    """
    folder = config_dir.resolve()
    data = os.environ.get("TF_DATA_DIR") or ".terraform"
    _refuse_remote_runs(folder / data, config_dir)
    root = _root(folder, load_sources(folder))
    with tempfile.TemporaryDirectory(prefix="tfopt-verify-", ignore_cleanup_errors=True) as made:
        temporary = Path(made).resolve()
        copy = temporary / "root"
        copy.mkdir()
        _Copying(root, leave=temporary).tree(root, copy)
        apart = _apart(var_files, patch, root, temporary)
        places = _Places(root, copy, apart)
        inner = copy / folder.relative_to(root)
        data_dir = data if not Path(data).is_absolute() else ".terraform"
        initialised = (folder / data).is_dir()
        if initialised:
            _copy_data(folder / data, inner / data_dir)
        named = tuple(places.of(one) or one.absolute() for one in var_files)
        yield Copy(inner, named, initialised, data_dir, places)


def _refuse_remote_runs(data: Path, where: Path) -> None:
    """A plan against HCP Terraform is a run there, which nobody asked for."""
    try:
        pointer = json.loads((data / "terraform.tfstate").read_bytes())
        backend = pointer["backend"]["type"]
    except (OSError, ValueError, LookupError, TypeError):
        return
    if backend in _NEVER_READ:
        raise TfoptError(
            "cannot be verified: it is planned by HCP Terraform, where that would start a run",
            where=where,
            hint="Make the plan of a branch with the patch there",
        )


def _root(folder: Path, sources: Sources) -> Path:
    """Return the folder to copy: the repository where it is small, else what holds all modules."""
    needed = Path(commonpath([folder, *_module_folders(sources, sources.root)]))
    whole = next((one for one in (needed, *needed.parents) if (one / ".git").exists()), needed)
    if _fits(whole, _REPOSITORY_FILES, _REPOSITORY_BYTES):
        return whole
    if not _fits(needed, _MAX_FILES, _MAX_BYTES):
        raise TfoptError("is too large to be copied for a second plan", where=needed)
    return needed


def _module_folders(sources: Sources, module: Module) -> Iterator[Path]:
    for call in module.of_kind("module"):
        child = sources.child(module, call)
        if isinstance(child, str) or not child.documents:
            continue
        if child.documents[0].owner != "vendored":
            yield child.documents[0].path.resolve().parent
        yield from _module_folders(sources, child)


def _fits(folder: Path, files: int, size: int) -> bool:
    """Return whether a folder holds no more than so many files and bytes."""
    for path in _files(folder):
        files -= 1
        with suppress(OSError):
            size -= path.lstat().st_size
        if files < 0 or size < 0:
            return False
    return True


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (Path(parent, name) for name in names)


@dataclass(frozen=True, slots=True)
class _Copying:
    """Copies all of `root` but `leave`, the temporary folder, which may stand in it."""

    root: Path
    leave: Path

    def tree(self, source: Path, target: Path) -> None:
        """Copy a folder; what cannot be read, and what is no file, is left out."""
        with suppress(PermissionError):
            for path in sorted(source.iterdir()):
                place = target / path.name
                if path.name in _LEFT_OUT or path == self.leave:
                    continue
                if path.is_symlink():
                    self._link(path, place)
                elif path.is_dir():
                    place.mkdir()
                    self.tree(path, place)
                elif path.is_file():
                    _copy_file(path, place)

    def _link(self, link: Path, place: Path) -> None:
        """Keep a link within the copy; of one that leads out, copy the file, link the folder."""
        meant = link.resolve()
        if meant.is_relative_to(self.root):
            place.symlink_to(os.path.relpath(meant, link.parent.resolve()))
        elif meant.is_file():
            _copy_file(meant, place)
        elif meant.is_dir():
            place.symlink_to(meant)


def _copy_file(source: Path, place: Path) -> None:
    with suppress(PermissionError):
        shutil.copy2(source, place)


def _copy_data(source: Path, target: Path) -> None:
    """Copy what `init` left: modules, the backend's pointer, the workspace; link the providers."""
    target.mkdir(parents=True)
    for name in ("providers", "plugins"):
        if (source / name).is_dir():
            (target / name).symlink_to((source / name).resolve())
    if (source / "modules").is_dir():
        shutil.copytree(source / "modules", target / "modules", symlinks=True)
    for name in ("terraform.tfstate", "environment", "plugin_path"):
        if (source / name).is_file():
            shutil.copy2(source / name, target / name)


def _apart(
    var_files: Iterable[Path], patch: Patch, root: Path, temporary: Path
) -> dict[Path, Path]:
    """Copy the variable files from outside the root that the patch changes."""
    changed = {_located(file.path) for file in patch.files}
    found: dict[Path, Path] = {}
    for number, path in enumerate(map(_located, var_files)):
        if path in changed and not path.is_relative_to(root):
            place = temporary / str(number) / path.name
            place.parent.mkdir()
            shutil.copy2(path, place)
            found[path] = place
    return found
