"""The region of a resource: its own, its provider's through aliases and modules, or its ARN's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tfopt.plan.address import module_path
from tfopt.plan.document import (
    UNREADABLE,
    ConstantExpression,
    ProviderConfig,
    StateDoc,
    attributes,
    raw_as,
)
from tfopt.plan.link import specific
from tfopt.plan.model import REDACTED, Variable
from tfopt.plan.planned import Planned, Resource
from tfopt.plan.values import text, texts

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d{1,2})[a-z]")
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):")
_MAX_HOPS = 12


class Regions:
    """Finds regions in one plan.

    Args:
        planned: the plan's resources and configuration.
        variables: the root variables, redacted.
    """

    def __init__(self, planned: Planned, variables: Mapping[str, Variable]):
        self._planned = planned
        self._variables = variables
        configuration = planned.document.configuration
        self._providers = (configuration.provider_config or {}) if configuration else {}
        self._by_key: dict[tuple[str, tuple[str, ...]], str | None] = {}

    def of(self, resource: Resource) -> tuple[str | None, tuple[str, ...]]:
        """Return the region of an AWS resource, None where none is told, and what to know of it."""
        own = _region(resource.get("region"))  # provider 6 lets each resource name its own
        found = own or self._of_provider(resource) or _by_place(resource) or self._only_region()
        if found is not None:
            return found, ()
        inherited = self._inherited(resource)
        if inherited is not None:
            return inherited, ("its region is taken to be that of the default provider",)
        named = self._by_data() or self._by_variable_name()
        if named is not None:
            return named, ("its region is inferred: the plan does not tell the provider's",)
        return None, ("its region is not in the plan",)

    def _of_provider(self, resource: Resource) -> str | None:
        # older versions write "module:aws" inside a module that was passed a provider, and nothing
        # then tells which: such a key is found only where the module has a provider of its own
        key = resource.provider_key or ""
        provider = self._providers.get(key)
        if provider is None:
            return None
        where = (key, resource.module)
        if where not in self._by_key:
            self._by_key[where] = self._provider_region(provider, resource.module)
        return self._by_key[where]

    def _provider_region(self, provider: ProviderConfig, module: tuple[str, ...]) -> str | None:
        raw = (provider.expressions or {}).get("region")
        inside = module_path(provider.module_address or "")
        scope = module[: len(inside)]
        return _region(self._value(raw, scope, 0)) if raw is not None else None

    def _inherited(self, resource: Resource) -> str | None:
        """Return the default provider's region, for a key that older versions leave unresolved."""
        default = self._providers.get("aws")
        unresolved = (resource.provider_key or "").endswith(":aws")
        return self._provider_region(default, ()) if default and unresolved else None

    def _by_data(self) -> str | None:
        """Return the region that the data sources read while planning agree on."""
        state = raw_as(self._planned.document.prior_state, StateDoc)
        root = state.values.root_module if state and state.values else None
        found = set()
        for resource in (root.resources or ()) if root else ():
            if resource.type == "aws_region" and resource.mode == "data":
                values = attributes(resource.values, ("region", "name", "id"))
                found |= {region for value in values.values() if (region := _region(value))}
        return found.pop() if len(found) == 1 else None

    def _by_variable_name(self) -> str | None:
        """Return the value of a root variable called region, unless providers name several."""
        if sum("region" in (one.expressions or {}) for one in self._providers.values()) > 1:
            return None
        found = {
            region
            for name, variable in self._variables.items()
            if name in ("region", "aws_region") and (region := _region(variable.value))
        }
        return found.pop() if len(found) == 1 else None

    def _only_region(self) -> str | None:
        """Return the region that every AWS provider with a region agrees on."""
        found = {
            self._provider_region(provider, module_path(provider.module_address or ""))
            for key, provider in self._providers.items()
            if (provider.name or key.partition(":")[2] or key).partition(".")[0] == "aws"
        }
        found.discard(None)
        return found.pop() if len(found) == 1 else None

    def _value(self, raw: msgspec.Raw | None, module: tuple[str, ...], hops: int) -> object:
        """Return what a constant or a direct variable reference comes to, None for the rest."""
        expression = raw_as(raw, ConstantExpression) if raw is not None else None
        if expression is None or hops > _MAX_HOPS:
            return None
        if expression.constant_value is not None:
            return expression.constant_value
        refs = specific(expression.references or [])
        if len(refs) != 1 or not refs[0].startswith("var."):
            return None  # several references: the plan does not say how they are combined
        name, *path = refs[0][4:].split(".")
        value = self._variable(name, module, hops)
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def _variable(self, name: str, module: tuple[str, ...], hops: int) -> object:
        if not module:
            variable = self._variables.get(name)
            return None if variable is None or variable.value is REDACTED else variable.value
        call = self._planned.call(module)
        argument = (call.expressions or {}).get(name) if call else None
        if argument is not None:
            return self._value(argument, module[:-1], hops + 1)
        scope = self._planned.scope(module)
        declared = (scope.variables or {}).get(name) if scope else None
        if declared is None or declared.sensitive:
            return None
        return _constant(declared.default)


def _constant(raw: msgspec.Raw) -> object:
    try:
        value: object = msgspec.json.decode(raw)
    except UNREADABLE:
        return None
    return value


def _region(value: object) -> str | None:
    found = text(value)
    return found if found and _REGION.fullmatch(found) else None


def _by_place(resource: Resource) -> str | None:
    zones = [*texts(resource.get("availability_zones")), resource.get("availability_zone")]
    for zone in zones:
        match = _ZONE.fullmatch(zone) if isinstance(zone, str) else None
        if match:
            return match[1]
    for attribute in ("arn", "target_group_arns", "load_balancers"):
        value = resource.get(attribute)
        for arn in texts(value) if isinstance(value, list) else [value]:
            match = _ARN.match(arn) if isinstance(arn, str) else None
            if match:
                return match[1]
    return None
