"""The trained controller at work: NumPy, one small network, every group at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tfopt_policies.control.groups import Groups
from tfopt_policies.control.net import Head
from tfopt_policies.control.observation import Seen, see, state_features, static_features
from tfopt_policies.control.outlook import DAY
from tfopt_policies.network import Network
from tfopt_sim.controlled import BACKLOG, BOOTING, IN_SERVICE, SOON, Block
from tfopt_sim.types import FloatArray

CHOICES = np.linspace(-0.6, 0.9, 11)  # log(capacity ÷ base) of networks that score a few of them


def log_factors(outputs: FloatArray) -> FloatArray:
    """Return log(capacity ÷ base), (N,), of outputs (N, 1), or of scores of `CHOICES`."""
    if outputs.shape[1] == 1:
        return np.asarray(outputs[:, 0])
    return np.asarray(CHOICES[np.argmax(outputs, axis=1)])


@dataclass(frozen=True, slots=True)
class Controller:
    """Capacity = staffing need of the forecast × exp(network(observation)), bounded."""

    network: Network
    head: Head = field(default_factory=Head)

    def pilot(self, groups: Groups, log_price: FloatArray | float) -> ControllerPilot:
        """Return the controller at the helm of N groups, at one SLO price or one for each."""
        prices = np.broadcast_to(np.asarray(log_price, dtype=np.float64), (len(groups.names),))
        seen = see(groups, prices, self.head)
        return ControllerPilot(self, groups, seen, static_features(prices, seen.static, self.head))


@dataclass(frozen=True, slots=True)
class ControllerPilot:
    """A controller that has seen the demand of its groups."""

    controller: Controller
    groups: Groups
    seen: Seen
    static: FloatArray  # (N, len(STATIC))

    def wanted(self, minute: int, last: FloatArray, block: Block) -> FloatArray:
        """Return wanted instances (N,), as real numbers."""
        head = self.controller.head
        base = self.seen.base[:, minute]
        out = log_factors(self.controller.network(self.observed(minute, last, block)))
        return np.asarray(base * np.exp(np.clip(out, *head.bounds)))

    def observed(self, minute: int, last: FloatArray, block: Block) -> FloatArray:
        """Return what the network sees, (N, features)."""
        serving, booting = last[:, IN_SERVICE], last[:, BOOTING]
        rate = np.maximum(serving, 0.05) * block.serving.capacity_rps
        state = state_features(
            np, self.seen.base[:, minute], serving, serving + booting, serving + last[:, SOON],
            last[:, BACKLOG] / (60 * rate), self.rps(minute) / rate,
        )  # fmt: skip
        return np.column_stack((self.static, self.seen.exogenous[:, minute], *state))

    def rps(self, minute: int) -> FloatArray:
        """Return the demand of a minute seen, (N,)."""
        return self.groups.rps[:, DAY + minute]
