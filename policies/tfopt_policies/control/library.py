"""Stable-Baselines3's PPO, DQN and SAC on the controller's task: the arms that readers expect.

Tuned by Optuna (TPE) over the few settings that matter, then trained from several seeds; what they
learned is exported to the network that NumPy runs, so that all arms are judged alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.artefact import Artefact
from tfopt_policies.control.controller import Controller
from tfopt_policies.control.groups import Groups
from tfopt_policies.control.lanes import Lanes
from tfopt_policies.control.training import Point, Progress, Validation, finish, validation_groups
from tfopt_policies.errors import PolicyError
from tfopt_policies.network import Network
from tfopt_policies.traces import Trace

ALGORITHMS = ("ppo", "dqn", "sac")
_VALIDATIONS = 5
_HIDDEN = [32, 32]


@dataclass(frozen=True, slots=True)
class Budget:
    """How long an algorithm may learn, in environment steps."""

    env_steps: int
    trial_steps: int  # of a trial of the tuning


BUDGETS = {
    "ppo": Budget(1_000_000, 100_000),
    "dqn": Budget(400_000, 60_000),
    "sac": Budget(200_000, 40_000),
}
_HORIZON = 480


def train_library(
    algorithm: str,
    groups: Sequence[Groups],
    traces: Sequence[Trace],
    out: Path,
    progress: Progress,
    *,
    seeds: int = 1,
    first_seed: int = 0,
    trials: int = 0,
    env_steps: int | None = None,
) -> list[Artefact]:
    """Tune, train every seed, and write artefacts: the first into `out`, others into seeds/<n>.

    Raises:
        PolicyError: stable-baselines3 or optuna is missing.
    """
    library = _imported()
    settings = tuned(algorithm, groups, trials, progress) if trials else {}
    steps = env_steps or BUDGETS[algorithm].env_steps
    validation = Validation(validation_groups())
    found = []
    for seed in range(first_seed, first_seed + seeds):
        model = _model(library, algorithm, Lanes(groups, _HORIZON, seed), seed, settings)
        curve: list[Point] = []
        done, spent = 0, 0.0
        for part in range(_VALIDATIONS):
            progress(part, _VALIDATIONS, f"learning {algorithm}, seed {seed}")
            began = time.monotonic()
            model.learn(steps // _VALIDATIONS, reset_num_timesteps=part == 0)
            spent, done = spent + time.monotonic() - began, int(model.num_timesteps)
            valid = validation.of(Controller(exported(model, algorithm)))
            curve.append(Point(part + 1, done, spent, float("nan"), valid))
        folder = out if seed == first_seed else out / "seeds" / str(seed)
        options = {"seed": seed, "tuned": settings, "trials": trials, "horizon": _HORIZON}
        what = f"capacity each minute; Stable-Baselines3's {algorithm.upper()} on the same task"
        network = exported(model, algorithm)
        found.append(
            finish(
                folder, network, curve, traces, what=what, options=options, name=f"sb3-{algorithm}"
            )
        )
    return found


def tuned(
    algorithm: str, groups: Sequence[Groups], trials: int, progress: Progress
) -> dict[str, Any]:
    """Return the settings that did best in short runs, by Optuna."""
    library = _imported()
    optuna = library["optuna"]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    validation = Validation(validation_groups(count=6))

    def objective(trial: Any) -> float:
        progress(trial.number, trials, f"tuning {algorithm}")
        settings = _suggested(trial, algorithm)
        model = _model(library, algorithm, Lanes(groups, _HORIZON, 100), 100, settings)
        model.learn(BUDGETS[algorithm].trial_steps)
        return validation.of(Controller(exported(model, algorithm)))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=trials)
    return dict(study.best_params)


def _suggested(trial: Any, algorithm: str) -> dict[str, Any]:
    common = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 3e-3, log=True),
        "gamma": trial.suggest_categorical("gamma", [0.9, 0.97, 0.99]),
    }
    if algorithm == "ppo":
        return {
            **common,
            "log_std_init": trial.suggest_float("log_std_init", -3.0, -1.0),
            "n_epochs": trial.suggest_int("n_epochs", 3, 10),
        }
    return {**common, "gradient_steps": trial.suggest_categorical("gradient_steps", [4, 8, 16])}


def _model(
    library: dict[str, Any], algorithm: str, lanes: Lanes, seed: int, settings: dict[str, Any]
) -> Any:
    library["torch"].set_num_threads(1)
    env = vec_env(lanes, discrete=algorithm == "dqn")
    net = {"net_arch": list(_HIDDEN), "activation_fn": library["torch"].nn.Tanh}
    rest = dict(settings)
    common = {"seed": seed, "device": "cpu", "verbose": 0}
    if algorithm == "ppo":
        net["log_std_init"] = rest.pop("log_std_init", -1.6)
        settled = {"n_steps": 64, "batch_size": 1024, "ent_coef": 0.0, "n_epochs": 5, **rest}
        return library["PPO"]("MlpPolicy", env, policy_kwargs=net, **settled, **common)
    settled = {
        "buffer_size": 200_000, "learning_starts": 5_000, "batch_size": 256, "train_freq": 1,
        "gradient_steps": 8, **rest,
    }  # fmt: skip
    if algorithm == "dqn":  # learning goes on in parts, each of which would end exploration early
        settled = {"exploration_fraction": 0.5, **settled}
    kind = library["DQN"] if algorithm == "dqn" else library["SAC"]
    return kind("MlpPolicy", env, policy_kwargs=net, **settled, **common)


def exported(model: Any, algorithm: str) -> Network:
    """Return what a model does without noise as the network that NumPy runs."""
    from tfopt_policies.control.env import SPAN

    policy = model.policy
    if algorithm == "ppo":
        layers = _linear(policy.mlp_extractor.policy_net) + _linear([policy.action_net])
        matrix, bias = layers.pop()
        layers.append((matrix * SPAN, bias * SPAN))
    elif algorithm == "dqn":
        layers = _linear(policy.q_net.q_net)
    else:  # SAC squashes its mean: one more hidden unit
        layers = _linear(policy.actor.latent_pi) + _linear([policy.actor.mu])
        layers.append((np.full((1, 1), SPAN, np.float32), np.zeros(1, np.float32)))
    width = layers[0][0].shape[0]
    return Network(np.zeros(width, np.float32), np.ones(width, np.float32), tuple(layers))


def _linear(modules: Any) -> list[tuple[Any, Any]]:
    return [
        (m.weight.detach().numpy().T.copy(), m.bias.detach().numpy().copy())
        for m in modules
        if hasattr(m, "weight")
    ]


def vec_env(lanes: Lanes, *, discrete: bool) -> Any:
    """Return the environment as Stable-Baselines3 takes it, every group a member."""
    from stable_baselines3.common.vec_env import VecEnv

    from tfopt_policies.control.env import AutoscalingVectorEnv

    inner = AutoscalingVectorEnv(lanes, discrete=discrete)

    class Members(VecEnv):  # type: ignore[misc]
        """Stable-Baselines3's view of `AutoscalingVectorEnv`."""

        def __init__(self) -> None:
            super().__init__(lanes.count, inner.single_observation_space, inner.single_action_space)
            self.actions: Any = None

        def reset(self) -> Any:
            return inner.reset()[0]

        def step_async(self, actions: Any) -> None:
            self.actions = actions

        def step_wait(self) -> tuple[Any, Any, Any, list[dict[str, Any]]]:
            seen, reward, _, ended, info = inner.step(self.actions)
            infos: list[dict[str, Any]] = [{} for _ in range(lanes.count)]
            if "final_obs" in info:
                for member, last in zip(infos, info["final_obs"], strict=True):
                    member |= {"terminal_observation": last, "TimeLimit.truncated": True}
            return seen, reward.astype(np.float32), ended, infos

        def close(self) -> None:
            """Nothing is held open."""

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [getattr(inner, attr_name, None)] * self._members(indices)

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
            raise NotImplementedError(f"{attr_name} of a group cannot be set")

        def env_method(
            self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
        ) -> Any:
            raise NotImplementedError(f"groups have no {method_name}")

        def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
            del wrapper_class
            return [False] * self._members(indices)

        def _members(self, indices: Any) -> int:
            return lanes.count if indices is None else len(list(np.atleast_1d(indices)))

    return Members()


def _imported() -> dict[str, Any]:
    try:
        import optuna
        import stable_baselines3 as sb3
        import torch
    except ImportError as error:
        raise PolicyError(
            "training needs stable-baselines3, optuna and torch", hint="pip install 'tfopt[train]'"
        ) from error
    return {"optuna": optuna, "torch": torch, "PPO": sb3.PPO, "DQN": sb3.DQN, "SAC": sb3.SAC}
