"""`tfopt forecast`: the traffic model alone, for one series."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.options import common_options, horizon

if TYPE_CHECKING:
    from tfopt.traffic import Reading
    from tfopt_sim.forecast import Backtest, DemandModel
    from tfopt_sim.types import Demand, FloatArray

_BLOCKS = "▁▂▃▄▅▆▇█"
_CELLS = 48  # half hours of a day
_HOURS = "".join(f"{hour:<12}" for hour in ("00", "06", "12", "18"))
_MEDIAN, _P99 = 4, 8  # places in tfopt_sim.scoring.LEVELS


@click.command(
    epilog="""\b
Examples:
  tfopt forecast traffic/web.csv
  tfopt forecast traffic/all.csv --column requests_per_second --horizon 14d
  tfopt forecast traffic/web.csv --format json | jq '.quantiles["0.95"] | max'
"""
)
@click.argument("csv", type=click.Path(path_type=Path))
@click.option("--column", help="Value column; may be left out where there is only one.")
@click.option(
    "--horizon",
    "horizon_s",
    default="7d",
    show_default=True,
    callback=horizon,
    help="How far ahead to look.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="Default: table on a terminal, else json.",
)
@common_options
def command(
    *, csv: Path, column: str | None, horizon_s: int, format_: str | None, quiet: bool
) -> None:
    """Forecast one traffic series, and say how far to trust it.

    CSV has a `timestamp` column (ISO 8601, or seconds since 1970) and a value column; it may be
    gzipped. Gaps, duplicates and time zones are handled and reported.
    """
    from tfopt.traffic import read_csv
    from tfopt_sim.forecast import backtest, fit
    from tfopt_sim.scoring import LEVELS

    reading = read_csv(csv, column)
    model = fit(reading.demand)
    curves = model.quantiles(LEVELS, horizon_s // model.step_s)
    tested = backtest(reading.demand)
    if (format_ or ("table" if sys.stdout.isatty() else "json")) == "json":
        import json

        click.echo(json.dumps(_answer(reading, model, curves, tested), ensure_ascii=False))
        return
    click.echo("\n".join(_page(reading, model, curves, tested, quiet=quiet)))


def _answer(
    reading: Reading, model: DemandModel, curves: FloatArray, tested: Backtest | None
) -> dict[str, Any]:
    from tfopt_sim.scoring import LEVELS

    return {
        "step_s": model.step_s,
        "start": model.start.isoformat().replace("+00:00", "Z"),
        "quantiles": {
            f"{level:g}": [float(f"{value:.6g}") for value in curve]
            for level, curve in zip(LEVELS, curves, strict=True)
        },
        "skill": round(tested.skill, 4) if tested else None,
        "coverage": {"0.8": round(tested.coverage_80, 4), "0.98": round(tested.coverage_98, 4)}
        if tested
        else None,
        "history_days": round(reading.demand.days, 3),
        "notes": reading.notes,
    }


def _page(
    reading: Reading,
    model: DemandModel,
    curves: FloatArray,
    tested: Backtest | None,
    *,
    quiet: bool,
) -> list[str]:
    """Return the lines of the table: a day a row, its median drawn and its figures beside it."""
    history = reading.demand
    lines = [
        f"{reading.source}: {history.days:.1f} days at {history.step_s} s, "
        f"forecast from {model.start:%Y-%m-%d %H:%M} UTC",
        "",
        f"{'':10}  {_HOURS}  {'mean':>9} {'busiest':>9} {'1 in 100':>9}",
        *_days(model, curves),
        "",
        "Drawn and mean: the median. Busiest: its highest step. 1 in 100: the highest that one "
        "step in 100 exceeds.",
    ]
    lines += [] if quiet else [f"Note: {note}." for note in reading.notes]
    return [*lines, _trust(history, tested)]


def _days(model: DemandModel, curves: FloatArray) -> list[str]:
    """Return one row per calendar day (UTC) of the forecast."""
    import numpy as np

    median, high = curves[_MEDIAN], curves[_P99]
    midnight = model.start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = (model.start - midnight).total_seconds()
    seconds = first + np.arange(median.size) * model.step_s
    day = (seconds // 86_400).astype(int)
    cell = (seconds % 86_400 * _CELLS // 86_400).astype(int)
    top = float(median.max())
    rows = []
    for number in range(int(day[-1]) + 1):
        of_day = day == number
        drawn = [_block(median[of_day & (cell == place)], top) for place in range(_CELLS)]
        figures = (median[of_day].mean(), median[of_day].max(), high[of_day].max())
        date = midnight + timedelta(days=number)
        rows.append(f"{date:%a %d %b}  {''.join(drawn)}  {' '.join(map(_figure, figures))}")
    return rows


def _block(values: FloatArray, top: float) -> str:
    if values.size == 0:  # before the start, past the end, or steps longer than a cell
        return " "
    share = float(values.mean()) / top if top > 0 else 0.0
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]


def _figure(value: float) -> str:
    return f"{value:>9,.0f}" if value >= 100 else f"{value:>9.3g}"


def _trust(history: Demand, tested: Backtest | None) -> str:
    """Return how the model did on the last days of this very series, in a sentence."""
    if not (history.rps > 0).any():
        return "Trust: unknown, the history holds nothing but zeros: is it the wrong column?"
    if tested is None:
        return "Trust: unknown, the history is too short to test the forecast on (three days)."
    days = tested.horizon_s // 86_400
    times = "" if tested.origins == 1 else f", {tested.origins} times"
    if tested.skill >= 0.05:
        word, loss = "good", f"{tested.skill:.0%} less loss than"
    elif tested.skill > -0.05:
        word, loss = "fair", "no better than"
    else:
        word, loss = "poor", f"{-tested.skill:.0%} more loss than"
    if tested.coverage_80 < 0.6:
        word = "poor"
    return (
        f"Trust: {word}. Tested on the last {days} days{times}: {loss} repeating last season; "
        f"the 80% band held {tested.coverage_80:.0%} of the steps, "
        f"the 98% band {tested.coverage_98:.0%}."
    )
