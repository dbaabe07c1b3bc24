"""`tfopt trace`: where a value comes from, file:line by file:line, as a person would follow it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfopt.commands.completing import addresses, files
from tfopt.commands.options import common_options, source_options
from tfopt.plan.model import SIZING

if TYPE_CHECKING:
    from tfopt.hcl.trace import Trace
    from tfopt.patching.chain import Chain


@click.command(
    epilog="""\b
Examples:
  tfopt trace plan.json aws_autoscaling_group.web
  tfopt trace plan.json 'module.shop["paris"].aws_autoscaling_group.web' instance_type
  tfopt trace tf.plan aws_eks_node_group.apps --format json
"""
)
@click.argument("plan", shell_complete=files)
@click.argument("address", shell_complete=addresses)
@click.argument("attribute", required=False, type=click.Choice(SIZING))
@source_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@common_options
def command(
    *,
    plan: str,
    address: str,
    attribute: str | None,
    config_dir: Path | None,
    var_files: tuple[Path, ...],
    format_: str,
    quiet: bool,  # noqa: ARG001
) -> None:
    """Show where ATTRIBUTE of the group ADDRESS comes from; without ATTRIBUTE, all it has.

    The way goes from the resource through variables, locals and modules down to the literal that
    decides the value, with what else that literal feeds; or to the reason why there is none.
    """
    from tfopt.patching.chain import chains
    from tfopt.patching.inputs import read_with_sources
    from tfopt.publish import publish_stdout

    found = chains(read_with_sources(plan, config_dir, var_files), address, attribute)
    text = _json(address, found) if format_ == "json" else "\n".join(_page(address, found))
    publish_stdout(text + "\n")


def _page(address: str, found: Sequence[Chain]) -> Iterator[str]:
    for i, chain in enumerate(found):
        if i:
            yield ""
        planned = chain.hidden or json.dumps(chain.planned, ensure_ascii=False)
        yield f"{address}  {chain.attribute} = {planned}"
        width = max((len(place) for place, _ in chain.steps), default=0)
        for place, what in chain.steps:
            yield f"  {place:<{width}}  {what}"
        yield f"  {_verdict(chain)}"


def _verdict(chain: Chain) -> str:
    from tfopt.hcl.trace import Refusal

    found = chain.found
    if isinstance(found, Refusal):
        return f"✗ not patchable: {found.reason}"
    feeds = f"; also feeds {', '.join(found.also_feeds)}" if found.also_feeds else ""
    leaf = found.leaf
    what = "add" if leaf.slot is not None else "edit"
    return (
        f"✓ {found.grade}: {what} {leaf.path} at {leaf.label}:{leaf.line}{feeds}{_instead(found)}"
    )


def _instead(found: Trace) -> str:
    """Name the key that would decide this value alone, where the literal decides others too."""
    added = next((leaf for leaf in found.overrides if leaf.slot is not None), None)
    if added is None or not found.also_feeds:
        return ""
    return f"; {added.path} could be added at {added.label}:{added.line} instead"


def _json(address: str, found: Sequence[Chain]) -> str:
    answer = {"schema_version": 1, "address": address, "chains": list(map(_chain_json, found))}
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _chain_json(chain: Chain) -> dict[str, object]:
    from tfopt.hcl.trace import Trace

    found, leaf = chain.found, chain.found.leaf
    return {
        "attribute": chain.attribute,
        "planned": chain.planned,
        "grade": found.grade,
        "reason": found.reason,
        "file": leaf.label if leaf else None,
        "line": leaf.line if leaf else None,
        "byte_range": [leaf.start, leaf.end] if leaf else None,
        "path": leaf.path if leaf else None,
        "literal": leaf.text if leaf else None,
        "also_feeds": list(found.also_feeds) if isinstance(found, Trace) else [],
        "overrides": [
            {"file": one.label, "line": one.line, "path": one.path}
            for one in (found.overrides if isinstance(found, Trace) else ())
        ],
        "steps": [{"place": place, "what": what} for place, what in chain.steps],
    }
