"""Keeps the last values of a series in a stretch of an autoscaler's memory, one cell a minute."""

from __future__ import annotations

from tfopt_sim._jit import inlined
from tfopt_sim.types import FloatArray


@inlined
def keep(memory: FloatArray, first: int, length: int, minute: int, value: float) -> None:
    """Write the value of `minute` over the one of `length` minutes before."""
    memory[first + minute % length] = value


@inlined
def kept(memory: FloatArray, first: int, length: int, minute: int) -> float:
    """Return the value of `minute`, one of the last `length`."""
    return float(memory[first + (minute + length) % length])


@inlined
def largest(memory: FloatArray, first: int, length: int) -> float:
    """Return the largest value kept."""
    found = memory[first]
    for k in range(first + 1, first + length):
        found = max(found, memory[k])
    return float(found)


@inlined
def smallest(memory: FloatArray, first: int, length: int) -> float:
    """Return the smallest value kept."""
    found = memory[first]
    for k in range(first + 1, first + length):
        found = min(found, memory[k])
    return float(found)


@inlined
def fill(memory: FloatArray, first: int, length: int, value: float) -> None:
    """Take `value` for what the whole window held before the start of the period."""
    for k in range(first, first + length):
        memory[k] = value
