"""The pull-request comment: short, a chart at a glance, the rest folded, never too long."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from markupsafe import Markup

from tfopt import __version__
from tfopt.marker import Marker, target_of
from tfopt.recommendation import Report
from tfopt.render import words
from tfopt.render.plain import plain, plain_lines, plain_report
from tfopt.render.templates import Dialect, render_template
from tfopt.render.view import GroupView, ReportView, report_view

OPEN_PATCH_LINES = 30  # a patch this short is shown unfolded
ROOM = 1_024  # characters kept free for what is added when the comment is posted


@dataclass(frozen=True, slots=True)
class Place:
    """Where comments are shown.

    Attributes:
        name: as its vendor writes it.
        limit: characters of one comment.
        dialect: what its markdown turns into links.
    """

    name: str
    limit: int
    dialect: Dialect


GITHUB = Place("GitHub", 65_536, "github")
GITLAB = Place("GitLab", 1_000_000, "gitlab")


@dataclass(frozen=True, slots=True)
class _Shown:
    """How much of a report a comment shows."""

    rows: int  # groups in the overview
    details: int  # groups with a folded section
    patch_lines: int
    skipped: bool = True


def render_comment(report: Report, patch: str, place: Place, below: str = "") -> str:
    """Return the comment; what does not fit the place's limit is left out, and the text says so.

    Folded sections go first, then the end of the patch, then rows of the overview.

    Args:
        report: what was found.
        patch: the unified diff that makes the recommended change.
        place: where the comment is shown.
        below: the working directory, from the repository's root; empty where it is that.
    """
    view = report_view(plain_report(report))
    marker = _marker(report, patch, below)
    lines = plain_lines(patch).rstrip("\n").split("\n") if patch else []
    groups = len(view.groups)

    def comment(shown: _Shown) -> str:
        return _comment(view, marker, lines, shown, place)

    def most(number: int, shown: Callable[[int], _Shown]) -> _Shown:
        """Return `shown` of the largest number whose comment fits, else of 0."""
        return shown(
            bisect_right(
                range(1, number + 1), False, key=lambda n: not _fits(comment(shown(n)), place)
            )
        )

    whole = _Shown(rows=groups, details=groups, patch_lines=len(lines))
    smaller: list[Callable[[], _Shown]] = [
        lambda: whole,
        lambda: most(groups, lambda n: replace(whole, details=n)),
        lambda: most(len(lines), lambda n: _Shown(groups, 0, n, skipped=False)),
        lambda: most(groups, lambda n: _Shown(n, 0, 0, skipped=False)),
    ]
    for shown in smaller:
        text = comment(shown())
        if _fits(text, place):
            return text
    raise ValueError(f"the frame of the comment alone exceeds {place.name}'s limit")


def render_failure(message: str, target: str, place: Place = GITHUB) -> str:
    """Return the comment for a plan that could not be answered; no time, so always the same bytes.

    Args:
        message: what went wrong, as the user would see it on standard error.
        target: the plan, from the root of the repository.
        place: where the comment is shown.
    """
    marker = Marker(
        tool="tfopt", version=__version__, target=target, sha=_digest(message), generated_at=""
    )
    return render_template(
        "comment-failure.md.j2",
        place.dialect,
        marker=Markup(marker.line()),
        message=plain_lines(message)[: place.limit // 2],
        target=plain(target),
        version=__version__,
    )


def generated_at(report: Report) -> str:
    """Return the time of the newest fact used: the same input gives the same bytes."""
    facts = [report.tool.price_date, *(g.demand.start for g in report.groups if g.demand)]
    times = [datetime.fromisoformat(fact) for fact in facts]
    aware = [time if time.tzinfo else time.replace(tzinfo=UTC) for time in times]
    return max(aware).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _marker(report: Report, patch: str, below: str) -> Markup:
    plans = report.plans or [report.plan]
    marker = Marker(
        tool=report.tool.name,
        version=report.tool.version,
        target=target_of(below, (plan.path for plan in plans)),
        sha=_digest(report.model_dump_json() + patch),
        generated_at=generated_at(report),
        recommended=_recommended(report),
    )
    return Markup(marker.line())


def _recommended(report: Report) -> int | None:
    """Return how many groups are left to change; None where silence does not mean none."""
    found = sum(group.status == "recommended" for group in report.groups)
    complete = all(plan.complete for plan in report.plans or [report.plan])
    analysed = any(group.status != "not-analysed" for group in report.groups)
    return found if found or (complete and analysed) else None


def _digest(text: str) -> str:
    """Return what tells two answers apart: the head of the SHA-256 of all they hold."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _comment(
    view: ReportView, marker: Markup, patch: list[str], shown: _Shown, place: Place
) -> str:
    kept = patch[: shown.patch_lines]
    return render_template(
        "comment.md.j2",
        place.dialect,
        place=place,
        report=view,
        marker=marker,
        rows=shown.rows,
        details=shown.details,
        skipped=shown.skipped,
        charted=_charted(view) if shown.rows else None,
        patch="\n".join(kept),
        patch_open=len(kept) <= OPEN_PATCH_LINES,
        patch_summary=_patch_summary(patch),
        cut=_cut(view, patch, shown),
    )


def _charted(view: ReportView) -> GroupView | None:
    """Return the group whose chart stands in the open: the first that is to change."""
    groups = sorted(view.groups, key=lambda group: not group.recommended)
    return next((group for group in groups if group.chart), None)


def _patch_summary(patch: list[str]) -> str:
    files = sum(line.startswith("+++ ") for line in patch)
    changed = sum(line.startswith("+") for line in patch) - files
    return f"{words.count(changed, 'line')} in {words.count(files, 'file')}"


def _cut(view: ReportView, patch: list[str], shown: _Shown) -> str:
    """Say what is left out, empty where nothing is."""
    groups = len(view.groups)
    left_out = [
        (groups - shown.rows, "group", "of the overview"),
        (groups - shown.details, "group", "in detail"),
        (len(patch) - shown.patch_lines, "line", "of the patch (do not apply it from here)"),
        (0 if shown.skipped else len(view.skipped), "skipped resource", ""),
    ]
    return ", ".join(
        f"{words.count(number, noun)} {where}".strip() for number, noun, where in left_out if number
    )


def _fits(text: str, place: Place) -> bool:
    return len(text.encode("utf-16-le")) // 2 <= place.limit - ROOM
