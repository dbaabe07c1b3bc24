"""CPU levels as work and as demand, against series whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfopt.errors import TfoptError
from tfopt.scenario.censored import with_hidden_demand
from tfopt.scenario.cpu_demand import CpuDemand, cpu_demand
from tfopt.scenario.service_time import UnrelatedError, infer_service_time
from tfopt.settings import DemandTable, Settings, WorkloadTable
from tfopt_sim.saturation import busy_at
from tfopt_sim.types import Demand, FloatArray, Machine

PLAIN = Machine("own cores", 4, 16, 0.2)
SHARED = Machine("hyper-threads", 4, 16, 0.2, boost=1.5, threads_per_core=2)
STEP_S = 300
DAY = 86_400 // STEP_S
INSTANCES = 4


def daily(days: int, low: float, high: float) -> FloatArray:
    """Return a smooth daily wave between two levels."""
    phase = 2 * np.pi * np.arange(days * DAY) / DAY
    return low + (high - low) * (0.5 - 0.5 * np.cos(phase))


@given(
    cpu_ms=st.floats(1.0, 200.0),
    idle=st.floats(0.0, 0.2),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_a_known_service_time_is_found(cpu_ms: float, idle: float, seed: int) -> None:
    """With 3 % noise and one step in fifty far off, within 3 %; the idle load within 2 points."""
    rng = np.random.default_rng(seed)
    rate = daily(7, 0.1, 0.7) / (cpu_ms / 1000)
    work = idle + rate * cpu_ms / 1000
    work *= 1 + 0.03 * rng.standard_normal(work.size)
    work[rng.random(work.size) < 0.02] += 0.3
    found = infer_service_time(work, rate, DAY)
    assert found.cpu_s * 1000 == pytest.approx(cpu_ms, rel=0.03)
    assert found.idle == pytest.approx(idle, abs=0.02)
    assert found.low_s < found.cpu_s < found.high_s
    assert found.explained > 0.9


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Noise that lasts an hour: the 95 % interval of 14 days covers in at least 87 of 100 cases."""
    rate = daily(14, 5.0, 35.0)
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        lasting = np.repeat(rng.standard_normal(rate.size // 12), 12)
        found = infer_service_time(rate * 0.02 * (1 + 0.1 * lasting), rate, DAY)
        covered += found.low_s <= 0.02 <= found.high_s
    assert covered >= 87


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_cpu_that_ignores_the_rate_is_never_a_service_time(seed: int) -> None:
    """CPU that falls as requests come is refused, whatever the noise."""
    rng = np.random.default_rng(seed)
    rate = daily(4, 5.0, 35.0)
    with pytest.raises(UnrelatedError, match="explains"):
        infer_service_time(0.6 - 0.01 * rate + 0.02 * rng.random(rate.size), rate, DAY)


def test_a_constant_rate_cannot_tell_idle_load_from_requests() -> None:
    """One level only: all CPU counts as the requests', and the idle load is not made up."""
    rng = np.random.default_rng(0)
    rate = np.full(2 * DAY, 20.0)
    found = infer_service_time(0.4 * (1 + 0.02 * rng.standard_normal(rate.size)), rate, DAY)
    assert found.cpu_s == pytest.approx(0.02, rel=0.01)
    assert found.idle is None


def test_too_few_steps_are_no_evidence() -> None:
    """Ten steps with both figures are refused."""
    with pytest.raises(UnrelatedError, match="only 10 steps"):
        infer_service_time(np.linspace(0.1, 0.5, 10), np.linspace(1, 5, 10), DAY)


Write = Callable[..., Settings]


@pytest.fixture
def workload(tmp_path: Path) -> Write:
    """Write CPU (a share), instances and rate; return settings that read what is named."""

    def written(
        cpu: FloatArray, rps: FloatArray | None = None, cpu_ms: float | None = None
    ) -> Settings:
        rates = np.zeros_like(cpu) if rps is None else rps
        rows = [
            f"{1_767_225_600 + STEP_S * i},{100 * c:.4f},{INSTANCES},{r:.4f}"
            for i, (c, r) in enumerate(zip(cpu, rates, strict=True))
        ]
        (tmp_path / "t.csv").write_text("\n".join(["timestamp,cpu,n,rps", *rows]) + "\n")
        demand = DemandTable(
            csv=Path("t.csv"),
            cpu_percent="cpu",
            instances="n",
            column=None if rps is None else "rps",
        )
        table = WorkloadTable(match="*", demand=demand, cpu_ms_per_request=cpu_ms)
        return Settings(workload=(table,), folder=tmp_path)

    return written


def demanded(settings: Settings, machine: Machine) -> CpuDemand:
    return cpu_demand(settings, settings.workload[0], machine, 20.0)


def shown(work: FloatArray, machine: Machine) -> FloatArray:
    """Return the CPU share a monitor shows for a share of the saturated work."""
    levels = [busy_at(w, machine.boost, machine.threads_per_core) for w in work]
    return np.array(levels)


@pytest.mark.parametrize("machine", [PLAIN, SHARED])
def test_service_time_is_that_of_a_full_machine(workload: Write, machine: Machine) -> None:
    """From levels under 60 % the time with all vCPUs busy is found, cores shared or not."""
    work = daily(7, 0.1, 0.6)
    rps = work * INSTANCES * machine.vcpus / 0.018
    found = demanded(workload(shown(work, machine), rps), machine)
    assert found.cpu_ms == pytest.approx(18.0, rel=0.01)
    assert any(
        "inferred: 18.0 ms (95 % interval 18.0–18.0)" in note for note in found.reading.notes
    )


def test_hyper_threads_taken_for_cores_make_requests_look_cheaper(workload: Write) -> None:
    """The same series read as if threads were cores: a third too little at moderate load."""
    work = daily(7, 0.1, 0.6)
    rps = work * INSTANCES * SHARED.vcpus / 0.018
    found = demanded(workload(shown(work, SHARED), rps), PLAIN)
    assert found.cpu_ms == pytest.approx(18.0 / 1.5, rel=0.01)


def test_idle_load_leaves_the_capacity_right(workload: Write) -> None:
    """A tenth of each vCPU busy without requests: 18 ms count as 20, and it is said."""
    rps = daily(7, 0.1, 0.6) * INSTANCES * 4 / 0.018
    found = demanded(workload(0.1 + rps * 0.018 / (INSTANCES * 4), rps), PLAIN)
    assert found.cpu_ms == pytest.approx(20.0, rel=0.01)
    assert any("10% of each vCPU is busy without" in note for note in found.reading.notes)


def test_saturated_steps_do_not_spoil_the_service_time(workload: Write) -> None:
    """Demand up to 1.5 times capacity: CPU stays at 100 %, the slope is that of the rest."""
    rps = daily(7, 0.1, 1.5) * INSTANCES * 4 / 0.018
    found = demanded(workload(np.minimum(rps * 0.018 / (INSTANCES * 4), 1.0), rps), PLAIN)
    assert found.cpu_ms == pytest.approx(18.0, rel=0.01)
    assert any("steps are saturated: left out" in note for note in found.reading.notes)


def test_rate_and_cpu_of_different_things_are_refused(workload: Write) -> None:
    """CPU of the night, requests of the day: the line that says so names the demand."""
    rps = daily(7, 100.0, 600.0)
    with pytest.raises(TfoptError, match="do not go together"):
        demanded(workload(daily(7, 0.1, 0.6)[::-1][DAY // 2 :], rps[: -(DAY // 2)]), PLAIN)


def test_a_rate_that_explains_little_is_flagged(workload: Write) -> None:
    """A nightly job beside the requests: the figure stands, with a warning."""
    rps = daily(7, 300.0, 900.0)
    rng = np.random.default_rng(3)
    job = 0.5 * np.repeat(rng.random(rps.size // 6), 6)
    found = demanded(workload(0.1 + rps * 0.004 / 16 + job, rps), PLAIN)
    assert any("explains only" in note for note in found.reading.notes)


def test_cpu_alone_becomes_work_on_the_machines_own_curve(workload: Write) -> None:
    """40 % of hyper-threads with a boost of 1.5 do 60 % of the saturated work."""
    found = demanded(workload(np.full(2 * DAY, 0.4), cpu_ms=20.0), SHARED)
    assert found.reading.demand.rps == pytest.approx(0.6 * INSTANCES * 4 / 0.020)


def pinned(peak: float) -> tuple[Demand, FloatArray]:
    """Return what a group of capacity 100 showed of four weeks of noisy demand, and the truth."""
    rng = np.random.default_rng(5)
    noise = np.exp(0.15 * np.repeat(rng.standard_normal(28 * DAY // 12), 12))
    truth = daily(28, 30.0, peak) * noise
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return Demand(start, STEP_S, np.minimum(truth, 100.0)), truth


def test_hidden_demand_is_put_back_about_right() -> None:
    """A tenth of the steps saturated: the total is far nearer the truth, no step below it."""
    seen, truth = pinned(100.0)
    hidden = seen.rps >= 97.0
    assert 0.05 < hidden.mean() < 0.3
    drawn = with_hidden_demand(seen, hidden).rps
    assert np.all(drawn[hidden] >= seen.rps[hidden])
    np.testing.assert_array_equal(drawn[~hidden], seen.rps[~hidden])
    lost = truth[hidden].sum() - seen.rps[hidden].sum()
    assert abs(drawn[hidden].sum() - truth[hidden].sum()) < 0.35 * lost


@given(rps=st.lists(st.floats(0.0, 100.0) | st.just(float("nan")), min_size=30, max_size=300))
@example(rps=[0.0] * 29 + [88.559554])  # its logarithm's exponential is less by a last digit
@settings(max_examples=50, deadline=None)
def test_hidden_steps_are_bounds_and_all_else_stays(rps: list[float]) -> None:
    """Whatever the series: hidden steps end between once and three times what was seen."""
    seen = Demand(datetime(2026, 1, 5, tzinfo=UTC), 3600, np.array(rps))
    hidden = seen.rps >= 60.0
    drawn = with_hidden_demand(seen, hidden).rps
    assert np.all(drawn[hidden] >= seen.rps[hidden])
    assert np.all(drawn[hidden] <= 3.0 * seen.rps[hidden])
    np.testing.assert_array_equal(drawn[~hidden], seen.rps[~hidden])


def test_a_pinned_group_is_told_and_widened(workload: Write) -> None:
    """CPU alone, at its end every noon: share and hour are said, and demand goes beyond it."""
    cpu = np.minimum(daily(7, 0.2, 1.3), 1.0)
    found = demanded(workload(cpu, cpu_ms=20.0), PLAIN)
    notes = " ".join(found.reading.notes)
    assert f"97% or more in {np.mean(cpu >= 0.97):.1%} of the steps, most often from" in notes
    assert "last on 2026-01-07" in notes
    assert "more requests than were served" in notes
    assert np.max(found.reading.demand.rps) > INSTANCES * 4 / 0.020
    assert not found.blind


def test_a_group_that_is_always_pinned_tells_nothing(workload: Write) -> None:
    """At 100 % throughout, what was asked for is unknown: marked so that nothing rests on it."""
    found = demanded(workload(np.full(2 * DAY, 1.0), cpu_ms=20.0), PLAIN)
    assert found.blind
    assert any("not known" in note for note in found.reading.notes)
