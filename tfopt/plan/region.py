"""The region of a resource: its own, its provider's through aliases and modules, or its ARN's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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

_AWS = r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}"
_ZONE = re.compile(rf"({_AWS})[a-z]")
_ARN = re.compile(rf"arn:[\w-]+:[\w-]+:({_AWS}):")
_GOOGLE = re.compile(r"(?:.*/)?([a-z]+-[a-z]+\d{1,2})(?:-[a-z])?")  # a zone and a link name it too
_AZURE = re.compile(r"[a-z]+\d?")
_MAX_HOPS = 12


def _of_aws(value: object) -> str | None:
    found = text(value)
    return found if found and re.fullmatch(_AWS, found) else None


def _of_google(value: object) -> str | None:
    found = _GOOGLE.fullmatch(text(value) or "")
    return found[1] if found else None


def _of_azure(value: object) -> str | None:
    """Return the region's name; the provider takes "West Europe" for `westeurope`."""
    found = (text(value) or "").replace(" ", "").lower()
    return found if _AZURE.fullmatch(found) else None


@dataclass(frozen=True, slots=True)
class _Vendor:
    """Where the resources of one cloud say where they stand."""

    region: Callable[[object], str | None]  # reads a value that names a region
    own: tuple[str, ...]  # arguments of a resource, the deciding one first
    providers: tuple[str, ...]
    arguments: tuple[str, ...] = ()  # of a provider
    variables: tuple[str, ...] = ()  # root variables whose name says what they hold


_VENDORS: Mapping[str, _Vendor] = {
    # since version 6 of the provider each resource may name its own
    "aws": _Vendor(_of_aws, ("region",), ("aws",), ("region",), ("region", "aws_region")),
    "google": _Vendor(
        _of_google,
        ("region", "zone", "location"),
        ("google", "google-beta"),
        ("region", "zone"),
        ("region", "gcp_region", "zone"),
    ),
    "azurerm": _Vendor(_of_azure, ("location",), ("azurerm",), (), ("location", "region")),
}


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
        """Return the region of a resource, None where none is told, and what to know of it."""
        vendor = _VENDORS.get(resource.kind.partition("_")[0], _VENDORS["aws"])
        own = (vendor.region(resource.get(name)) for name in vendor.own)
        found = (
            next(filter(None, own), None)
            or self._of_provider(resource, vendor)
            or _by_place(resource)
            or self._only_region(vendor)
        )
        if found is not None:
            return found, ()
        inherited = self._inherited(resource, vendor)
        if inherited is not None:
            return inherited, ("its region is taken to be that of the default provider",)
        named = self._by_data(vendor) or self._by_variable_name(vendor)
        if named is not None:
            return named, ("its region is inferred: the plan does not tell the provider's",)
        return None, ("its region is not in the plan",)

    def _of_provider(self, resource: Resource, vendor: _Vendor) -> str | None:
        # older versions write "module:aws" inside a module that was passed a provider, and nothing
        # then tells which: such a key is found only where the module has a provider of its own
        key = resource.provider_key or ""
        provider = self._providers.get(key)
        if provider is None:
            return None
        where = (key, resource.module)
        if where not in self._by_key:
            self._by_key[where] = self._provider_region(provider, resource.module, vendor)
        return self._by_key[where]

    def _provider_region(
        self, provider: ProviderConfig, module: tuple[str, ...], vendor: _Vendor
    ) -> str | None:
        inside = module_path(provider.module_address or "")
        scope = module[: len(inside)]
        given = provider.expressions or {}
        raws = (given[name] for name in vendor.arguments if name in given)
        found = (vendor.region(self._value(raw, scope, 0)) for raw in raws)
        return next(filter(None, found), None)

    def _inherited(self, resource: Resource, vendor: _Vendor) -> str | None:
        """Return the default provider's region, for a key that older versions leave unresolved."""
        for name in vendor.providers:
            default = self._providers.get(name)
            if default and (resource.provider_key or "").endswith(f":{name}"):
                return self._provider_region(default, (), vendor)
        return None

    def _by_data(self, vendor: _Vendor) -> str | None:
        """Return the region that the data sources read while planning agree on."""
        if vendor is not _VENDORS["aws"]:
            return None
        state = raw_as(self._planned.document.prior_state, StateDoc)
        root = state.values.root_module if state and state.values else None
        found = set()
        for resource in (root.resources or ()) if root else ():
            if resource.type == "aws_region" and resource.mode == "data":
                values = attributes(resource.values, ("region", "name", "id"))
                found |= {region for value in values.values() if (region := _of_aws(value))}
        return found.pop() if len(found) == 1 else None

    def _by_variable_name(self, vendor: _Vendor) -> str | None:
        """Return the value of a root variable called region, unless providers name several."""
        if sum("region" in (one.expressions or {}) for one in self._providers.values()) > 1:
            return None
        found = {
            region
            for name, variable in self._variables.items()
            if name in vendor.variables and (region := vendor.region(variable.value))
        }
        return found.pop() if len(found) == 1 else None

    def _only_region(self, vendor: _Vendor) -> str | None:
        """Return the region that every provider of the cloud with a region agrees on."""
        found = {
            self._provider_region(provider, module_path(provider.module_address or ""), vendor)
            for key, provider in self._providers.items()
            if (provider.name or key.partition(":")[2] or key).partition(".")[0] in vendor.providers
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
