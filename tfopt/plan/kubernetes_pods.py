"""Reads what the containers of a pod request together, as the scheduler counts it.

A container that states a limit alone requests that. Init containers run one after the other before
the rest, so the largest of them counts where it is larger; those that are restarted always run
beside the rest and are added (Kubernetes documentation, "Resource Management for Pods and
Containers" and "Sidecar Containers").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfopt.plan.model import REDACTED, UNKNOWN, PathStep
from tfopt.plan.planned import Resource
from tfopt.plan.values import block, blocks, dig
from tfopt.quantities import GIB, quantity

POD: tuple[PathStep, ...] = ("spec", 0, "template", 0, "spec", 0)
_PLAIN = ("cpu", "memory", "ephemeral-storage")  # and hugepages-2Mi
_NO_CPU = "its containers request no CPU: nothing says how large a pod is"
_HIDDEN = "what its containers request is sensitive, or not known before the apply"


@dataclass(frozen=True, slots=True)
class Pod:
    """What the containers of a pod request together."""

    vcpus: float
    memory_gib: float | None
    containers: int
    each_has_cpu: bool  # else Kubernetes knows no utilization, and does not scale by it


class _NotToldError(Exception):
    """Why what a pod requests is not told, in words."""


def pod_of(one: Resource) -> Pod | str:
    """Return what a pod requests, or in words why that is not told."""
    containers = one.get(*POD, "container")
    if containers is UNKNOWN or containers is REDACTED:
        return _HIDDEN
    try:
        running = list(_requests(one, "container"))
        inits = list(_requests(one, "init_container"))
    except _NotToldError as why:
        return str(why)
    vcpus, bytes_ = (_together(running, inits, name) for name in ("cpu", "memory"))
    if vcpus <= 0:
        return _NO_CPU
    each = all(amounts.get("cpu") for amounts, _ in running)
    return Pod(vcpus, bytes_ / GIB or None, len(running), each)


def _together(
    running: list[tuple[dict[str, float], bool]],
    inits: list[tuple[dict[str, float], bool]],
    name: str,
) -> float:
    """Return what is there at most: all that run at last, or an init container before them."""
    beside, most = 0.0, 0.0
    for amounts, stays in inits:
        amount = amounts.get(name, 0.0)
        most = max(most, beside + amount)
        beside += amount if stays else 0.0
    return max(most, beside + sum(amounts.get(name, 0.0) for amounts, _ in running))


def _requests(one: Resource, which: str) -> Iterator[tuple[dict[str, float], bool]]:
    """Yield each container's amounts by name, and whether it is restarted always."""
    for i, container in enumerate(blocks(one.get(*POD, which))):
        config = block(one.config, *POD, which, i)
        amounts = {}
        for name, value in _stated(container, config).items():
            amount = quantity(value)
            if value is UNKNOWN or value is REDACTED:
                raise _NotToldError(_HIDDEN)
            if amount is None and value is not None:
                raise _NotToldError(f"a container requests a {name} that is no amount")
            if amount and name not in _PLAIN and not name.startswith("hugepages-"):
                raise _NotToldError(f"its pods request {name}, which is never exchanged")
            amounts[name] = amount or 0.0
        yield amounts, container.get("restart_policy") == "Always"


def _stated(container: Mapping[str, object], config: Mapping[str, object]) -> dict[str, object]:
    """Return what a container requests by name, its limits where it says no more."""
    resources = container.get("resources")
    told = block(config, "resources")
    if resources is REDACTED or (resources is UNKNOWN and (told or not config)):
        raise _NotToldError(_HIDDEN)
    requests = _map(dig(block(resources), "requests"), stated="requests" in told or not config)
    # one that the cluster fills in does not matter where requests are stated
    stated = "limits" in told or (not config and "cpu" not in requests)
    return {**_map(dig(block(resources), "limits"), stated=stated), **requests}


def _map(value: object, *, stated: bool) -> dict[str, object]:
    if value is REDACTED or (value is UNKNOWN and stated):
        raise _NotToldError(_HIDDEN)
    return value if isinstance(value, dict) else {}
