"""Trains the planner: simulates episodes, fits networks, and calibrates how cautious to be.

An episode is a group at one moment and the week that really followed. How well a network does on
series it has not seen is told by networks fitted without them, fold by fold; from these alone comes
the SLO price that the card says.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfopt_policies.artefact import Artefact, save
from tfopt_policies.commit import commit
from tfopt_policies.conformal import least_caution
from tfopt_policies.domain import domain
from tfopt_policies.draws import training_traces
from tfopt_policies.errors import PolicyError
from tfopt_policies.experience import (
    Experience,
    Progress,
    collect,
    load_experience,
    save_experience,
)
from tfopt_policies.learning import (
    FORECAST,
    LOG_PRICES,
    PRICE,
    Epoch,
    Fitted,
    Options,
    attainable,
    fit,
    greedy,
    import_torch,
    reward,
)
from tfopt_policies.network import Network, averaged
from tfopt_policies.observe import CONTEXT, OBSERVATION_VERSION
from tfopt_policies.traces import Trace
from tfopt_sim.demand_paths import KINDS

__all__ = ["Options", "Run", "import_torch", "reward", "train"]
EXPERIENCE_FILE = "experience.npz"
_PRICES = np.linspace(*LOG_PRICES, 41)  # among which the card's own is chosen
_SWEEP = np.linspace(*LOG_PRICES, 7)[::-1]  # that it also proposes at


@dataclass(frozen=True, slots=True)
class Run:
    """How training is run; none of this changes what comes of it."""

    workers: int = 1  # processes
    seeds: int = 1  # policies fitted on the same experience; the further ones into seeds/<k>
    keep_experience: bool = False  # in the folder of the policy, and read from there


@dataclass(frozen=True, slots=True)
class _Job:
    """One ensemble to fit: on which episodes, measured on which."""

    learn: NDArray[np.int64]
    hold: NDArray[np.int64]  # empty: no learning curve is wanted
    options: Options


def train(
    traces: Sequence[Trace],
    out: Path,
    options: Options,
    progress: Progress,
    run: Run = Run(),
) -> Artefact:
    """Train a planner and write policy.npz, card.json and curve.csv into `out`.

    Raises:
        PolicyError: torch is missing, an ablation is unknown, or there are too few series.
    """
    import_torch()
    _check(options)
    began = time.monotonic()
    usable = training_traces(traces)
    experience = _experience(usable, out, options, progress, run)
    simulated_s = time.monotonic() - began
    artefacts = []
    for k in range(run.seeds):
        mine = replace(options, seed=options.seed + k)
        card, network, curve = _policy(experience, mine, progress, run.workers)
        whole = {**_card(usable, mine, simulated_s, time.monotonic() - began), **card}
        folder = out if k == 0 else out / "seeds" / str(k)
        artefacts.append(save(folder, network, whole))
        _write_curve(folder / "curve.csv", curve)
    return artefacts[0]


def _check(options: Options) -> None:
    known = (FORECAST, PRICE, *KINDS)
    for name in options.without:
        if name not in known:
            raise PolicyError(
                f"no part of training is called {name!r}", hint=f"Known: {', '.join(known)}"
            )


def folds_of(series: Sequence[str], folds: int) -> list[NDArray[np.int64]]:
    """Return the rows of each fold: no series is in two, and folds are about equally large.

    Raises:
        PolicyError: there are fewer than two series.
    """
    counts = Counter(series)
    if len(counts) < 2:
        raise PolicyError("one series is too few to hold some back", hint="Ask for more episodes")
    loads = [0] * min(folds, len(counts))
    place = {}
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        place[name] = int(np.argmin(loads))
        loads[place[name]] += count
    where = np.array([place[name] for name in series])
    return [np.flatnonzero(where == fold) for fold in range(len(loads))]


def calibrate(
    networks: Sequence[Network],
    folds: Sequence[NDArray[np.int64]],
    experience: Experience,
    allowed: float,
) -> dict[str, Any]:
    """Return what the card says of caution: the SLO prices to propose at, and what came of them.

    The first price is the lowest that misses no more than `allowed` of the attainable weeks of
    series that the choosing network has not seen, by conformal risk control; then comes a sweep.
    """
    missed, cost = [], []
    for network, rows in zip(networks, folds, strict=True):
        hold = experience.take(rows)
        within = attainable(hold)
        for_all = [greedy(network, hold, float(price)) for price in _PRICES]
        every = np.arange(rows.size)
        missed.append(np.stack([hold.bad[every, c] > 1 for c in for_all])[:, within])
        cost.append(np.stack([hold.cost[every, c] for c in for_all])[:, within])
    losses = np.concatenate(missed, axis=1).astype(np.float64)
    spent = np.concatenate(cost, axis=1)
    chosen = least_caution(losses, allowed)
    first = float(_PRICES[chosen])
    return {
        "log_slo_prices": [first, *(float(price) for price in _SWEEP if price != first)],
        "caution": {
            "method": "conformal risk control on series left out of training",
            "allowed_misses": allowed,
            "folds": len(folds),
            "weeks": int(losses.shape[1]),
            "miss_share": float(losses[chosen].mean()),
            "mean_log_cost": float(np.log(np.maximum(spent[chosen], 1e-3)).mean()),
        },
    }


def _policy(
    experience: Experience, options: Options, progress: Progress, workers: int
) -> tuple[dict[str, Any], Network, tuple[Epoch, ...]]:
    """Return the learned part of the card, the network, and the curve on the first fold."""
    every = np.arange(len(experience.series))
    nothing = np.array([], dtype=np.int64)
    folds = folds_of(experience.series, options.folds)
    jobs = [
        _Job(np.setdiff1d(every, rows), rows if k == 0 else nothing, options)
        for k, rows in enumerate(folds)
    ]
    jobs.append(_Job(every, nothing, options))
    fitted = []
    for index, one in enumerate(_fits(experience, jobs, workers)):
        progress(index, len(jobs), "learning")
        fitted.append(one)
    progress(len(jobs), len(jobs), "learning")
    networks = [one.network for one in fitted]
    card = {
        **calibrate(networks[:-1], folds, experience, options.allowed_misses),
        "validation": asdict(fitted[0].curve[-1]),
        "domain": domain(CONTEXT, experience.context),
    }
    return card, networks[-1], fitted[0].curve


def _fits(experience: Experience, jobs: Sequence[_Job], workers: int) -> Iterator[Fitted]:
    if workers <= 1:
        yield from (_fit(experience, job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_fit, [experience] * len(jobs), jobs)


def _fit(experience: Experience, job: _Job) -> Fitted:
    """Return the average of several networks, with the curve of the first."""
    learn, seed = experience.take(job.learn), job.options.seed
    hold = experience.take(job.hold) if job.hold.size else None
    members = [
        fit(learn, None if member else hold, replace(job.options, seed=1000 * seed + member))
        for member in range(job.options.members)
    ]
    return Fitted(averaged([one.network for one in members]), members[0].curve)


def _experience(
    traces: Sequence[Trace], out: Path, options: Options, progress: Progress, run: Run
) -> Experience:
    """Return simulated episodes; those kept from an earlier run where they are the very same."""
    kinds = tuple(kind for kind in KINDS if kind not in options.without)
    path = out / EXPERIENCE_FILE
    made_of = repr(
        (
            options.seed,
            options.episodes,
            kinds,
            OBSERVATION_VERSION,
            [trace.sha256 for trace in traces],
        )
    )
    if run.keep_experience and path.is_file():
        kept = load_experience(path, made_of)
        if kept is not None:
            return kept
    experience = collect(
        traces, options.episodes, options.seed, progress, kinds=kinds, workers=run.workers
    )
    if run.keep_experience:
        out.mkdir(parents=True, exist_ok=True)
        save_experience(path, experience, made_of)
    return experience


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
        "synthetic": [kind for kind in KINDS if kind not in options.without],
    }


def _write_curve(path: Path, curve: Sequence[Epoch]) -> None:
    names = list(asdict(curve[0]))
    lines = [",".join(names)]
    lines += [",".join(f"{value:.6g}" for value in asdict(epoch).values()) for epoch in curve]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
