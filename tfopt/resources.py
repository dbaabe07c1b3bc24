"""Finds the data files that ship with tfopt: in the wheel first, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = {"trained": "policies/trained", "templates": "templates"}


def data_dir(name: str) -> Path:
    """Return the folder of shipped data called `name`.

    Args:
        name: "trained" or "templates".

    Raises:
        FileNotFoundError: the installation is damaged.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / _CHECKOUT[name]):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"tfopt data folder {name!r} is missing: reinstall tfopt")
