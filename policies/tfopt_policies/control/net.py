"""The controller's network: how it starts, what is switched off in it, and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.control.observation import FEATURES
from tfopt_policies.network import Network

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """What a controller is made of; what is switched off tells what it was worth."""

    hidden: int = 32  # units in each of the two layers
    forecast: bool = True  # else it knows demand up to now alone
    residual: bool = True  # else its base is the history's mean need and not the calibrated rule
    price: bool = True  # else it does not know λ

    @property
    def bounds(self) -> tuple[float, float]:
        """Bounds of log(capacity ÷ base)."""
        return (-1.5, 2.5) if self.residual else (-3.0, 3.0)


class Weights(NamedTuple):
    """Two hidden layers of tanh and one output."""

    first: Matrix  # (features, hidden)
    second: Matrix  # (hidden, hidden)
    last: Matrix  # (hidden,)
    biases: Matrix  # (2 · hidden + 1,): of the three layers, one after another

    def network(self) -> Network:
        """Return the network as inference takes it; inputs are taken as they are."""
        hidden = self.last.size
        split = np.split(self.biases, [hidden, 2 * hidden])
        inputs = self.first.shape[0]
        layers = ((self.first, split[0]), (self.second, split[1]), (self.last[:, None], split[2]))
        return Network(np.zeros(inputs, np.float32), np.ones(inputs, np.float32), layers)


def initial(head: Head, seed: int) -> Weights:
    """Return random weights whose output is near 0: the base itself."""
    rng = np.random.default_rng(seed)
    inputs, hidden = len(FEATURES), head.hidden

    def drawn(rows: int, columns: int, scale: float) -> Matrix:
        values = rng.standard_normal((rows, columns)) * scale / np.sqrt(rows)
        return np.asarray(values, dtype=np.float32)

    return Weights(
        drawn(inputs, hidden, 1.0),
        drawn(hidden, hidden, 1.0),
        drawn(hidden, 1, 0.01)[:, 0],
        np.zeros(2 * hidden + 1, np.float32),
    )


def weights_of(network: Network) -> Weights:
    """Return the weights of a network that `Weights.network` made.

    Raises:
        ValueError: it has another shape.
    """
    if len(network.layers) != 3 or network.layers[2][0].shape[1] != 1:
        raise ValueError("not a controller's network: two hidden layers and one output")
    (first, b1), (second, b2), (last, b3) = network.layers
    return Weights(first, second, last[:, 0], np.concatenate((b1, b2, b3)))
