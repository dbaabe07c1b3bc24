"""A small multi-layer network evaluated by NumPy: the same scorer for every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfopt_sim.types import FloatArray

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """Standardised inputs, tanh hidden layers, linear outputs."""

    input_mean: Weights  # (inputs,)
    input_scale: Weights  # (inputs,)
    layers: tuple[tuple[Weights, Weights], ...]  # (inputs, outputs) matrix and (outputs,) bias

    def __post_init__(self) -> None:
        """Refuse layers that do not fit one another.

        Raises:
            ValueError: a shape does not fit.
        """
        width = self.input_mean.shape[0]
        if self.input_scale.shape != (width,):
            raise ValueError("input scale does not fit the input mean")
        for matrix, bias in self.layers:
            if matrix.ndim != 2 or matrix.shape[0] != width or bias.shape != (matrix.shape[1],):
                raise ValueError(f"layer of shape {matrix.shape} does not follow width {width}")
            width = matrix.shape[1]

    @property
    def inputs(self) -> int:
        """Return how many features an input row has."""
        return int(self.input_mean.shape[0])

    def __call__(self, features: FloatArray) -> FloatArray:
        """Return the outputs, shape (rows, outputs), of features of shape (rows, inputs)."""
        hidden = standardise(features, self.input_mean, self.input_scale)
        for matrix, bias in self.layers[:-1]:
            hidden = np.tanh(hidden @ matrix + bias)
        matrix, bias = self.layers[-1]
        return np.asarray(hidden @ matrix + bias, dtype=np.float64)

    def arrays(self) -> dict[str, Weights]:
        """Return the weights under the names that `from_arrays` reads."""
        named = {"input_mean": self.input_mean, "input_scale": self.input_scale}
        for index, (matrix, bias) in enumerate(self.layers):
            named[f"matrix_{index}"] = matrix
            named[f"bias_{index}"] = bias
        return named


def from_arrays(arrays: Mapping[str, Weights]) -> Network:
    """Return the network that `Network.arrays` wrote.

    Raises:
        KeyError: an array is missing.
        ValueError: shapes do not fit one another.
    """
    count = sum(name.startswith("matrix_") for name in arrays)
    if count == 0:
        raise KeyError("matrix_0")
    layers = tuple((arrays[f"matrix_{i}"], arrays[f"bias_{i}"]) for i in range(count))
    return Network(arrays["input_mean"], arrays["input_scale"], layers)


def averaged(networks: Sequence[Network]) -> Network:
    """Return one network whose outputs are the mean of those of `networks`, all of one shape.

    Their layers stand beside one another, block by block, so that an ensemble is an ordinary
    network to whatever reads, runs or explains it. All share the first one's standardisation.

    Raises:
        ValueError: two of them standardise differently.
    """
    first = networks[0]
    for other in networks[1:]:
        if not (
            np.array_equal(other.input_mean, first.input_mean)
            and np.array_equal(other.input_scale, first.input_scale)
        ):
            raise ValueError("networks that standardise differently cannot be averaged")
    layers = []
    depth = len(first.layers)
    for index in range(depth):
        matrices = [network.layers[index][0] for network in networks]
        biases = [network.layers[index][1] for network in networks]
        if index == depth - 1:  # averaged: the blocks share the outputs
            matrix = np.vstack(matrices) / np.float32(len(networks))
            bias = np.sum(biases, axis=0) / np.float32(len(networks))
        elif index == 0:  # every block reads all inputs
            matrix, bias = np.hstack(matrices), np.concatenate(biases)
        else:
            matrix, bias = _block_diagonal(matrices), np.concatenate(biases)
        layers.append((matrix, bias))
    return Network(first.input_mean, first.input_scale, tuple(layers))


def _block_diagonal(blocks: Sequence[Weights]) -> Weights:
    full = np.zeros(
        (sum(block.shape[0] for block in blocks), sum(block.shape[1] for block in blocks)),
        dtype=np.float32,
    )
    row = column = 0
    for block in blocks:
        full[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return full


def standardise(features: FloatArray, mean: Weights, scale: Weights) -> Weights:
    """Return features centred, scaled and clipped to ±5: far outside training is not trusted."""
    return np.clip((features - mean) / scale, -5.0, 5.0).astype(np.float32)
