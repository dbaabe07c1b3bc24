"""What may happen to the level of demand after the history ends: it wanders, and it may shift.

Two risks, one distribution, the same for quantiles and for paths:
- wandering: a random walk with a heavy tail (Student t with 4 degrees of freedom, since few days
  tell its variance);
- shifts that no history announces: demand moved here from elsewhere, or it moved away. Their rates
  are those of public traces (`docs/forecast-table.md`), alike for calm and for restless series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfopt_sim.levels import damped
from tfopt_sim.types import FloatArray

UP_PER_DAY, DOWN_PER_DAY, GONE_PER_DAY = 0.005, 0.003, 0.0035
_LEAST, _MOST = 1.5, 3.1  # a shift multiplies by this much, or divides by it …
_WILD = 0.02  # … and one in fifty by more, with an exponential tail of this mean
_WILD_MEAN = 1.5
_WALK_PARTS = np.array([0.006, 0.034, 0.11, 0.2, 0.3, 0.2, 0.11, 0.034, 0.006])
_SIZE_PARTS = np.array([0.25, 0.25, 0.25, 0.15, 0.1])


def _t4_quantile(level: FloatArray) -> FloatArray:
    """Return quantiles of Student's t with 4 degrees of freedom (closed form, Shaw 2006)."""
    a = np.sqrt(4 * level * (1 - level))
    root = np.cos(np.arccos(a) / 3) / a
    return np.asarray(np.sign(level - 0.5) * 2 * np.sqrt(np.maximum(root - 1, 0)))


def _size(level: FloatArray) -> FloatArray:
    """Return by how much a shift multiplies, at a level of its distribution."""
    ordinary = _LEAST + (_MOST - _LEAST) * np.minimum(level / (1 - _WILD), 1)
    return np.asarray(ordinary - _WILD_MEAN * np.log(np.minimum((1 - level) / _WILD, 1)))


def _middles(parts: FloatArray) -> FloatArray:
    return np.asarray(np.cumsum(parts) - parts / 2)


_WALK_ATOMS = _t4_quantile(_middles(_WALK_PARTS))[:, None]
_SIZE_ATOMS = _size(_middles(_SIZE_PARTS))[:, None]


def factor(deviation: FloatArray) -> FloatArray:
    """Return 1 + x above, 1 / (1 − x) below: median 1, never negative, no explosion."""
    return np.asarray(np.where(deviation >= 0, 1 + deviation, 1 / (1 - np.minimum(deviation, 0))))


@dataclass(frozen=True, slots=True)
class Caution:
    """How much more than it showed the level of demand is presumed to move.

    The defaults were chosen on public traces; `benchmarks/forecast.py --leave-one-out` says how
    they would have done on each, chosen on the others.
    """

    presumed: float = 5.0  # daily deviation of a level that was hardly seen, times the series' own
    safety: float = 1.25  # times the measured variance: a quiet past is no promise
    shifts: float = 1.0  # times the rates of shifts


PLAIN = Caution(presumed=1.0, safety=1.0, shifts=0.0)
"""No more than the history showed: for futures that alternatives are compared on, where whoever
decides adds a margin of his own (docs/decisions/0018-plain-futures-for-deciding.md).
"""


@dataclass(frozen=True, slots=True)
class LevelRisk:
    """Distribution of the level at moments ahead, as a factor on where it stands now."""

    walk_var: float  # relative variance that the level gains per day ahead
    now_var: float  # relative variance of where it stands
    trend: float = 0.0  # change of its logarithm per day, fading
    shifts: float = 1.0  # times the rates above

    def atoms(self, days: FloatArray, more: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a few factors and their chances at each moment ahead, both (atoms, moments).

        Args:
            days: how far ahead, increasing, shape (moments,).
            more: relative variance known of besides, shape (moments,).
        """
        up, down, gone = (1 - np.exp(-rate * days) for rate in self._rates())
        ones = np.ones(days.size)
        walk = factor(_WALK_ATOMS * np.sqrt(self._variance(days) + more))
        factors = [walk, _SIZE_ATOMS * ones, ones / _SIZE_ATOMS, np.zeros((1, days.size))]
        part = _SIZE_PARTS[:, None]
        still = (1 - up) * (1 - down) * (1 - gone)
        moved = (1 - still) / np.maximum(up + down + gone, 1e-12)  # two shifts count as one
        chances = [_WALK_PARTS[:, None] * still, part * up * moved, part * down * moved]
        return np.concatenate(factors) * self._drift(days), np.concatenate(
            [*chances, (gone * moved)[None]]
        )

    def paths(
        self, rng: np.random.Generator, scenarios: int, days: FloatArray, more: FloatArray
    ) -> FloatArray:
        """Return factors over coherent futures, shape (scenarios, moments); see `atoms`."""
        variance = self._variance(days)
        gained = np.diff(variance, prepend=0.0)
        walk = np.cumsum(rng.standard_normal((scenarios, days.size)) * np.sqrt(gained), axis=1)
        walk *= np.sqrt(1 + more / np.maximum(variance, 1e-12))
        walk /= np.sqrt(rng.standard_gamma(2.0, (scenarios, 1)) / 2)
        out = factor(walk) * self._drift(days)
        up, down, gone = self._rates()
        size = _size(rng.random((2, scenarios, 1)))
        for rate, by in ((up, size[0]), (down, 1 / size[1]), (gone, np.zeros((scenarios, 1)))):
            when = rng.standard_exponential((scenarios, 1)) / max(rate, 1e-12)
            out *= np.where(days >= when, by, 1.0)
        return out

    def _drift(self, days: FloatArray) -> FloatArray:
        return np.exp(damped(self.trend, days))

    def _variance(self, days: FloatArray) -> FloatArray:
        return self.now_var + self.walk_var * (0.5 + days)

    def _rates(self) -> tuple[float, float, float]:
        return self.shifts * UP_PER_DAY, self.shifts * DOWN_PER_DAY, self.shifts * GONE_PER_DAY
