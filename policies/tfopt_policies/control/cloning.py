"""Imitates the clairvoyant: the ablation that shows why hindsight is no teacher.

The clairvoyant's sizes, ordered a boot ahead, are flown in the exact simulator; the network learns
by least squares what it would have ordered from what a controller sees. It holds no safety stock,
for it needs none: who imitates it fails where it could not have known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tfopt_policies.artefact import Artefact
from tfopt_policies.bound import relaxed_sizes
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.field import LOG_PRICES
from tfopt_policies.control.groups import HISTORY, Groups
from tfopt_policies.control.net import Matrix, Weights, initial
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.pathwise import Adam, adam
from tfopt_policies.control.rollout import first_sizes
from tfopt_policies.control.training import (
    Options,
    Point,
    Progress,
    Validation,
    finish,
    validation_groups,
)
from tfopt_policies.traces import Trace
from tfopt_sim.types import FloatArray

_EPOCHS, _BATCH, _RATE = 4, 4096, 3e-3


def train_clone(
    groups: Sequence[Groups],
    traces: Sequence[Trace],
    out: Path,
    options: Options,
    progress: Progress,
) -> Artefact:
    """Clone the clairvoyant on the groups' last day and write the artefact into `out`."""
    rng = np.random.default_rng((options.seed, 3))
    lessons = []
    for index, one in enumerate(groups):
        progress(index, len(groups), "watching the clairvoyant")
        lessons.append(_lesson(one, options, rng))
    seen = np.concatenate([x for x, _ in lessons]).astype(np.float32)
    wanted = np.concatenate([y for _, y in lessons]).astype(np.float32)
    state = adam(initial(options.head, options.seed))
    loss = 0.0
    for epoch in range(_EPOCHS):
        progress(epoch, _EPOCHS, "imitating")
        for rows in np.array_split(rng.permutation(wanted.size), max(1, wanted.size // _BATCH)):
            loss = _imitate(state, seen[rows], wanted[rows], _RATE * (1 - epoch / _EPOCHS))
    network = state.weights.network()
    valid = Validation(validation_groups()).of(Controller(network, options.head))
    curve = [Point(state.updates, int(wanted.size), 0.0, loss, valid)]
    what = "capacity each minute; imitates the clairvoyant bound by least squares"
    return finish(out, network, curve, traces, what=what, options=asdict(options), name="clone")


def _lesson(
    groups: Groups, options: Options, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return what is seen along the clairvoyant's way, and log(its order ÷ base)."""
    log_price = rng.uniform(*LOG_PRICES, len(groups.names))
    rps = groups.rps[:, HISTORY:]
    needed = np.maximum(np.ceil(groups.need(rps)), 1).astype(np.int64)
    price = np.exp(log_price) * needed.mean(axis=1)
    sizes = relaxed_sizes(needed, groups.workload.boot_s / 60, price)
    ordered = np.concatenate((sizes[:, groups.lead :], sizes[:, -groups.lead :]), axis=1)
    blank = Controller(initial(options.head, 0).network(), options.head)
    pilot = blank.pilot(groups, log_price)
    block = groups.block(HISTORY, HISTORY + DAY, seed=options.seed)
    last = block.reset(first_sizes(groups, HISTORY))
    seen, wanted = [], []
    for minute in range(DAY - 1):
        at = HISTORY + minute - DAY
        order = np.clip(ordered[:, minute], 1, block.largest)
        seen.append(pilot.observed(at, last, block))
        wanted.append(np.log(order / pilot.seen.base[:, at]))
        last = block.advance(order, minute + 1)
    bounds = options.head.bounds
    return np.concatenate(seen), np.clip(np.concatenate(wanted), *bounds)


def _imitate(state: Adam, x: Matrix, y: Matrix, rate: float) -> float:
    """Take one step of least squares; return the loss before it."""
    first, second, last, biases = state.weights
    hidden = last.size
    b1, b2, b3 = np.split(biases, [hidden, 2 * hidden])
    h1 = np.tanh(x @ first + b1)
    h2 = np.tanh(h1 @ second + b2)
    gap = h2 @ last + b3 - y
    out = 2 * gap / gap.size
    d2 = out[:, None] * last * (1 - h2**2)
    d1 = (d2 @ second.T) * (1 - h1**2)
    slopes = np.concatenate((d1.sum(axis=0), d2.sum(axis=0), [out.sum()])).astype(np.float32)
    state.follow(Weights(x.T @ d1, h1.T @ d2, h2.T @ out, slopes), rate)
    return float(np.mean(gap**2))
