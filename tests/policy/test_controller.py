"""The controller: its twin is the simulator, its gradient is right, its training picks up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfopt_policies.artefact import load
from tfopt_policies.control.adjoint import fly as compiled_fly
from tfopt_policies.control.algorithms import Run, options_of
from tfopt_policies.control.controller import CHOICES, Controller, log_factors
from tfopt_policies.control.field import Field
from tfopt_policies.control.groups import DAYS, DOMAINS, HISTORY, Groups, draw_groups
from tfopt_policies.control.judge import judge, matched, synthetic_tasks
from tfopt_policies.control.lanes import Lanes
from tfopt_policies.control.net import Head, Weights, initial, weights_of
from tfopt_policies.control.observation import CONTROL_VERSION, FEATURES, see
from tfopt_policies.control.outlook import DAY, outlook, trailing_peak
from tfopt_policies.control.pathwise import Recipe, adam, compiled_gradient, learn
from tfopt_policies.control.rollout import fly, follow
from tfopt_policies.control.staffing import SETTINGS, calibrate, calibrated
from tfopt_policies.control.training import STATE_FILE, Options, train_controller
from tfopt_policies.errors import PolicyError
from tfopt_sim.controlled import BAD, BILLED, SLOW

TINY = Options(
    seed=3, blocks=2, groups=3, head=Head(hidden=8), recipe=Recipe(20, 6, 60, 5e-3)
)  # fmt: skip


def quiet(_done: int, _total: int, _what: str) -> None:
    """Report progress to nobody."""


@pytest.fixture(scope="module")
def groups() -> list[Groups]:
    rng = np.random.default_rng(0)
    return [draw_groups(rng, 3, DOMAINS["hard"]) for _ in range(3)]


@pytest.fixture(scope="module")
def field(groups: list[Groups]) -> Field:
    return Field(groups, Head(hidden=8), np.random.default_rng(1))


def spread_weights(seed: int = 0) -> Weights:
    """Return weights whose output moves capacity up and down."""
    drawn = initial(Head(hidden=8), seed)
    return drawn._replace(last=drawn.last * 40)


def test_the_forecast_knows_nothing_of_what_follows() -> None:
    """Demand after a minute changes no forecast made at it."""
    rng = np.random.default_rng(0)
    rps = rng.uniform(50, 100, (2, DAYS * DAY))
    changed = rps.copy()
    at = HISTORY + 200
    changed[:, at + 1 :] *= 3
    before, after = outlook(rps, 5), outlook(changed, 5)
    seen = at - DAY + 1
    for part in ("now", "ahead", "error", "profile"):
        old, new = getattr(before, part), getattr(after, part)
        np.testing.assert_array_equal(old[:, :seen], new[:, :seen])


def test_what_is_seen_knows_nothing_of_what_follows(groups: list[Groups]) -> None:
    """Nor does the observation, base included."""
    one, at = groups[0], HISTORY + 300
    later = one.rps.copy()
    later[:, at + 1 :] *= 2
    price = np.full(3, 3.0)
    old, new = (see(group, price, Head()) for group in (one, replace(one, rps=later)))
    seen = at - DAY + 1
    np.testing.assert_array_equal(old.base[:, :seen], new.base[:, :seen])
    np.testing.assert_array_equal(old.exogenous[:, :seen], new.exogenous[:, :seen])


def test_trailing_peaks_are_those_of_a_window() -> None:
    """Doubling gives what a window's maximum gives."""
    values = np.random.default_rng(0).random((2, 50))
    for span in (1, 3, 15, 60):
        plain = [[row[max(0, t - span + 1) : t + 1].max() for t in range(50)] for row in values]
        np.testing.assert_array_equal(trailing_peak(values, span), plain)


def test_a_dearer_slo_is_served_better_on_history(groups: list[Groups]) -> None:
    """Calibrated staffing misses no more as λ grows, and costs no less."""
    found = calibrate(groups[0])
    rows = [found.best(np.full(3, price), plain=False) for price in (0.0, 3.0, 6.0)]
    bad = np.array([found.bad_share[best, range(3)] for best in rows])
    cost = np.array([found.instance_minutes[best, range(3)] for best in rows])
    assert (np.diff(bad, axis=0) <= 0).all()
    assert (np.diff(cost, axis=0) >= 0).all()
    assert any(setting.plain for setting in SETTINGS)


def test_a_controller_that_changes_nothing_is_the_calibrated_staffing(
    groups: list[Groups],
) -> None:
    """An output of 0 orders the base, minute by minute."""
    one, price = groups[1], np.full(3, 2.0)
    still = initial(Head(), 0)
    idle = still._replace(last=np.zeros_like(still.last))
    flown = fly(one, Controller(idle.network()).pilot(one, price), HISTORY, DAYS * DAY, seed=5)
    tally = follow(one, calibrated(one, price)[:, HISTORY - DAY :], HISTORY, seed=5)
    np.testing.assert_allclose(flown.instance_minutes, tally[:, BILLED])
    np.testing.assert_allclose(flown.bad_minute_share * DAY, tally[:, BAD], rtol=1e-6, atol=1e-9)


def test_the_compiled_twin_is_the_exact_simulator_on_whole_orders(groups: list[Groups]) -> None:
    """With the boots of the simulator, cost is the same and service within a percent."""
    one = groups[0]
    land = Field([one], Head(hidden=8), np.random.default_rng(1))
    weights, horizon = spread_weights(), 240
    course = land.course(
        np.arange(3), np.zeros(3, dtype=np.int64), horizon, np.random.default_rng(0)
    )
    block = one.block(HISTORY, HISTORY + horizon + 1, seed=4)
    at = (block.places[:, None] + np.arange(horizon + 1)) & (block.draws.boots.size - 1)
    course = course._replace(boots=np.minimum(block.draws.boots[at], 47), warm_up=0)
    found, totals = Weights(*(np.zeros_like(w) for w in weights)), np.empty((3, 2))
    compiled_fly(
        land.constants, course, weights, Head().bounds, True, (0, 3), found, totals
    )  # fmt: skip
    pilot = Controller(weights.network(), Head(hidden=8)).pilot(one, land.log_price)
    last = block.reset(course.first.astype(np.int64))
    billed = np.zeros(3)
    for minute in range(1, horizon + 1):
        wanted = pilot.wanted(HISTORY + minute - 1 - DAY, last, block)
        order = np.clip(np.ceil(np.maximum(wanted, 0.5) - 1e-6), 1, block.largest)
        last = block.advance(order.astype(np.int64), minute)
        billed += last[:, BILLED]
    np.testing.assert_allclose(totals[:, 0], billed, rtol=2e-3)


@pytest.mark.train
def test_the_twin_in_torch_serves_as_the_simulator_does(groups: list[Groups]) -> None:
    """Step by step on whole orders: the same instances, the same backlog, slow requests near."""
    torch = pytest.importorskip("torch")
    from tfopt_policies.control.field import constants_of
    from tfopt_policies.control.twin import Twin

    for one in groups:
        block = one.block(HISTORY, HISTORY + 300, seed=2)
        rng = np.random.default_rng(5)
        need = one.need(block.demand_rps)
        wanted = np.maximum(1, np.ceil(need * np.exp(rng.normal(0.1, 0.15, need.shape))))
        twin = Twin(torch, constants_of([one]), np.arange(3))
        first = wanted[:, 0].astype(np.int64)
        last = block.reset(first)
        state = twin.start(torch.tensor(first).double())
        zero = torch.zeros(3, dtype=torch.int64)
        state, _ = twin.step(
            state, state.in_service, zero + 1, torch.tensor(block.demand_rps[:, 0])
        )
        slow = np.zeros((2, 3))
        for minute in range(1, 300):
            order = np.minimum(wanted[:, minute], block.largest)
            boots = block.draws.boots[(block.places + minute - 1) & (block.draws.boots.size - 1)]
            last = block.advance(order.astype(np.int64), minute)
            rps = torch.tensor(block.demand_rps[:, minute])
            state, came = twin.step(state, torch.tensor(order), torch.tensor(boots), rps)
            np.testing.assert_allclose(state.in_service.numpy(), last[:, 0])
            np.testing.assert_allclose(came.billed.numpy(), last[:, BILLED])
            np.testing.assert_allclose(state.backlog.numpy(), last[:, 7], rtol=1e-6, atol=1e-6)
            slow += [last[:, SLOW], came.slow.numpy() * 60 * block.demand_rps[:, minute]]
        np.testing.assert_allclose(slow[1], slow[0], rtol=0.05)


@pytest.mark.train
def test_the_compiled_gradient_is_that_of_torch(field: Field) -> None:
    """Where orders are not rounded, both differentiate the same function."""
    torch = pytest.importorskip("torch")
    from tfopt_policies.control.twin import objective

    weights = spread_weights()
    course = field.sample(6, 90, np.random.default_rng(2))
    leaves = [torch.tensor(w).double().requires_grad_() for w in weights]
    value = objective(torch, field.constants, course, leaves, Head(hidden=8), whole=False)
    wanted = torch.autograd.grad(value, leaves)
    found = Weights(*(np.zeros_like(w) for w in weights))
    got = compiled_fly(
        field.constants, course, weights, Head().bounds, False, (0, 6), found, np.empty((6, 2))
    )  # fmt: skip
    assert got == pytest.approx(float(value.detach()), rel=1e-6)
    for ours, theirs in zip(found, wanted, strict=True):
        gap = np.linalg.norm(ours - theirs.numpy())
        assert gap <= 1e-4 * np.linalg.norm(theirs.numpy())


def test_the_compiled_gradient_is_the_slope_of_the_objective(field: Field) -> None:
    """Central differences along random directions agree."""
    weights, rng = spread_weights(), np.random.default_rng(3)
    course = field.sample(4, 60, rng)
    bounds, span = Head().bounds, (0, 4)

    def value(at: Weights) -> tuple[float, Weights]:
        found = Weights(*(np.zeros_like(w) for w in at))
        total = compiled_fly(
            field.constants, course, at, bounds, False, span, found, np.empty((4, 2))
        )  # fmt: skip
        return total, found

    _, gradient = value(weights)
    for _ in range(3):
        way = Weights(*(rng.standard_normal(w.shape).astype(np.float32) for w in weights))
        step = 2e-3
        up = Weights(*(w + step * d for w, d in zip(weights, way, strict=True)))
        down = Weights(*(w - step * d for w, d in zip(weights, way, strict=True)))
        slope = (value(up)[0] - value(down)[0]) / (2 * step)
        told = sum(float((g * d).sum()) for g, d in zip(gradient, way, strict=True))
        assert slope == pytest.approx(told, rel=0.05, abs=1e-3)


def test_a_few_updates_lower_the_objective(field: Field) -> None:
    """On fixed flights, learning pays."""
    head = Head(hidden=8)
    course = field.sample(9, 120, np.random.default_rng(0))
    with compiled_gradient(field, head) as gradient:
        start = initial(head, 0)
        start.biases[-1] = 0.8  # more than twice the base
        state = adam(start)
        before, _ = gradient(state.weights, course)
        for _ in learn(field, Recipe(60, 9, 120, 5e-3), state, gradient, 0):
            pass
        after, _ = gradient(state.weights, course)
    assert after < 0.95 * before


def test_an_interrupted_run_ends_where_an_unbroken_one_does(
    groups: list[Groups], tmp_path: Path
) -> None:
    """The state on disk is enough; a run with other options does not take it."""

    class StopError(Exception):
        pass

    def broken(done: int, _total: int, _what: str) -> None:
        if done == 11:
            raise StopError

    whole = train_controller(groups, [], tmp_path / "whole", TINY, quiet)
    out = tmp_path / "broken"
    with pytest.raises(StopError):
        train_controller(groups, [], out, TINY, broken)
    assert (out / STATE_FILE).is_file()
    other = replace(TINY, seed=4)
    with pytest.raises(PolicyError, match="other options"):
        train_controller(groups, [], out, other, quiet, resume=True)
    again = train_controller(groups, [], out, TINY, quiet, resume=True)
    assert again.sha256 == whole.sha256
    assert not (out / STATE_FILE).exists()
    loaded = load(out, CONTROL_VERSION)
    assert weights_of(loaded.network).first.shape == (len(FEATURES), 8)


def test_an_episode_of_the_lanes_is_the_judges_day(groups: list[Groups]) -> None:
    """The environment pays what the simulator bills."""
    lanes = Lanes(groups[:2], DAY, seed=0)
    lanes.reset()
    over, billed = False, lanes.history[0][:, BILLED].copy()
    while not over:
        _, reward, over = lanes.step(np.zeros(lanes.count))
        minute = lanes.history[-1]
        paid = minute[:, BILLED] / lanes.need + lanes.by_harm * minute[:, BAD]
        np.testing.assert_allclose(reward, -paid * lanes.scale)
        billed += minute[:, BILLED]
    for one, price, span in zip(lanes.groups, lanes.prices, lanes.spans, strict=True):
        needed = np.ceil(one.need(one.rps[:, HISTORY:])).sum(axis=1)
        assert (billed[span] > 0.5 * needed).all()
        assert price.shape == (3,)
    reports = lanes.reports()
    assert len(reports) == lanes.count
    assert all(report.cost_over_bound > 0.9 for report in reports)


def test_arms_are_compared_where_they_are_equally_bad(groups: list[Groups]) -> None:
    """An arm beside itself costs the same; the calibrated rules are all there."""
    tasks = [replace(task, groups=task.groups) for task in synthetic_tasks(1, 2)[:2]]
    base = Controller(initial(Head(), 0).network())
    scores = judge(tasks, {"one": [base], "two": [base]}, quiet, dials=(0.0, 2.0, 4.0))
    arms = {score.arm for score in scores}
    assert arms == {
        "one", "two", "sqrt-staffing", "sqrt-staffing + hold", "target-tracking", "step-scaling",
    }  # fmt: skip
    found = matched(scores, "one", "two", ["steady"])
    assert found.ratio == pytest.approx(1.0)
    assert all(
        score.usd >= 0.98 * score.bound_usd or score.bad_minute_share > 0 for score in scores
    )


def test_scores_of_choices_pick_the_best() -> None:
    """A network of many outputs means the capacity of the largest."""
    outputs = np.zeros((2, CHOICES.size))
    outputs[0, 3] = outputs[1, -1] = 1.0
    assert log_factors(outputs).tolist() == [CHOICES[3], CHOICES[-1]]


def test_only_what_is_there_can_be_left_out() -> None:
    """A typo names the choices."""
    assert not options_of(Run([], Path(), without=("price",))).head.price
    kept = options_of(Run([], Path(), without=("bursty",))).domain.kinds
    assert "bursty" not in kept
    with pytest.raises(PolicyError, match="no 'burst' to leave out"):
        options_of(Run([], Path(), without=("burst",)))
