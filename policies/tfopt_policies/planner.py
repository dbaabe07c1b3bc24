"""The trained planner: scores every candidate and proposes the best at several SLO prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfopt_policies.artefact import Artefact, load
from tfopt_policies.calibrated import single_steps
from tfopt_policies.candidates import candidates
from tfopt_policies.domain import Strange, strange
from tfopt_policies.expressible import distinct
from tfopt_policies.observe import (
    ACTION,
    CONTEXT,
    OBSERVATION_VERSION,
    Observation,
    context_of,
    observe,
)
from tfopt_policies.policy import Problem
from tfopt_sim.types import Configuration, FloatArray

PROPOSALS = 7
DIAL = np.linspace(np.log(0.3), np.log(300.0), 16)  # log SLO prices, for comparisons
ROUNDS, LEADERS = 2, 3  # of the polish: each tries single steps around this many candidates


@dataclass(frozen=True, slots=True)
class Look:
    """What the planner saw and thought of a group: all that an explanation needs."""

    candidates: tuple[Configuration, ...]  # the grid, then what the polish tried around its best
    observation: Observation
    log_prices: tuple[float, ...]  # the SLO prices proposed at, the card's own first
    scores: FloatArray  # (prices, candidates): softmax logits, higher is better
    cost: FloatArray  # (candidates,) predicted cost ÷ `observation.reference_usd`
    miss: FloatArray  # (candidates,) predicted probability of a missed week, 0..1
    grid: int  # how many candidates are of the grid

    @property
    def spent(self) -> float:
        """Return the group-weeks simulated to see this."""
        return self.observation.spent

    @property
    def best(self) -> int:
        """Return the choice at the card's own price.

        The price was calibrated on the grid alone, and the best of more candidates is more often a
        lucky one; so what the polish found must not look riskier than the grid's own choice.
        """
        own = int(np.argmax(self.scores[0, : self.grid]))
        safe = self.miss <= self.miss[own]
        safe[own] = True
        return int(np.argmax(np.where(safe, self.scores[0], -np.inf)))

    @property
    def order(self) -> list[int]:
        """Return candidates by rank: the choice, the best at each price, runners-up, each once."""
        best = [self.best, *(int(np.argmax(row)) for row in self.scores[1:])]
        best += [int(i) for i in np.argsort(-self.scores[0], kind="stable")]
        return list(dict.fromkeys(best))

    def beside(self, other: Look) -> Look:
        """Return this look with further candidates of the same group after its own."""
        mine, theirs = self.observation, other.observation
        return replace(
            self,
            candidates=self.candidates + other.candidates,
            observation=replace(
                mine,
                actions=np.vstack((mine.actions, theirs.actions)),
                spent=mine.spent + theirs.spent,
            ),
            scores=np.hstack((self.scores, other.scores)),
            cost=np.concatenate((self.cost, other.cost)),
            miss=np.concatenate((self.miss, other.miss)),
        )


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

    def dialled(self, problem: Problem) -> list[Configuration]:
        """Return the best of the grid at each of `DIAL` log SLO prices, frugal to safe."""
        wanted = candidates(problem)
        seen = observe(problem, wanted)
        scores = (self.artefact.network(seen.rows(float(price)))[:, 0] for price in DIAL)
        return [wanted[int(np.argmax(row))] for row in scores]

    def strange(self, problem: Problem) -> Strange | None:
        """Return how the group lies outside what the planner was trained on; None where within."""
        stated = self.artefact.card.get("domain")
        return None if stated is None else strange(stated, context_of(problem))

    def look(self, problem: Problem) -> Look:
        """Return what `propose` decides by: the grid, and a few rounds around its best."""
        seen = self.view(problem, candidates(problem))
        for _ in range(ROUNDS):
            leaders = [seen.candidates[i] for i in seen.order[:LEADERS]]
            known = set(seen.candidates)
            around = distinct(problem, (near for c in leaders for near in single_steps(c)))
            new = [near for near in around if near not in known]
            if not new:
                break
            seen = seen.beside(self.view(problem, new))
        return seen

    def view(self, problem: Problem, wanted: list[Configuration]) -> Look:
        """Return what the network sees and says of each of `wanted`."""
        seen = observe(problem, wanted)
        prices = tuple(float(price) for price in self.artefact.card["log_slo_prices"])
        out = np.stack([self.artefact.network(seen.rows(price)) for price in prices])
        return Look(
            tuple(wanted),
            seen,
            prices,
            scores=out[..., 0],
            cost=np.exp(out[0, :, 1]),
            miss=1 / (1 + np.exp(-out[0, :, 2])),
            grid=len(wanted),
        )


def load_planner(folder: Path) -> Planner:
    """Return the planner whose weights and card lie in `folder`.

    Raises:
        PolicyError: see `tfopt_policies.artefact.load`.
    """
    artefact = load(folder, OBSERVATION_VERSION, 1 + len(CONTEXT) + len(ACTION))
    return Planner(artefact, folder, str(artefact.card.get("name", "planner")))
