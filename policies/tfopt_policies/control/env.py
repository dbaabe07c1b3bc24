"""Gymnasium environments of the controller's task, one group or many.

`gymnasium.make("tfopt/Autoscaling-easy-v0")` after importing this module; easy, medium and hard are
the domains of `groups.DOMAINS`. An action of ±1 is a logarithm of capacity ÷ base of
± `SPAN`, the base the calibrated staffing; the discrete form picks one of `CHOICES`. The reward of
a minute is −(instances ÷ need + λ · P(the minute is bad)), damped so that no λ drowns the others.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from tfopt_policies.control.controller import CHOICES
from tfopt_policies.control.groups import DOMAINS, Level, draw_groups
from tfopt_policies.control.lanes import FEATURE_COUNT, Lanes
from tfopt_policies.control.outlook import DAY

Observation = NDArray[np.float32]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")
SPAN = 1.5
_LIMIT = 10.0  # of what is seen; features are logarithms and shares


def observation_space() -> spaces.Box:
    """Return the space of what one group's controller sees."""
    return spaces.Box(-_LIMIT, _LIMIT, (FEATURE_COUNT,), np.float32)


def action_space(*, discrete: bool) -> spaces.Space[Any]:
    """Return the space of one group's actions."""
    if discrete:
        return spaces.Discrete(len(CHOICES))
    return spaces.Box(-1.0, 1.0, (1,), np.float32)


class AutoscalingEnv(gymnasium.Env[Observation, Any]):  # type: ignore[misc]
    """One group; every episode is another one's day.

    Args:
        level: how varied the groups are.
        discrete: whether actions are picked from `CHOICES`.
        horizon: minutes of an episode.
        render_mode: "ansi" or None.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        level: Level = "hard",
        *,
        discrete: bool = False,
        horizon: int = DAY,
        render_mode: str | None = None,
    ):
        self.level, self.discrete, self.horizon = level, discrete, horizon
        self.render_mode = render_mode
        self.observation_space = observation_space()
        self.action_space = action_space(discrete=discrete)
        self._lanes: Lanes | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start a day of a random group."""
        super().reset(seed=seed, options=options)
        group = draw_groups(self.np_random, 1, DOMAINS[self.level])
        self._lanes = Lanes([group], self.horizon, int(self.np_random.integers(2**31)))
        return _shown(self._lanes.reset())[0], {"demand": group.names[0]}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Order a capacity and serve a minute; the last one brings the episode's report."""
        assert self._lanes is not None, "reset comes first"
        seen, reward, over = self._lanes.step(log_factors([action], discrete=self.discrete))
        info = {"report": asdict(self._lanes.reports()[0])} if over else {}
        return _shown(seen)[0], float(reward[0]), False, over, info

    def render(self) -> str | None:
        """Return the last minute as a line."""
        if self.render_mode != "ansi" or self._lanes is None:
            return None
        served, billed, *_ = self._lanes.history[-1][0]
        return f"minute {self._lanes.minute}: {served:.0f} in service, {billed:.0f} billed"


class AutoscalingVectorEnv(VectorEnv[Any, Any, Any]):  # type: ignore[misc]
    """Many groups in one compiled call; episodes of all end together and start anew at once.

    Autoreset mode is same-step: the step that ends an episode returns the next one's first
    observation, and the last one under `final_obs`.
    """

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, lanes: Lanes, *, discrete: bool = False):
        self.lanes, self.discrete = lanes, discrete
        self.num_envs = lanes.count
        self.single_observation_space = observation_space()
        self.single_action_space = action_space(discrete=discrete)
        self.observation_space = gymnasium.vector.utils.batch_space(
            self.single_observation_space, self.num_envs
        )
        self.action_space = gymnasium.vector.utils.batch_space(
            self.single_action_space, self.num_envs
        )

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode of every group."""
        del options
        if isinstance(seed, int):
            self.lanes.rng = np.random.default_rng(seed)
        return _shown(self.lanes.reset()), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Order capacities and serve a minute of every group."""
        seen, reward, over = self.lanes.step(log_factors(actions, discrete=self.discrete))
        info: dict[str, Any] = {}
        if over:
            info = {"final_obs": _shown(seen), "reports": self.lanes.reports()}
            seen = self.lanes.reset()
        ended = np.full(self.num_envs, over)
        return _shown(seen), reward, np.zeros_like(ended), ended, info


def log_factors(actions: Any, *, discrete: bool) -> NDArray[np.float64]:
    """Return log(capacity ÷ base) of actions of either form, (N,)."""
    if discrete:
        return CHOICES[np.asarray(actions, dtype=np.int64).reshape(-1)]
    return SPAN * np.asarray(actions, dtype=np.float64).reshape(-1)


def _shown(seen: NDArray[np.float64]) -> Observation:
    return np.clip(seen, -_LIMIT, _LIMIT).astype(np.float32)


def register() -> None:
    """Make the environments known to `gymnasium.make`."""
    for level in LEVELS:
        name = f"tfopt/Autoscaling-{level}-v0"
        if name not in gymnasium.registry:
            gymnasium.register(name, AutoscalingEnv, kwargs={"level": level})


register()
