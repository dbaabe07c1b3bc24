"""Turns an answer into text of one format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfopt.recommendation import Report

if TYPE_CHECKING:
    from tfopt.simulation import Simulation

FORMATS = ("table", "json", "markdown", "diff", "github-comment", "gitlab-comment")


def render(
    report: Report, patch: str, format: str, *, width: int | None = None, color: bool = False
) -> str:
    """Return the report as text that ends with a newline; a diff of nothing is empty.

    Args:
        report: what was found.
        patch: the unified diff that makes the recommended change; empty when nothing changes.
        format: one of `FORMATS`.
        width: columns of the table; None takes the terminal's, or 80 where there is none.
        color: whether the table may use terminal colours.

    Raises:
        ValueError: there is no such format.
    """
    if format == "diff":
        return patch
    if format == "json":
        from tfopt.render.json import render_json

        return render_json(report)
    if format == "table":
        from tfopt.render.table import render_table

        return render_table(report, width=width, color=color)
    if format == "markdown":
        from tfopt.render.markdown import render_markdown

        return render_markdown(report, patch)
    if format in ("github-comment", "gitlab-comment"):
        from tfopt.render.comment import GITHUB, GITLAB, render_comment

        return render_comment(report, patch, GITHUB if format == "github-comment" else GITLAB)
    raise ValueError(f"no format {format!r}; there are {', '.join(FORMATS)}")


def render_simulation(
    simulation: Simulation, format: str, *, width: int | None = None, color: bool = False
) -> str:
    """Return what was simulated as text that ends with a newline.

    Args:
        simulation: what was found.
        format: "table", "json", or "svg" for the picture.
        width: columns of the table; None takes the terminal's, or 80 where there is none.
        color: whether the table may use terminal colours.

    Raises:
        ValueError: there is no such format.
    """
    if format == "json":
        from tfopt.render.json import render_json

        return render_json(simulation)
    if format == "table":
        from tfopt.render.simulation_table import render_simulation_table

        return render_simulation_table(simulation, width=width, color=color)
    if format == "svg":
        from tfopt.render.picture import render_picture

        return render_picture(simulation)
    raise ValueError(f"no format {format!r}; there are table, json and svg")
