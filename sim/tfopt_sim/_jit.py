"""Compiles the simulator's inner functions, keeping their types visible to the type checker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

_SOURCES = (
    "_jit",
    "autoscaling/alarm",
    "autoscaling/application",
    "autoscaling/azure",
    "autoscaling/clouds",
    "autoscaling/combine",
    "autoscaling/gce",
    "autoscaling/kubernetes",
    "autoscaling/seen",
    "autoscaling/step",
    "autoscaling/tracking",
    "autoscaling/window",
    "behind",
    "capacity",
    "controlled",
    "credits",
    "discrete",
    "dynamics",
    "fleet",
    "histogram",
    "instances",
    "latency",
    "market",
    "mixed",
    "placement",
    "purchasing",
    "queueing",
    "saturation",
    "servers",
    "serving",
    "spot",
    "tables",
    "waits",
)


def _stamp() -> tuple[tuple[float, int], ...]:
    """Return what tells one state of the compiled sources from another."""
    facts = [(Path(__file__).parent / f"{name}.py").stat() for name in _SOURCES]
    return tuple((fact.st_mtime, fact.st_size) for fact in facts)


_STAMP = _stamp()


def _compile(function: _Function, *, inline: bool, allocates: bool) -> _Function:
    dispatcher: Any = numba.njit(
        cache=True,
        nogil=True,
        error_model="numpy",
        forceinline=inline,
        _nrt=allocates,
        no_cfunc_wrapper=True,
    )(function)
    # numba watches only the file a function stands in, though it compiles in what others hold:
    # after an update of one file the machine code of its callers would stay behind.
    index = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = _STAMP
    return cast(_Function, dispatcher)


def compiled(function: _Function) -> _Function:
    """Return `function` compiled by numba on its first call and kept on disk for the next process.

    The plain function stays reachable as `.py_func`. Where the package folder cannot be written to,
    numba keeps its cache in the user's cache folder (or in `NUMBA_CACHE_DIR`). Division follows
    IEEE 754 instead of raising, and the interpreter lock is released while the code runs.
    """
    return _compile(function, inline=False, allocates=True)


def inlined(function: _Function) -> _Function:
    """Like `compiled`, for the parts of the step: a state passed by value stays in registers.

    Such a function makes no array (a view is none), so arrays are not reference-counted in it:
    counting, at each view and each tuple that holds an array, takes three quarters of the time.
    """
    return _compile(function, inline=True, allocates=False)


def kernel(function: _Function) -> _Function:
    """Like `inlined`, for a loop over steps or a rare part of one: called, not copied in."""
    return _compile(function, inline=False, allocates=False)
