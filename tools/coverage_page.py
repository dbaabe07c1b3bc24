"""Writes docs/coverage.md from the tables in code: what is read, what is not, and why.

    python tools/coverage_page.py

Nothing in it is typed by hand, so that it cannot go stale; `tests/plan/test_coverage_page.py` holds
it to what this writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfopt.plan import coverage
from tfopt.plan.adapters import ADAPTERS, ATTRIBUTES, GROUP_KINDS
from tfopt.plan.context import About

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"
_CLOUDS = {
    "aws": "AWS",
    "google": "Google Cloud",
    "azurerm": "Azure",
    "kubernetes": "Kubernetes",
}
_HEAD = """\
# What is analysed

Made by `python tools/coverage_page.py` from the tables in code. Every resource of a plan that runs
programs is in one of the lists below: analysed, read along with what is, or listed with the reason
why it is not. `tfopt doctor PLAN` tells which are in a plan of yours.
"""


def page() -> str:
    """Return the page as the tables in code have it now."""
    return "\n".join([_HEAD, *_analysed(), *_alongside(), *_listed()])


def _analysed() -> Iterator[str]:
    """Yield the kinds that are groups: what is read of them and what an edit may change."""
    yield "## Analysed\n"
    yield "| kind | what is read | what can be changed |"
    yield "|---|---|---|"
    for cloud, kind in _sorted(GROUP_KINDS):
        about = _about(kind)
        if about.changed:
            yield f"| {cloud}: `{kind}` | {about.read} | {about.changed} |"
    yield ""


def _alongside() -> Iterator[str]:
    """Yield the kinds that belong to groups: templates, scalers, alarms."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for cloud, kind in _sorted(ATTRIBUTES.keys() - set(GROUP_KINDS)):
        found[cloud].append(kind)
    yield "## Read along with them\n"
    for cloud, kinds in found.items():
        yield f"- {cloud}: {_names(kinds)}"
    yield ""


def _listed() -> Iterator[str]:
    """Yield the kinds that are not analysed, by reason."""
    yield "## Listed, with the reason\n"
    yield "| not analysed because | kinds |"
    yield "|---|---|"
    for kind in GROUP_KINDS:
        if not _about(kind).changed:
            yield f"| {_about(kind).read} | `{kind}` |"
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for kind, reason in coverage.REASONS.items():
        if kind not in GROUP_KINDS:
            kinds[reason].append(kind)
    for reason in sorted(kinds, key=str.casefold):
        yield f"| {reason} | {_names(kinds[reason])} |"
    yield ""


def _about(kind: str) -> About:
    return next(adapter.ABOUT[kind] for adapter in ADAPTERS if kind in adapter.KINDS)


def _sorted(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Return kinds with the name of their cloud, clouds in the order of the price book."""
    order = {vendor: place for place, vendor in enumerate(_CLOUDS)}
    vendor = {kind: kind.partition("_")[0] for kind in kinds}
    ranked = sorted(kinds, key=lambda kind: (order.get(vendor[kind], len(order)), kind))
    return [(_CLOUDS.get(vendor[kind], vendor[kind]), kind) for kind in ranked]


def _names(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in sorted(kinds))


def main() -> None:
    """Rewrite the page where it has changed."""
    fresh = page()
    if not PAGE.is_file() or fresh != PAGE.read_text(encoding="utf-8"):
        PAGE.write_text(fresh, encoding="utf-8")
        print(f"updated {PAGE.name}")


if __name__ == "__main__":
    main()
