"""`tfopt forecast`: the traffic model alone, for one series."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.options import common_options, horizon
from tfopt.commands.progress import progress_bar
from tfopt.errors import TfoptError

if TYPE_CHECKING:
    from tfopt.traffic import Reading
    from tfopt_sim.events import Event
    from tfopt_sim.forecast import Backtest, DemandModel
    from tfopt_sim.types import Demand, FloatArray

_BLOCKS = "▁▂▃▄▅▆▇█"
_CELLS = 48  # half hours of a day
_WIDTH = 96
_HOURS = "".join(f"{hour:<12}" for hour in ("00", "06", "12", "18"))
_LOW, _MEDIAN, _HIGH, _P99 = 1, 4, 7, 8  # places in tfopt_sim.scoring.LEVELS
_EVENT = re.compile(r"(?:(?P<name>[^@]+)@)?(?P<start>[^/@=]+)/(?P<end>[^/=]+)(?:=(?P<factor>.+))?")


def known_events(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[Event, ...]:
    """Read `sale@2026-11-27/2026-12-01=2.5`; name and factor may be left out, not both."""
    return tuple(_event(value) for value in values)


def _event(value: str) -> Event:
    from tfopt_sim.events import Event

    match = _EVENT.fullmatch(value)
    try:
        if match is None or not (match["name"] or match["factor"]):
            raise ValueError
        start, end = _utc(match["start"]), _utc(match["end"])
        factor = float(match["factor"]) if match["factor"] else None
        if end <= start or not (factor is None or 0 <= factor <= 1000):
            raise ValueError
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is not an event; write 2026-11-27/2026-12-01=2.5 (times usual demand), or "
            "sale@2026-11-27/2026-12-01 beside past events of the same name"
        ) from None
    return Event(start, end, match["name"] or "", factor)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command(
    epilog="""\b
Examples:
  tfopt forecast traffic/web.csv
  tfopt forecast traffic/all.csv --column requests_per_second --horizon 14d
  tfopt forecast traffic/web.csv --format json | jq '.quantiles["0.95"] | max'
  tfopt forecast traffic/web.csv --event 2026-11-27/2026-12-01=2.5
  tfopt forecast traffic/web.csv --event sale@2026-09-04/2026-09-07 \\
      --event sale@2026-11-27/2026-12-01
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
    "--event",
    "events",
    multiple=True,
    callback=known_events,
    metavar="[NAME@]START/END[=FACTOR]",
    help="A stretch of days (UTC) that is not as usual, past or coming; repeatable. A coming one "
    "multiplies demand by FACTOR, or does what past ones of its NAME did.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="Default: table on a terminal, else json.",
)
@common_options
def command(
    *,
    csv: Path,
    column: str | None,
    horizon_s: int,
    events: tuple[Event, ...],
    format_: str | None,
    quiet: bool,
) -> None:
    """Forecast one traffic series, and say how far to trust it.

    CSV has a `timestamp` column (ISO 8601, or seconds since 1970) and a value column; it may be
    gzipped. Gaps, duplicates and time zones are handled and reported.
    """
    from tfopt.traffic import read_csv
    from tfopt_sim.forecast import backtest, fit
    from tfopt_sim.scoring import LEVELS

    reading = read_csv(csv, column)
    try:
        model = fit(reading.demand, events)
    except ValueError as reason:
        raise TfoptError(str(reason), where=csv) from reason
    curves = model.quantiles(LEVELS, horizon_s // model.step_s)
    with progress_bar(quiet=quiet) as progress:
        tested = backtest(
            reading.demand,
            events,
            lambda done, total: progress(done, total, "forecasting the past"),
        )
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
        "coverage": {
            "0.8": round(tested.coverage_80, 4),
            "0.9": round(tested.coverage_90, 4),
            "0.98": round(tested.coverage_98, 4),
        }
        if tested
        else None,
        "origins": tested.origins if tested else 0,
        "deviation_within_step": round(model.inner_deviation, 4),
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
        f"{'':10}  {_HOURS} {'mean':>8} {'low':>8} {'high':>8} {'peak':>8}",
        *_days(model, curves),
        "",
        *_wrapped(
            "Drawn and mean: the median. Low, high: nine in ten of the day's steps lie between. "
            "Peak: one such step in 100 exceeds it."
        ),
    ]
    notes = [] if quiet else [*reading.notes, *_remarks(model)]
    return [*lines, *_wrapped(*(f"Note: {note}." for note in notes), _trust(history, tested))]


def _wrapped(*sentences: str) -> list[str]:
    """Return lines no wider than the table."""
    return [line for text in sentences for line in wrap(text, _WIDTH, subsequent_indent="  ")]


def _remarks(model: DemandModel) -> list[str]:
    """Return what the model assumes or found that a reader should know."""
    out = []
    if model.inner_deviation > 0:
        out.append(
            f"minutes inside a step of {model.step_s} s are assumed to differ by "
            f"{model.inner_deviation:.0%} (standard deviation), judging by how the steps differ"
        )
    if abs(model.risk.trend) >= 0.005:
        out.append(
            f"the level moves by {model.risk.trend:+.1%} a day of late; taken to fade in a week"
        )
    return out


def _days(model: DemandModel, curves: FloatArray) -> list[str]:
    """Return one row per calendar day (UTC) of the forecast."""
    import numpy as np

    low, median, high, extreme = (curves[place] for place in (_LOW, _MEDIAN, _HIGH, _P99))
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
        figures = (
            median[of_day].mean(),
            low[of_day].min(),
            high[of_day].max(),
            extreme[of_day].max(),
        )
        date = midnight + timedelta(days=number)
        rows.append(f"{date:%a %d %b}  {''.join(drawn)}  {' '.join(map(_figure, figures))}")
    return rows


def _block(values: FloatArray, top: float) -> str:
    if values.size == 0:  # before the start, past the end, or steps longer than a cell
        return " "
    share = float(values.mean()) / top if top > 0 else 0.0
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]


def _figure(value: float) -> str:
    return f"{value:>8,.0f}" if value >= 100 else f"{value:>8.3g}"


def _trust(history: Demand, tested: Backtest | None) -> str:
    """Return how the model did on the last days of this very series, in a sentence."""
    if not (history.rps > 0).any():
        return "Trust: unknown, the history holds nothing but zeros: is it the wrong column?"
    if tested is None:
        return "Trust: unknown, the history is too short to test the forecast on (three days)."
    word, loss = _verdict(tested)
    days = tested.horizon_s // 86_400
    times = "" if tested.origins == 1 else f", from {tested.origins} moments a week apart"
    return (
        f"Trust: {word}. Forecast {days} days ahead on this history{times}: {loss} repeating "
        f"the last season. The 80% band held {tested.coverage_80:.0%} of the steps, "
        f"the 90% band {tested.coverage_90:.0%}, the 98% band {tested.coverage_98:.0%}."
    )


def _verdict(tested: Backtest) -> tuple[str, str]:
    """Return good, fair or poor, and the loss in words."""
    if tested.skill >= 0.05:
        word, loss = "good", f"{tested.skill:.0%} less loss than"
    elif tested.skill > -0.05:
        word, loss = "fair", "no better than"
    else:
        word, loss = "poor", f"{-tested.skill:.0%} more loss than"
    return ("poor" if tested.coverage_90 < 0.75 else word), loss
