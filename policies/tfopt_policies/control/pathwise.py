"""Trains the controller by the pathwise gradient through the differentiable twin.

Each update lets the network steer random groups for a few hours and follows the exact gradient of
what that cost with respect to its weights: every minute tells how it would have been better, where
a policy gradient has one number an episode (Alvo et al., 2023; Madeka et al., 2022).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfopt_policies.control.adjoint import Course, fly
from tfopt_policies.control.field import Field
from tfopt_policies.control.net import Head, Weights

Gradient = Callable[[Weights, Course], tuple[float, Weights]]
_RISE = 50  # updates until the learning rate is reached
_FLIGHT_CLIP = 100.0  # of a flight's own gradient, × its share of the update
_CLIP = 1.0  # of the gradient's norm
_BETAS, _EPSILON = (0.9, 0.999), 1e-8


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the weights are found; the card repeats it."""

    updates: int = 1600
    flights: int = 96
    horizon: int = 300  # minutes
    learning_rate: float = 5e-3  # falls to a hundredth along a half cosine

    @property
    def steps(self) -> int:
        """Environment steps (minutes of one group) of one update."""
        return self.flights * self.horizon


@dataclass(slots=True)
class Adam:
    """Adam (Kingma and Ba, 2015) on the four arrays of the weights."""

    weights: Weights
    first: Weights
    second: Weights
    updates: int = 0

    def follow(self, gradient: Weights, rate: float) -> None:
        """Move against the gradient, its norm clipped; stay where a flight made it infinite."""
        self.updates += 1
        norm = float(np.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in gradient)))
        if not np.isfinite(norm):
            return
        scale = min(1.0, _CLIP / max(norm, 1e-12))
        keep, keep2 = _BETAS
        fixed, fixed2 = 1 - keep**self.updates, 1 - keep2**self.updates
        parts = []
        for weight, mean, power, g in zip(
            self.weights, self.first, self.second, gradient, strict=True
        ):
            mean[...] += (1 - keep) * (scale * g - mean)
            power[...] += (1 - keep2) * (scale * scale * g * g - power)
            step = rate * (mean / fixed) / (np.sqrt(power / fixed2) + _EPSILON)
            parts.append((weight - step).astype(np.float32))
        self.weights = Weights(*parts)


def adam(weights: Weights) -> Adam:
    """Return an optimiser at its start."""
    first = Weights(*(np.zeros_like(w) for w in weights))
    return Adam(weights, first, Weights(*(np.zeros_like(w) for w in weights)))


def learn(
    field: Field, recipe: Recipe, state: Adam, gradient: Gradient, seed: int
) -> Iterator[tuple[Adam, float]]:
    """Yield the optimiser after every update, and the objective before it.

    Goes on from `state.updates`; an update's flights depend on the seed and its number alone, so
    that a resumed run takes the same path.
    """
    while state.updates < recipe.updates:
        rng = np.random.default_rng((seed, state.updates))
        course = field.sample(recipe.flights, recipe.horizon, rng)
        value, found = gradient(state.weights, course)
        state.follow(found, _rate(recipe, state.updates))
        yield state, value


def _rate(recipe: Recipe, update: int) -> float:
    share = update / max(1, recipe.updates)
    fallen = 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * share)))
    return recipe.learning_rate * min(1.0, update / _RISE) * fallen


@contextmanager
def compiled_gradient(field: Field, head: Head, threads: int | None = None) -> Iterator[Gradient]:
    """Yield the compiled gradient on so many threads (default: the processor's, at most four).

    Sums run in the order of a fixed number of parts, so that the threads do not change a bit.
    """
    parts = 4
    workers = min(parts, threads or os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:

        def gradient(weights: Weights, course: Course) -> tuple[float, Weights]:
            edges = np.linspace(0, course.rows.size, parts + 1).astype(int)
            totals = np.empty((course.rows.size, 2))

            def part(index: int) -> tuple[float, Weights]:
                found = Weights(*(np.zeros_like(w) for w in weights))
                span = (int(edges[index]), int(edges[index + 1]))
                value = fly(
                    field.constants, course, weights, head.bounds, True, span,
                    found, totals, _FLIGHT_CLIP / course.rows.size,
                )  # fmt: skip
                return value, found

            done = list(pool.map(part, range(parts)))
            summed = Weights(*(sum(g) for g in zip(*(found for _, found in done), strict=True)))
            return sum(value for value, _ in done), summed

        yield gradient


@contextmanager
def torch_gradient(torch: Any, field: Field, head: Head, device: str) -> Iterator[Gradient]:
    """Yield the gradient by torch's own differentiation, for where there is a GPU."""
    from tfopt_policies.control.twin import objective

    def gradient(weights: Weights, course: Course) -> tuple[float, Weights]:
        leaves = [torch.tensor(w, device=device).double().requires_grad_() for w in weights]
        value = objective(torch, field.constants, course, leaves, head, device=device)
        found = torch.autograd.grad(value, leaves)
        arrays = (g.float().cpu().numpy() for g in found)
        return float(value.detach()), Weights(*arrays)

    yield gradient
