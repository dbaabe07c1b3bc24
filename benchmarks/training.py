"""Speed and thrift of the controller's training beside Stable-Baselines3, in one run.

    python benchmarks/training.py [--check] [--out FILE]

    pathwise   environment steps/s, end to end, of the gradient through the compiled twin
    ppo        the same of our own PPO on the exact simulator
    sb3-ppo    the same of Stable-Baselines3's PPO as it comes: its settings, eight Gymnasium
               environments one after another (DummyVecEnv); counts where it reaches 2,740/s
    sb3-wide   of Stable-Baselines3's PPO on our compiled vector environment of 128 groups
    samples    environment steps until the validation cost that PPO ends with is reached

All learn the same task (the hard domain) with networks of two layers of 32; a step is one minute of
one group. --check fails where pathwise is below 40 × sb3-ppo, or needs over a fifth of PPO's steps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from tfopt_policies.control.controller import Controller
from tfopt_policies.control.env import AutoscalingEnv
from tfopt_policies.control.field import Field
from tfopt_policies.control.lanes import Lanes
from tfopt_policies.control.library import vec_env
from tfopt_policies.control.net import Head, initial
from tfopt_policies.control.pathwise import Recipe, adam, compiled_gradient, learn
from tfopt_policies.control.ppo import PpoRecipe, train_ppo
from tfopt_policies.control.training import (
    CURVE_FILE,
    Options,
    Validation,
    training_groups,
    validation_groups,
)
from tfopt_policies.train import import_torch

LEAST_LIBRARY = 0.8 * 3_425  # steps/s below which the library's arm does not count
NET = {"net_arch": [32, 32]}
EVERY = 10  # updates between looks at the pathwise run


def quiet(_done: int, _total: int, _what: str) -> None:
    """Report progress to nobody."""


def pathwise(groups: list[Any], updates: int) -> float:
    """Return environment steps/s of whole updates, drawing flights included."""
    field = Field(groups, Head(), np.random.default_rng(0))
    recipe = replace(Recipe(), updates=updates + 5)
    state = adam(initial(Head(), 0))
    with compiled_gradient(field, Head()) as gradient:
        began = 0.0
        for one, _ in learn(field, recipe, state, gradient, 0):
            if one.updates == 5:  # what comes before is compilation
                began = time.perf_counter()
    return updates * recipe.steps / (time.perf_counter() - began)


def library_as_it_comes(steps: int) -> float:
    """Return environment steps/s of Stable-Baselines3's PPO on eight plain environments."""
    env = DummyVecEnv([lambda: AutoscalingEnv("hard", horizon=480)] * 8)
    return _timed(PPO("MlpPolicy", env, policy_kwargs=NET, seed=0, device="cpu"), steps)


def library_wide(groups: list[Any], steps: int) -> float:
    """Return environment steps/s of Stable-Baselines3's PPO on the vector environment."""
    env = vec_env(Lanes(groups, 480, 0), discrete=False)
    model = PPO(
        "MlpPolicy", env, policy_kwargs=NET, n_steps=64, batch_size=1024, seed=0, device="cpu"
    )
    return _timed(model, steps)


def _timed(model: Any, steps: int) -> float:
    model.learn(2_048)
    done, began = model.num_timesteps, time.perf_counter()
    model.learn(steps, reset_num_timesteps=False)
    return (model.num_timesteps - done) / (time.perf_counter() - began)


def own_ppo(groups: list[Any], steps: int, out: Path) -> tuple[float, int, float]:
    """Return environment steps/s, steps taken and the validation cost it ends with."""
    train_ppo(groups, [], out, 0, PpoRecipe(env_steps=steps), quiet)
    rows = [line.split(",") for line in (out / CURVE_FILE).read_text().splitlines()[1:]]
    last = rows[-1]
    return float(last[1]) / float(last[2]), int(float(last[1])), float(last[4])


def steps_until(groups: list[Any], cost: float) -> int | None:
    """Return the pathwise environment steps after which validation costs at most `cost`.

    None where that is never reached.
    """
    field = Field(groups, Head(), np.random.default_rng((0, 1)))
    validation, recipe = Validation(validation_groups()), Recipe()
    with compiled_gradient(field, Head()) as gradient:
        for state, _ in learn(field, recipe, adam(initial(Head(), 0)), gradient, 0):
            if state.updates % EVERY == 0:
                valid = validation.of(Controller(state.weights.network(), Head()))
                if valid <= cost:
                    return state.updates * recipe.steps
    return None


def main() -> int:
    """Measure, print, and judge where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--ppo-steps", type=int, default=6_000_000)
    asked = parser.parse_args()
    import_torch().set_num_threads(1)
    groups = training_groups([], replace(Options(), blocks=64, groups=8), quiet)
    few = groups[:16]
    speed = {
        "pathwise": pathwise(groups, 200),
        "sb3-ppo": library_as_it_comes(40_000),
        "sb3-wide": library_wide(few, 200_000),
    }
    folder = Path("build/benchmarks/ppo")
    speed["ppo"], ppo_steps, cost = own_ppo(groups, asked.ppo_steps, folder)
    needed = steps_until(groups, cost)
    figures = {
        "command": "python benchmarks/training.py",
        "env_steps_per_s": {name: round(value) for name, value in speed.items()},
        "pathwise_over_sb3": round(speed["pathwise"] / speed["sb3-ppo"], 1),
        "pathwise_over_sb3_wide": round(speed["pathwise"] / speed["sb3-wide"], 1),
        "library_counts": speed["sb3-ppo"] >= LEAST_LIBRARY,
        "ppo_cost": round(cost, 4),
        "ppo_steps": ppo_steps,
        "pathwise_steps_to_ppo_cost": needed,
        "fewer_samples": 0.0 if needed is None else round(ppo_steps / needed, 1),
    }
    print(json.dumps(figures, indent=2))
    if asked.out is not None:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    good = figures["library_counts"] and figures["pathwise_over_sb3"] >= 40
    return 0 if not asked.check or (good and figures["fewer_samples"] >= 5) else 1


if __name__ == "__main__":
    sys.exit(main())
