"""Learns to score candidates: full-information policy gradient on one-decision episodes.

Traffic is exogenous, so the exact simulator tells the reward of every candidate and the gradient of
the expected reward needs no sampling: loss = −Σ_a π(a) r(a) − β·entropy(π) + critics. torch is
imported here and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.errors import PolicyError
from tfopt_policies.experience import Experience
from tfopt_policies.network import Network, Weights, standardise
from tfopt_policies.observe import ACTION, CONTEXT
from tfopt_sim.types import FloatArray

# the SLO prices trained on, in weeks of typical cost
LOG_PRICES = (float(np.log(0.3)), float(np.log(300.0)))
PRICE, FORECAST = "price", "forecast"  # what an ablation may hide from the network


@dataclass(frozen=True, slots=True)
class Options:
    """What a training run is made of; the card repeats it."""

    seed: int = 0
    episodes: int = 2400
    epochs: int = 16
    batch: int = 32
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    entropy_first: float = 0.1  # β, annealed geometrically
    entropy_last: float = 0.001
    critic_weight: float = 0.3
    members: int = 3  # networks whose outputs the policy averages
    folds: int = 5  # of series, for what is out of fold
    allowed_misses: float = 0.05  # α: of the attainable weeks of unseen series
    without: tuple[str, ...] = ()  # "forecast", "price", or synthetic kinds not trained on


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the learning curve; rewards are means over episodes and SLO prices."""

    epoch: int
    train_loss: float
    valid_reward: float  # of the greedy choice
    valid_best: float  # of the best candidate in hindsight
    valid_miss_share: float  # of the greedy choice at the card's λ range, weeks over the allowance
    seconds: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """A network and how its learning went."""

    network: Network
    curve: tuple[Epoch, ...]


def import_torch() -> Any:
    """Return the torch module.

    Raises:
        PolicyError: it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise PolicyError(
            "training needs torch", hint="pip install 'tfopt[train]' (CPU is enough)"
        ) from error
    return torch


def reward(experience: Experience, log_price: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rewards and penalties, shape (N, candidates), at one SLO price per episode.

    reward = −(cost + λ·penalty) / √(1 + λ), cost relative to the reference, penalty rising from 0
    to 1 around the allowance of bad minutes and slowly beyond it, so that a week missed by far
    counts more than one missed by a hair. The root keeps rewards of like order over all prices
    without making cost, divided by 1 + λ, too small to learn from where λ is high.
    """
    ratio = np.maximum(experience.bad, 1e-6)
    penalty = ratio**3 / (1 + ratio**3) + 0.1 * np.log1p(np.maximum(ratio - 1, 0))
    price = np.exp(log_price)[:, None]
    cost = np.minimum(experience.cost, 20.0)
    return -(cost + price * penalty) / np.sqrt(1 + price), penalty


def fit(learn: Experience, hold: Experience | None, options: Options) -> Fitted:
    """Return one network fitted on `learn`, its learning curve measured on `hold` if there is one.

    Raises:
        PolicyError: torch is missing.
    """
    torch = import_torch()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    mean, scale = _moments(learn, options.without)
    layers = _layers(torch, mean.size, options.hidden)
    model = torch.nn.Sequential(*layers)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    batches = max(1, len(learn.series) // options.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.learning_rate, total_steps=options.epochs * batches
    )
    curve: list[Epoch] = []
    for epoch in range(options.epochs):
        began = time.monotonic()
        share = epoch / max(1, options.epochs - 1)
        beta = options.entropy_first * (options.entropy_last / options.entropy_first) ** share
        losses = []
        for rows in np.array_split(rng.permutation(len(learn.series)), batches):
            loss = _loss(
                model,
                learn.take(rows),
                (mean, scale),
                beta=beta,
                critic=options.critic_weight,
                log_price=rng.uniform(*LOG_PRICES, rows.size),
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        if hold is not None:
            seconds, network = time.monotonic() - began, _numpy(model, mean, scale)
            curve.append(_measure(network, hold, epoch, float(np.mean(losses)), seconds))
    return Fitted(_numpy(model, mean, scale), tuple(curve))


def _loss(
    model: Any,
    batch: Experience,
    moments: tuple[Weights, Weights],
    *,
    beta: float,
    critic: float,
    log_price: FloatArray,
) -> Any:
    torch = import_torch()
    rows = standardise(inputs(batch, log_price), *moments)
    rewards, penalty = (torch.from_numpy(a.astype(np.float32)) for a in reward(batch, log_price))
    mask = torch.from_numpy(batch.mask.astype(np.float32))
    there = mask > 0  # padding is not worth computing
    out = torch.zeros((*there.shape, 3)).masked_scatter(
        there[..., None], model(torch.from_numpy(rows)[there])
    )
    logits = out[..., 0].masked_fill(mask == 0, -1e9)
    log_pi = torch.log_softmax(logits, dim=1)
    pi = log_pi.exp()
    best = rewards.masked_fill(mask == 0, -1e9).amax(dim=1, keepdim=True)
    regret = ((best - rewards) * pi * mask).sum(dim=1)
    entropy = -(pi * log_pi * mask).sum(dim=1)
    log_cost = torch.from_numpy(np.log(np.maximum(batch.cost, 1e-3)).astype(np.float32))
    critics = (out[..., 1] - log_cost) ** 2 + torch.nn.functional.binary_cross_entropy_with_logits(
        out[..., 2], penalty.clamp(0, 1), reduction="none"
    )
    critics = (critics * mask).sum() / mask.sum()
    return (regret - beta * entropy).mean() + critic * critics


def inputs(batch: Experience, log_price: FloatArray) -> FloatArray:
    """Return the network's inputs, (N, candidates, 1 + context + action features)."""
    shape = batch.mask.shape
    shared = np.column_stack((log_price, batch.context))
    spread = np.broadcast_to(shared[:, None, :], (*shape, shared.shape[1]))
    return np.concatenate((spread, batch.actions), axis=2)


def _layers(torch: Any, width: int, hidden: Sequence[int]) -> list[Any]:
    layers: list[Any] = []
    for size in hidden:
        layers += [torch.nn.Linear(width, size), torch.nn.Tanh()]
        width = size
    return [*layers, torch.nn.Linear(width, 3)]  # score, log cost, logit of a missed week


def _numpy(model: Any, mean: Weights, scale: Weights) -> Network:
    linear = [layer for layer in model if hasattr(layer, "weight")]
    layers = tuple(
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
        for layer in linear
    )
    return Network(mean, scale, layers)


def _moments(learn: Experience, without: Sequence[str]) -> tuple[Weights, Weights]:
    rng = np.random.default_rng(0)
    rows = inputs(learn, rng.uniform(*LOG_PRICES, len(learn.series)))[learn.mask > 0]
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-3)
    scale[blinded(without)] = np.inf  # such a feature is always seen as 0
    return mean.astype(np.float32), scale.astype(np.float32)


def blinded(without: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of the network's inputs an ablation hides."""
    names = (PRICE, *CONTEXT, *ACTION)
    return np.array(
        [
            (FORECAST in without and "_ahead" in name) or (PRICE in without and name == PRICE)
            for name in names
        ]
    )


def greedy(network: Network, hold: Experience, log_price: float) -> NDArray[np.int64]:
    """Return the best-scored candidate of every episode at an SLO price."""
    prices = np.full(len(hold.series), log_price)
    rows = inputs(hold, prices)
    scores = network(rows.reshape(-1, rows.shape[-1]))[:, 0].reshape(hold.mask.shape)
    return np.asarray(np.argmax(np.where(hold.mask > 0, scores, -np.inf), axis=1))


def _miss_share(network: Network, hold: Experience, log_price: float) -> float:
    """Return how often the greedy choice misses a week that some candidate could have held."""
    chosen = greedy(network, hold, log_price)
    possible = attainable(hold)
    missed = hold.bad[np.arange(chosen.size), chosen] > 1
    return float(np.mean(missed[possible])) if possible.any() else 0.0


def _measure(network: Network, hold: Experience, epoch: int, loss: float, seconds: float) -> Epoch:
    gained, best, missed = [], [], []
    for log_price in np.linspace(*LOG_PRICES, 3):
        rewards, _ = reward(hold, np.full(len(hold.series), log_price))
        chosen = greedy(network, hold, float(log_price))
        gained.append(rewards[np.arange(chosen.size), chosen].mean())
        best.append(np.where(hold.mask > 0, rewards, -np.inf).max(axis=1).mean())
        missed.append(_miss_share(network, hold, float(log_price)))
    return Epoch(
        epoch, loss, float(np.mean(gained)), float(np.mean(best)), float(np.mean(missed)), seconds
    )


def attainable(hold: Experience) -> NDArray[np.bool_]:
    """Return the episodes whose week some candidate held."""
    return np.asarray(np.where(hold.mask > 0, hold.bad, np.inf).min(axis=1) <= 1)
