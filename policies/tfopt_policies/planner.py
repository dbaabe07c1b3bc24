"""The trained planner: scores every candidate and proposes the best at several SLO prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfopt_policies.artefact import Artefact, load
from tfopt_policies.candidates import candidates
from tfopt_policies.observe import OBSERVATION_VERSION, observe
from tfopt_policies.policy import Problem
from tfopt_sim.types import Configuration, FloatArray

PROPOSALS = 7


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
        wanted = candidates(problem)
        scores = self.scores(problem, wanted)
        order = [int(np.argmax(row)) for row in scores]
        order += [int(i) for i in np.argsort(-scores[0], kind="stable")[1:PROPOSALS]]
        return [wanted[i] for i in dict.fromkeys(order)][:PROPOSALS]

    def scores(self, problem: Problem, wanted: list[Configuration]) -> FloatArray:
        """Return the network's score of every candidate, shape (SLO prices, candidates)."""
        seen = observe(problem, wanted)
        prices = self.artefact.card["log_slo_prices"]
        return np.stack([self.artefact.network(seen.rows(price))[:, 0] for price in prices])


def load_planner(folder: Path) -> Planner:
    """Return the planner whose weights and card lie in `folder`.

    Raises:
        PolicyError: see `tfopt_policies.artefact.load`.
    """
    artefact = load(folder, OBSERVATION_VERSION)
    return Planner(artefact, folder, str(artefact.card.get("name", "planner")))
