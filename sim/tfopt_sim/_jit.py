"""Compiles the simulator's inner functions, keeping their types visible to the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Return `function` compiled by numba on its first call and kept on disk for the next process.

    The plain function stays reachable as `.py_func`. Where the package folder cannot be written to,
    numba keeps its cache in the user's cache folder (or in `NUMBA_CACHE_DIR`). Division follows
    IEEE 754 instead of raising, and the interpreter lock is released while the code runs.

    numba's cache watches the file a function stands in, not the files of what it calls: a change
    of autoscaler.py or fleet.py takes effect with the new `DYNAMICS_VERSION` that it needs anyway.
    """
    return cast(
        _Function, numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=False)(function)
    )
