"""The trained planner: scores every candidate and proposes the best at several SLO prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfopt_policies.artefact import Artefact, load
from tfopt_policies.candidates import candidates
from tfopt_policies.observe import OBSERVATION_VERSION, Observation, observe
from tfopt_policies.policy import Problem
from tfopt_sim.types import Configuration, FloatArray

PROPOSALS = 7


@dataclass(frozen=True, slots=True)
class Look:
    """What the planner saw and thought of a group: all that an explanation needs."""

    candidates: tuple[Configuration, ...]
    observation: Observation
    log_prices: tuple[float, ...]  # the SLO prices proposed at, the card's own first
    scores: FloatArray  # (prices, candidates): softmax logits, higher is better
    cost: FloatArray  # (candidates,) predicted cost ÷ `observation.reference_usd`
    miss: FloatArray  # (candidates,) predicted probability of a missed week, 0..1
    spent: float  # group-weeks simulated to see this

    @property
    def order(self) -> list[int]:
        """Return candidates by rank: the best at each price, then runners-up, each once."""
        best = [int(np.argmax(row)) for row in self.scores]
        best += [int(i) for i in np.argsort(-self.scores[0], kind="stable")]
        return list(dict.fromkeys(best))


@dataclass(frozen=True, slots=True)
class Planner:
    """One decision per group: softmax scores of a shared network over the candidates.

    The logarithm of the SLO price λ is an input, so proposals range from frugal to safe: the best
    candidate at the card's own λ comes first, then the best at the others.
    """

    artefact: Artefact
    folder: Path
    name: str = "planner"

    @property
    def sha256(self) -> str:
        """Return the digest of the weights."""
        return self.artefact.sha256

    def propose(self, problem: Problem, rng: np.random.Generator) -> list[Configuration]:  # noqa: ARG002
        """Return the best candidate at each SLO price, then runners-up, each once."""
        seen = self.look(problem)
        return [seen.candidates[i] for i in seen.order[:PROPOSALS]]

    def look(self, problem: Problem, wanted: list[Configuration] | None = None) -> Look:
        """Return what the network sees and says of each candidate (or of each of `wanted`)."""
        configurations = candidates(problem) if wanted is None else wanted
        seen = observe(problem, configurations)
        prices = tuple(float(price) for price in self.artefact.card["log_slo_prices"])
        out = np.stack([self.artefact.network(seen.rows(price)) for price in prices])
        return Look(
            tuple(configurations),
            seen,
            prices,
            scores=out[..., 0],
            cost=np.exp(out[0, :, 1]),
            miss=1 / (1 + np.exp(-out[0, :, 2])),
            spent=seen.spent,
        )


def load_planner(folder: Path) -> Planner:
    """Return the planner whose weights and card lie in `folder`.

    Raises:
        PolicyError: see `tfopt_policies.artefact.load`.
    """
    artefact = load(folder, OBSERVATION_VERSION)
    return Planner(artefact, folder, str(artefact.card.get("name", "planner")))
