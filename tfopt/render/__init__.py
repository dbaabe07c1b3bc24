"""Turns an answer into text of one format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfopt.recommendation import Report

if TYPE_CHECKING:
    from tfopt.simulation import Simulation


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `render` was asked for; its arguments."""

    report: Report
    patch: str
    width: int | None
    color: bool
    below: str
    max_slo_risk: float


def render(
    report: Report,
    patch: str,
    format: str,
    *,
    width: int | None = None,
    color: bool = False,
    below: str = "",
    max_slo_risk: float = 0.05,
) -> str:
    """Return the report as text that ends with a newline; a diff of nothing is empty.

    Args:
        report: what was found.
        patch: the unified diff that makes the recommended change; empty when nothing changes.
        format: one of `FORMATS`.
        width: columns of the table; None takes the terminal's, or 80 where there is none.
        color: whether the table may use terminal colours.
        below: the working directory, from the repository's root; empty where it is that.
        max_slo_risk: the share of weeks that may miss the SLO; more is a finding.

    Raises:
        ValueError: there is no such format.
    """
    if format not in _RENDERERS:
        raise ValueError(f"no format {format!r}; there are {', '.join(FORMATS)}")
    return _RENDERERS[format](_Asked(report, patch, width, color, below, max_slo_risk))


def _table(asked: _Asked) -> str:
    from tfopt.render.table import render_table

    return render_table(asked.report, width=asked.width, color=asked.color)


def _json(asked: _Asked) -> str:
    from tfopt.render.json import render_json

    return render_json(asked.report)


def _markdown(asked: _Asked) -> str:
    from tfopt.render.markdown import render_markdown

    return render_markdown(asked.report, asked.patch)


def _github_comment(asked: _Asked) -> str:
    from tfopt.render.comment import GITHUB, render_comment

    return render_comment(asked.report, asked.patch, GITHUB, asked.below)


def _gitlab_comment(asked: _Asked) -> str:
    from tfopt.render.comment import GITLAB, render_comment

    return render_comment(asked.report, asked.patch, GITLAB, asked.below)


def _sarif(asked: _Asked) -> str:
    from tfopt.render.sarif import render_sarif

    return render_sarif(asked.report, below=asked.below, max_slo_risk=asked.max_slo_risk)


def _junit(asked: _Asked) -> str:
    from tfopt.render.junit import render_junit

    return render_junit(asked.report, below=asked.below, max_slo_risk=asked.max_slo_risk)


def _llm(asked: _Asked) -> str:
    from tfopt.render.llm import render_llm

    return render_llm(asked.report)


def _annotations(asked: _Asked) -> str:
    from tfopt.render.annotations import render_annotations

    return render_annotations(asked.report, below=asked.below, max_slo_risk=asked.max_slo_risk)


def _html(asked: _Asked) -> str:
    from tfopt.render.html import render_html

    return render_html(asked.report, asked.patch)


# each imports what it needs when it is asked for
_RENDERERS: dict[str, Callable[[_Asked], str]] = {
    "table": _table,
    "json": _json,
    "markdown": _markdown,
    "diff": lambda asked: asked.patch,
    "github-comment": _github_comment,
    "gitlab-comment": _gitlab_comment,
    "sarif": _sarif,
    "junit": _junit,
    "llm": _llm,
    "html": _html,
    "github-annotations": _annotations,
}
FORMATS = tuple(_RENDERERS)


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
