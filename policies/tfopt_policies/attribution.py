"""Which facts move a network from one choice to another: integrated gradients between two rows.

Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, ICML 2017: the gradient along
the straight way from one input to another, times the way; the parts sum to the difference of the
outputs (completeness).
"""

from __future__ import annotations

import numpy as np

from tfopt_policies.network import Network, standardise
from tfopt_sim.types import FloatArray

_STEPS = 64


def integrated_gradients(
    network: Network, start: FloatArray, end: FloatArray, output: int = 0
) -> FloatArray:
    """Return what each input adds to one output on the way from `start` to `end`, (inputs,).

    Args:
        network: standardises, then tanh layers and a linear one.
        start: (inputs,).
        end: (inputs,).
        output: which output.
    """
    mean, scale = network.input_mean, network.input_scale
    first = standardise(start, mean, scale).astype(np.float64)
    way = standardise(end, mean, scale).astype(np.float64) - first
    middles = (np.arange(_STEPS) + 0.5) / _STEPS
    slopes = _slopes(network, first + middles[:, None] * way, output)
    return np.asarray(slopes.mean(axis=0) * way)


def _slopes(network: Network, rows: FloatArray, output: int) -> FloatArray:
    """Return the gradient of an output in standardised inputs, (rows, inputs)."""
    hidden, kept = rows, []
    for matrix, bias in network.layers[:-1]:
        hidden = np.tanh(hidden @ matrix + bias)
        kept.append(hidden)
    slope = np.broadcast_to(network.layers[-1][0][:, output], kept[-1].shape).astype(np.float64)
    for (matrix, _), out in zip(network.layers[-2::-1], kept[::-1], strict=True):
        slope = (slope * (1 - out**2)) @ matrix.T
    return np.asarray(slope)
