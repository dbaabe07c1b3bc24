"""Training groups side by side, and the flights over them that an update learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfopt_policies.control.adjoint import RING, Constants, Course
from tfopt_policies.control.groups import HISTORY, Groups
from tfopt_policies.control.net import Head
from tfopt_policies.control.observation import see, static_features
from tfopt_policies.control.outlook import DAY
from tfopt_policies.control.tables import EVERY, delayed_of, ratio_of, rows_of
from tfopt_sim.draws import BOOT_SIGMA
from tfopt_sim.tables import service_of
from tfopt_sim.types import FloatArray

LOG_PRICES = (0.0, 6.0)  # λ: what a week of bad minutes costs, in the cost of what is needed
WARM_UP = 20  # minutes steered before they count: the start is not the policy's doing
DAMPING = 0.02  # objectives weigh 1 ÷ (1 + damping · λ), so that no price drowns the others


class Field:
    """All training groups, each at an SLO price of its own, on the day after their history.

    The history is what their base is calibrated on, so it is not trained on.
    """

    def __init__(self, groups: Sequence[Groups], head: Head, rng: np.random.Generator):
        prices = [rng.uniform(*LOG_PRICES, len(one.names)) for one in groups]
        seen = [see(one, price, head) for one, price in zip(groups, prices, strict=True)]
        self.log_price = np.concatenate(prices)
        self.constants = constants_of(groups)
        day = slice(HISTORY - DAY, None)
        static = np.concatenate([one.static for one in seen])
        self.static = static_features(self.log_price, static, head).astype(np.float32)
        self.exogenous = np.concatenate([one.exogenous[:, day] for one in seen]).astype(np.float32)
        self.base = np.concatenate([one.base[:, day] for one in seen])
        self.rps = np.concatenate([one.rps[:, HISTORY:] for one in groups])
        self.need = np.concatenate(
            [np.maximum(one.need(one.rps[:, HISTORY:]), 1) for one in groups]
        )
        self.boot = _column(groups, [one.workload.boot_s / 60 for one in groups])

    @property
    def groups(self) -> int:
        """Return how many groups there are."""
        return int(self.rps.shape[0])

    def sample(self, count: int, horizon: int, rng: np.random.Generator) -> Course:
        """Return flights of `horizon` minutes over random groups from random minutes on."""
        rows = rng.integers(0, self.groups, count)
        begin = rng.integers(0, self.rps.shape[1] - horizon, count)
        return self.course(rows, begin, horizon, rng)

    def course(
        self, rows: np.ndarray, begin: np.ndarray, horizon: int, rng: np.random.Generator
    ) -> Course:
        """Return flights over `rows` from the minutes `begin` on, boots drawn afresh."""
        count = rows.size
        at, when = rows[:, None], begin[:, None] + np.arange(horizon + 1)
        boots = self.boot[at] * np.exp(BOOT_SIGMA * rng.standard_normal(when.shape))
        static = self.static[rows][:, None]
        static = np.broadcast_to(static, (count, horizon, static.shape[2]))
        need, price = self.need[at, when], np.exp(self.log_price[rows])
        weight = 1.0 / (1.0 + DAMPING * price) / count
        return Course(
            rows=rows,
            inputs=np.concatenate((static, self.exogenous[at, when[:, :horizon]]), axis=2),
            base=self.base[at, when],
            rps=self.rps[at, when],
            boots=np.clip(np.ceil(boots), 1, RING - 1).astype(np.int64),
            first=np.maximum(np.ceil(need[:, 0]), 1.0),
            by_cost=weight / need[:, WARM_UP + 1 :].sum(axis=1),
            by_harm=weight * price / (horizon - WARM_UP),
            warm_up=WARM_UP,
        )


def constants_of(groups: Sequence[Groups]) -> Constants:
    """Return what stays the same of groups whose rows follow one another."""
    services = [service_of(one.machine, one.workload, one.slo) for one in groups]
    return Constants(
        rate=_column(groups, [service.capacity_rps for service in services]),
        slow_s=_column(groups, [service.slow_s for service in services]),
        work_cv2=_column(groups, [1.0 + service.cv2 for service in services]),
        largest=_column(groups, [float(one.largest) for one in groups]),
        near=_column(groups, [max(1, round(one.workload.boot_s / 120)) for one in groups]).astype(
            np.int64
        ),
        number=_column(groups, list(range(len(groups)))).astype(np.int64),
        tables=np.stack([rows_of(s, g.largest) for s, g in zip(services, groups, strict=True)]),
        ratio=np.array([ratio_of(one.largest) for one in groups]),
        delayed=np.stack([delayed_of(service) for service in services]),
        every=EVERY,
    )


def _column(groups: Sequence[Groups], values: Sequence[float]) -> FloatArray:
    return np.repeat(np.asarray(values, dtype=np.float64), [len(one.names) for one in groups])
