"""Traces a group's attribute, honouring `tfopt:ignore`, with the lifecycle that governs it."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.suppress import Suppression, suppressed
from tfopt.hcl.trace import Refusal, Trace, Tracer
from tfopt.patching.targets import target_of
from tfopt.plan.model import InstanceGroup, Site


def trace_site(tracer: Tracer, attribute: str, site: Site) -> Trace | Refusal:
    """Return the literal that decides an attribute, or why it is not to be edited.

    A `tfopt:ignore` on the literal's line, or on the first line of the resource, refuses it; its
    rules are tfopt's and Terraform's names of the attribute.
    """
    target = target_of(site)
    found = tracer.trace(target)
    if isinstance(found, Refusal):
        return found
    rules = {attribute, *(step for step in site.path if isinstance(step, str))}
    mark = _mark(tracer, found, rules)
    if mark is None:
        return found
    return Refusal(target, "ignored-by-comment", str(mark), found.hops, found.leaf)


def _mark(tracer: Tracer, found: Trace, rules: set[str]) -> Suppression | None:
    at_leaf = suppressed(found.leaf.span.document, found.leaf.line, rules)
    block = tracer.block(found.target)
    if at_leaf is not None or block is None:
        return at_leaf
    return suppressed(block.document, block.span.line, rules)


def lifecycles_of(group: InstanceGroup, tracer: Tracer) -> Mapping[str, Lifecycle]:
    """Return, by attribute, what the resources that carry them say of their lifecycle."""
    found = {name: tracer.lifecycle(target_of(site)) for name, site in group.sites.items()}
    return {name: lifecycle for name, lifecycle in found.items() if lifecycle is not None}
