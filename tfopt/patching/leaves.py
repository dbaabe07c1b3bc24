"""Traces a group's attribute, honouring `tfopt:ignore`, with the lifecycle that governs it."""

from __future__ import annotations

from collections.abc import Mapping

from tfopt.hcl.lifecycle import Lifecycle
from tfopt.hcl.suppress import CHECK_RULES, Rules, Suppression, suppressed
from tfopt.hcl.trace import Refusal, Target, Trace, Tracer
from tfopt.patching.case import OWN
from tfopt.patching.targets import own_block, target_of
from tfopt.plan.model import SIZING, InstanceGroup, Site


def trace_site(tracer: Tracer, group: InstanceGroup, attribute: str, site: Site) -> Trace | Refusal:
    """Return the literal that decides a group's attribute, or why it is not to be edited.

    A `tfopt:ignore` refuses it on the literal's line, or on the first line of the resource that
    carries the attribute, of the group's own block, or of a module call around them. Its rules are
    tfopt's and Terraform's names of the attribute; a rule that names nothing covers all, since a
    mistyped one is meant to protect something. The rules of `tfopt check` cover no edit.
    """
    target = target_of(site)
    found = tracer.trace(target)
    if isinstance(found, Refusal):
        return found
    names = frozenset(step for step in site.path if isinstance(step, str))
    rules = Rules(names | {attribute}, frozenset((*SIZING, *CHECK_RULES, *names)))
    mark = _mark(tracer, found, group, rules)
    if mark is None:
        return found
    return Refusal(target, "ignored-by-comment", str(mark), found.hops, found.leaf)


def _mark(tracer: Tracer, found: Trace, group: InstanceGroup, rules: Rules) -> Suppression | None:
    places = [(found.leaf.span.document, found.leaf.line), *tracer.places(found.hops)]
    own = Target(*own_block(group), None, (), None)
    for target in (found.target, own):
        block = tracer.block(target)
        blocks = [block] if block is not None else []
        places += [(each.document, each.span.line) for each in (*blocks, *tracer.calls(target))]
    marks = (suppressed(*place, rules) for place in places)
    return next((mark for mark in marks if mark is not None), None)


def lifecycles_of(group: InstanceGroup, tracer: Tracer) -> Mapping[str, Lifecycle]:
    """Return, by attribute, what the resources that carry them say of their lifecycle.

    That of the group's own block is there too, as `OWN`.
    """
    found = {name: tracer.lifecycle(target_of(site)) for name, site in group.sites.items()}
    found[OWN] = tracer.lifecycle(Target(*own_block(group), None, ("name",), None))
    return {name: lifecycle for name, lifecycle in found.items() if lifecycle is not None}
