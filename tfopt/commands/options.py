"""Options that every verb shares, and how their values are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

LEAST_RISK = 0.005  # one of 201 weeks: 200 that hold the SLO show no less
Command = TypeVar("Command", bound=Callable[..., Any])

_HORIZON = re.compile(r"(\d+)([dhw])")
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


def common_options(command: Command) -> Command:
    """Add `--quiet` and `--debug`; the latter is acted on in `tfopt.__main__`."""
    command = click.option("--quiet", "-q", is_flag=True, help="No progress, no remarks.")(command)
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(command)


def source_options(command: Command) -> Command:
    """Add `--config-dir` and `--var-file`."""
    command = click.option(
        "--var-file",
        "var_files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Repeatable, in terraform's own order.",
    )(command)
    return click.option(
        "--config-dir",
        type=click.Path(path_type=Path),
        help="Terraform sources; default: the plan's folder, then the working directory, "
        "or the saved plan itself.",
    )(command)


def verify_option(command: Command) -> Command:
    """Add `--verify`."""
    return click.option(
        "--verify",
        is_flag=True,
        help="Plan a copy with the patch (terraform or tofu) and compare every planned value.",
    )(command)


def tell(quiet: bool, line: str) -> None:
    """Say something on standard error, unless told to be quiet."""
    if not quiet:
        click.echo(f"tfopt: {line}", err=True)


def percent(_ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read `10%` or `0.1` as the share 0.1."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", value.strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        name = param.opts[-1]
        raise click.BadParameter(f"{name} {value!r} is not a share; write 10% or 0.1")
    return share


def risk(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read a share of weeks, none smaller than the held-back scenarios can show."""
    share = percent(ctx, param, value)
    if share < LEAST_RISK:
        name = param.opts[-1]
        allowed = f"{LEAST_RISK:.1%} to 100%"
        raise click.BadParameter(f"{name} {value!r} is less than scenarios can show: {allowed}")
    return share


class UsdType(click.FloatRange):
    """An amount of money: a finite number, zero or more."""

    name = "usd"

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number; NaN and infinity are none."""
        amount = float(super().convert(value, param, ctx))
        if not math.isfinite(amount):
            self.fail(f"{value!r} is not a finite amount.", param, ctx)
        return amount


def copies(
    formats: Sequence[str],
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], list[tuple[str, Path]]]:
    """Return what reads each `FORMAT=FILE`, split at the first equals sign."""

    def read(
        _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
    ) -> list[tuple[str, Path]]:
        found = []
        for value in values:
            format_, _, file = value.partition("=")
            if format_ not in formats:
                raise click.BadParameter(
                    f"{format_!r} is no format; there are {', '.join(formats)}"
                )
            if not file:
                raise click.BadParameter(f"{value!r} names no file; write {format_}=FILE")
            found.append((format_, Path(file)))
        return found

    return read


SEED = click.IntRange(min=0)


def workloads_option(command: Command) -> Command:
    """Add `--workloads`."""
    return click.option(
        "--workloads",
        type=click.Path(path_type=Path),
        help="Who needs what; default: tfopt.toml found upwards from the plan.",
    )(command)


def seed_option(command: Command) -> Command:
    """Add `--seed`."""
    return click.option(
        "--seed", default=0, show_default=True, type=SEED, help="Same seed and input, same bytes."
    )(command)


def horizon(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Read `7d`, `36h` or `2w` as seconds; 1 to 28 days."""
    match = _HORIZON.fullmatch(value)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 86_400 <= seconds <= 28 * 86_400:
        raise click.BadParameter(f"{value!r} is not between 1d and 28d; write 7d, 36h or 2w")
    return seconds
