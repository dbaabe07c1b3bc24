"""Trains the planner: full-information policy gradient on one-decision episodes.

An episode is a group at one moment and the week that really followed. Traffic is exogenous, so the
exact simulator tells the reward of every candidate and the gradient of the expected reward needs no
sampling: loss = −Σ_a π(a) r(a) − β·entropy(π) + critics. torch is imported here and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.artefact import Artefact, save
from tfopt_policies.commit import commit
from tfopt_policies.draws import training_traces
from tfopt_policies.errors import PolicyError
from tfopt_policies.experience import Experience, Progress, collect
from tfopt_policies.network import Network, Weights, standardise
from tfopt_policies.observe import OBSERVATION_VERSION
from tfopt_policies.traces import Trace
from tfopt_sim.types import FloatArray

LOG_PRICES = (
    float(np.log(0.3)),
    float(np.log(100.0)),
)  # the SLO prices trained on, in weeks of typical cost


@dataclass(frozen=True, slots=True)
class Options:
    """What a training run is made of; the card repeats it."""

    seed: int = 0
    episodes: int = 2000
    epochs: int = 40
    batch: int = 32
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    entropy_first: float = 0.1  # β, annealed geometrically
    entropy_last: float = 0.001
    critic_weight: float = 0.3
    validation_share: float = 0.15


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the learning curve; rewards are means over episodes and SLO prices."""

    epoch: int
    train_loss: float
    valid_reward: float  # of the greedy choice
    valid_best: float  # of the best candidate in hindsight
    valid_miss_share: float  # of the greedy choice at the card's λ range, weeks over the allowance
    seconds: float


def train(traces: Sequence[Trace], out: Path, options: Options, progress: Progress) -> Artefact:
    """Train a planner and write policy.npz, card.json and curve.csv into `out`.

    Raises:
        PolicyError: torch is missing, or there are too few episodes to hold some back.
    """
    torch = import_torch()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    began = time.monotonic()
    usable = training_traces(traces)
    experience = collect(usable, options.episodes, options.seed, progress)
    learn, hold = _split(experience, options)
    simulated_s = time.monotonic() - began
    network, curve = _fit(torch, learn, hold, options, progress)
    prices = choose_prices(network, hold)
    card = {
        **_card(usable, options, simulated_s, time.monotonic() - began),
        "log_slo_prices": prices,
        "validation": asdict(curve[-1]),
    }
    artefact = save(out, network, card)
    _write_curve(out / "curve.csv", curve)
    return artefact


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

    reward = −(cost + λ·penalty) / (1 + λ), cost relative to the reference, penalty rising from 0 to
    1 around the allowance of bad minutes and slowly beyond it, so that a week missed by far counts
    more than one missed by a hair.
    """
    ratio = np.maximum(experience.bad, 1e-6)
    penalty = ratio**3 / (1 + ratio**3) + 0.1 * np.log1p(np.maximum(ratio - 1, 0))
    price = np.exp(log_price)[:, None]
    cost = np.minimum(experience.cost, 20.0)
    return -(cost + price * penalty) / (1 + price), penalty


def choose_prices(network: Network, hold: Experience) -> list[float]:
    """Return the log SLO prices to propose at: first the one that misses ≤ 5 %, then a sweep."""
    grid = np.linspace(*LOG_PRICES, 7)
    missed = [_miss_share(network, hold, float(price)) for price in grid]
    safe = [price for price, share in zip(grid, missed, strict=True) if share <= 0.05]
    first = float(safe[0] if safe else grid[int(np.argmin(missed))])
    return [first, *(float(price) for price in grid[::-1] if price != first)]


def _fit(
    torch: Any, learn: Experience, hold: Experience, options: Options, progress: Progress
) -> tuple[Network, list[Epoch]]:
    rng = np.random.default_rng(options.seed)
    mean, scale = _moments(learn)
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
        progress(epoch, options.epochs, "learning")
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
        network = _numpy(model, mean, scale)
        curve.append(
            _measure(network, hold, epoch, float(np.mean(losses)), time.monotonic() - began)
        )
    progress(options.epochs, options.epochs, "learning")
    return network, curve


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
    out = model(torch.from_numpy(rows))
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


def _moments(learn: Experience) -> tuple[Weights, Weights]:
    rng = np.random.default_rng(0)
    rows = inputs(learn, rng.uniform(*LOG_PRICES, len(learn.series)))[learn.mask > 0]
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-3)
    return mean.astype(np.float32), scale.astype(np.float32)


def _split(experience: Experience, options: Options) -> tuple[Experience, Experience]:
    count = len(experience.series)
    held = round(count * options.validation_share)
    if held < 1 or held >= count:
        raise PolicyError(f"{count} episodes are too few to hold some back", hint="Ask for more")
    order = np.random.default_rng(options.seed).permutation(count)
    return experience.take(order[held:]), experience.take(order[:held])


def _greedy(network: Network, hold: Experience, log_price: float) -> NDArray[np.int64]:
    prices = np.full(len(hold.series), log_price)
    rows = inputs(hold, prices)
    scores = network(rows.reshape(-1, rows.shape[-1]))[:, 0].reshape(hold.mask.shape)
    return np.asarray(np.argmax(np.where(hold.mask > 0, scores, -np.inf), axis=1))


def _miss_share(network: Network, hold: Experience, log_price: float) -> float:
    """Return how often the greedy choice misses a week that some candidate could have held."""
    chosen = _greedy(network, hold, log_price)
    possible = np.where(hold.mask > 0, hold.bad, np.inf).min(axis=1) <= 1
    missed = hold.bad[np.arange(chosen.size), chosen] > 1
    return float(np.mean(missed[possible])) if possible.any() else 0.0


def _measure(network: Network, hold: Experience, epoch: int, loss: float, seconds: float) -> Epoch:
    gained, best, missed = [], [], []
    for log_price in np.linspace(*LOG_PRICES, 3):
        rewards, _ = reward(hold, np.full(len(hold.series), log_price))
        chosen = _greedy(network, hold, float(log_price))
        gained.append(rewards[np.arange(chosen.size), chosen].mean())
        best.append(np.where(hold.mask > 0, rewards, -np.inf).max(axis=1).mean())
        missed.append(_miss_share(network, hold, float(log_price)))
    return Epoch(
        epoch, loss, float(np.mean(gained)), float(np.mean(best)), float(np.mean(missed)), seconds
    )


def _card(
    traces: Sequence[Trace], options: Options, simulated_s: float, total_s: float
) -> dict[str, Any]:
    return {
        "name": "planner",
        "what": "one decision per group: a shared network scores expressible candidates; trained "
        "by full-information policy gradient on the exact simulator, real and synthetic weeks",
        "observation_version": OBSERVATION_VERSION,
        "options": asdict(options),
        "commit": commit(),
        "seconds": {"simulating": round(simulated_s, 1), "in all": round(total_s, 1)},
        "training_data": [
            {"trace": trace.name, "sha256": trace.sha256, "licence": trace.licence}
            for trace in traces
        ],
        "synthetic": "tfopt_sim.demand_paths, every kind",
    }


def _write_curve(path: Path, curve: Sequence[Epoch]) -> None:
    names = list(asdict(curve[0]))
    lines = [",".join(names)]
    lines += [",".join(f"{value:.6g}" for value in asdict(epoch).values()) for epoch in curve]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
