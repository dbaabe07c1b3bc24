"""Trains the same controller by PPO on the exact simulator: the measured rival of the pathwise way.

Proximal policy optimisation (Schulman et al., 2017) with generalised advantages, a Gaussian policy
whose deviation is annealed geometrically (an entropy bonus or a fixed one ends far worse), and the
network, observation and objective of the pathwise trainer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.artefact import Artefact
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.groups import DAYS, Groups
from tfopt_policies.control.lanes import Lanes
from tfopt_policies.control.net import Head, Weights, initial
from tfopt_policies.control.training import Point, Progress, Validation, finish, validation_groups
from tfopt_policies.traces import Trace
from tfopt_policies.train import import_torch
from tfopt_sim.types import FloatArray

_VALIDATIONS = 10


@dataclass(frozen=True, slots=True)
class PpoRecipe:
    """How PPO learns; the card repeats it."""

    env_steps: int = 6_000_000
    rollout: int = 64  # minutes of every group between updates
    horizon: int = 480  # minutes of an episode
    epochs: int = 4
    minibatches: int = 8
    learning_rate: float = 1e-3
    discount: float = 0.97  # a minute; boots take up to a quarter of an hour
    trace: float = 0.9  # λ of the generalised advantage
    clip: float = 0.2
    sigma_first: float = 0.2
    sigma_last: float = 0.03
    value_weight: float = 0.5


@dataclass(slots=True)
class Rollout:
    """What N groups lived through, arrays of shape (minutes, N, …)."""

    seen: FloatArray
    action: FloatArray
    log_odds: FloatArray
    reward: FloatArray
    value: FloatArray  # (minutes + 1, N)
    ended: FloatArray  # (minutes,)


def train_ppo(
    groups: Sequence[Groups],
    traces: Sequence[Trace],
    out: Path,
    seed: int,
    recipe: PpoRecipe,
    progress: Progress,
) -> Artefact:
    """Train one seed and write policy.npz, card.json and curve.csv into `out`.

    Raises:
        PolicyError: torch is missing.
    """
    torch = import_torch()
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learner = _Learner(torch, seed, recipe)
    validation = Validation(validation_groups())
    lanes = Lanes(groups, recipe.horizon, seed)
    seen, curve, done, spent = lanes.reset(), [], 0, 0.0
    per_update = recipe.rollout * lanes.count
    updates = max(1, recipe.env_steps // per_update)
    for update in range(updates):
        began = time.monotonic()
        progress(update, updates, f"learning, seed {seed}")
        learner.anneal(update / updates)
        rollout, seen = learner.live(lanes, seen)
        learner.improve(rollout)
        done += per_update
        spent += time.monotonic() - began
        if (update + 1) % max(1, updates // _VALIDATIONS) == 0:
            valid = validation.of(Controller(learner.weights().network(), Head()))
            curve.append(Point(update + 1, done, spent, -float(rollout.reward.mean()), valid))
    what = (
        "capacity each minute: calibrated staffing of the forecast × exp(network); trained by "
        "PPO on the exact simulator"
    )
    options = {"seed": seed, "groups": lanes.count, "days": DAYS, "recipe": asdict(recipe)}
    return finish(
        out, learner.weights().network(), curve, traces, what=what, options=options, name="ppo"
    )


class _Learner:
    """Policy and value networks in torch, and PPO's update of both."""

    def __init__(self, torch: Any, seed: int, recipe: PpoRecipe):
        self.torch, self.recipe = torch, recipe
        self.rng = np.random.default_rng((seed, 7))
        self.policy = [torch.tensor(w).requires_grad_() for w in initial(Head(), seed)]
        width = self.policy[0].shape[0]
        self.critic = torch.nn.Sequential(
            torch.nn.Linear(width, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(),
            torch.nn.Linear(64, 1),
        )  # fmt: skip
        self.parameters = [*self.policy, *self.critic.parameters()]
        self.optimiser = torch.optim.Adam(self.parameters, recipe.learning_rate)
        self.sigma = recipe.sigma_first

    def weights(self) -> Weights:
        """Return the policy's weights."""
        return Weights(*(w.detach().numpy().copy() for w in self.policy))

    def anneal(self, share: float) -> None:
        """Set deviation and learning rate at a share of the run."""
        recipe = self.recipe
        self.sigma = recipe.sigma_first * (recipe.sigma_last / recipe.sigma_first) ** share
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * max(0.05, 1.0 - share)

    def live(self, lanes: Lanes, seen: FloatArray) -> tuple[Rollout, FloatArray]:
        """Let the policy act for a while, episodes starting anew where they end."""
        network, minutes = self.weights().network(), self.recipe.rollout
        each = (minutes, lanes.count)
        kept = Rollout(
            seen=np.empty((minutes, *seen.shape)),
            action=np.empty(each),
            log_odds=np.empty(each),
            reward=np.empty(each),
            value=np.empty((minutes + 1, lanes.count)),
            ended=np.empty(minutes),
        )
        for t in range(minutes):
            noise = self.rng.standard_normal(lanes.count)
            kept.seen[t] = seen
            kept.action[t] = network(seen)[:, 0] + self.sigma * noise
            kept.log_odds[t] = -0.5 * noise**2 - np.log(self.sigma)
            kept.value[t] = self._value(seen)
            seen, kept.reward[t], over = lanes.step(kept.action[t])
            kept.ended[t] = float(over)
            if over:  # time is up, the group goes on: its value stands for what is to come
                kept.reward[t] += self.recipe.discount * self._value(seen)
                seen = lanes.reset()
        kept.value[minutes] = self._value(seen)
        return kept, seen

    def improve(self, kept: Rollout) -> None:
        """Take the clipped steps of one rollout."""
        torch, recipe = self.torch, self.recipe
        advantage = self._advantages(kept)
        target = advantage + kept.value[:-1]
        flat = [
            torch.tensor(part.reshape(-1, *part.shape[2:]), dtype=torch.float32)
            for part in (kept.seen, kept.action, kept.log_odds, advantage, target)
        ]
        flat[3] = (flat[3] - flat[3].mean()) / (flat[3].std() + 1e-6)
        for _ in range(recipe.epochs):
            order = torch.tensor(self.rng.permutation(flat[1].shape[0]))
            for rows in torch.chunk(order, recipe.minibatches):
                self._step(*(part[rows] for part in flat))

    def _step(self, seen: Any, action: Any, log_odds: Any, advantage: Any, target: Any) -> None:
        torch, recipe = self.torch, self.recipe
        noise = (action - self._mean(seen)) / self.sigma
        ratio = torch.exp(-0.5 * noise**2 - float(np.log(self.sigma)) - log_odds)
        bounded = ratio.clamp(1 - recipe.clip, 1 + recipe.clip)
        gain = torch.minimum(ratio * advantage, bounded * advantage).mean()
        missed = torch.nn.functional.smooth_l1_loss(self.critic(seen)[:, 0], target)
        self.optimiser.zero_grad()
        (recipe.value_weight * missed - gain).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 0.5)
        self.optimiser.step()

    def _mean(self, seen: Any) -> Any:
        torch, (first, second, last, biases) = self.torch, self.policy
        b1, b2, b3 = torch.split(biases, [first.shape[1], second.shape[1], 1])
        return torch.tanh(torch.tanh(seen @ first + b1) @ second + b2) @ last + b3

    def _value(self, seen: FloatArray) -> FloatArray:
        with self.torch.no_grad():
            values = self.critic(self.torch.tensor(seen, dtype=self.torch.float32))
        return np.asarray(values[:, 0].numpy(), dtype=np.float64)

    def _advantages(self, kept: Rollout) -> FloatArray:
        """Return generalised advantages (Schulman et al., 2016), (minutes, N)."""
        out = np.empty_like(kept.reward)
        last = np.zeros(kept.reward.shape[1])
        for t in range(out.shape[0] - 1, -1, -1):
            goes_on = 1.0 - kept.ended[t]
            surprise = (
                kept.reward[t] + self.recipe.discount * goes_on * kept.value[t + 1] - kept.value[t]
            )
            last = surprise + self.recipe.discount * self.recipe.trace * goes_on * last
            out[t] = last
        return out
