"""The plan's JSON as types: what is decoded at all; every key not named here is skipped unread.

`Raw` fields keep their bytes inside the input buffer until someone asks for a few named attributes,
so a plan of any size costs one pass and no copies, and most secrets are never decoded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from tfopt.errors import TfoptError

FORMAT_FLOOR, FORMAT_CEILING = (0, 1), (2, 0)
NOTHING = Raw(b"null")
# what decoding raises on input that is not what it should be; strings must be UTF-8
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_T = TypeVar("_T")


class VariableDoc(Struct, gc=False):
    """A root variable's value, still in its bytes."""

    value: Raw = NOTHING


class ValuesDoc(Struct, gc=False):
    """One resource instance of `planned_values`."""

    address: str
    type: str
    name: str
    mode: str = "managed"
    index: str | int | None = None
    values: Raw = NOTHING
    sensitive_values: Raw = NOTHING


class ModuleValues(Struct, gc=False):
    """A module instance of `planned_values`; `address` is absent at the root."""

    address: str | None = None
    resources: list[ValuesDoc] | None = None
    child_modules: list[ModuleValues] | None = None


class PlannedValues(Struct, gc=False):
    """Values as they will be after apply; unknown ones are absent."""

    root_module: ModuleValues | None = None


class ChangeDoc(Struct, gc=False):
    """What happens to one resource instance; in `resource_drift`, what was found to have happened.

    `replace_paths` exist since Terraform 0.15.4 and only where the instance is replaced.
    """

    actions: list[str] | None = None
    before: Raw = NOTHING
    after: Raw = NOTHING
    after_unknown: Raw = NOTHING
    before_sensitive: Raw = NOTHING
    after_sensitive: Raw = NOTHING
    replace_paths: Raw = NOTHING


class ResourceChange(Struct, gc=False):
    """One entry of `resource_changes`."""

    address: str
    type: str
    name: str
    module_address: str | None = None
    mode: str = "managed"
    index: str | int | None = None
    provider_name: str | None = None
    deposed: str | None = None
    change: Raw = NOTHING


class DeferredChange(Struct, gc=False):
    """One entry of `deferred_changes`, which exist since Terraform 1.9."""

    reason: str = "unknown"
    resource_change: ResourceChange | None = None


class ConfigResource(Struct, gc=False):
    """A resource block of `configuration`; its address is relative to its module."""

    type: str
    name: str
    mode: str = "managed"
    provider_config_key: str | None = None
    expressions: Raw = NOTHING
    count_expression: Raw = NOTHING


class ConfigVariable(Struct, gc=False):
    """A declared variable. `default` stays undecoded: it may be a secret's."""

    default: Raw = NOTHING
    sensitive: bool | None = None


class ConfigOutput(Struct, gc=False):
    """A declared output."""

    expression: Raw = NOTHING
    sensitive: bool | None = None


class ModuleCall(Struct, gc=False):
    """A `module` block: arguments by name, and the module it calls."""

    expressions: dict[str, Raw] | None = None
    module: ConfigModule | None = None


class ConfigModule(Struct, gc=False):
    """A module's configuration, the root's or a called one's."""

    resources: list[ConfigResource] | None = None
    module_calls: dict[str, ModuleCall] | None = None
    variables: dict[str, ConfigVariable] | None = None
    outputs: dict[str, ConfigOutput] | None = None


class ProviderConfig(Struct, gc=False):
    """A `provider` block; `full_name` carries the registry host since Terraform 0.13."""

    name: str | None = None
    full_name: str | None = None
    module_address: str | None = None
    expressions: dict[str, Raw] | None = None


class Configuration(Struct, gc=False):
    """The configuration as far as plan JSON tells it."""

    provider_config: dict[str, ProviderConfig] | None = None
    root_module: ConfigModule | None = None


class StateDoc(Struct, gc=False):
    """The prior state, of which only data sources about the region are looked at."""

    values: PlannedValues | None = None


class PlanDocument(Struct, gc=False):
    """The top of the document. `complete` and `errored` exist since Terraform 1.8 and 1.5."""

    format_version: str | None = None
    terraform_version: str | None = None
    complete: bool | None = None
    errored: bool | None = None
    variables: dict[str, VariableDoc] | None = None
    planned_values: PlannedValues | None = None
    resource_changes: list[ResourceChange] | None = None
    resource_drift: list[ResourceChange] | None = None
    deferred_changes: list[DeferredChange] | None = None
    configuration: Configuration | None = None
    prior_state: Raw = NOTHING

    @property
    def is_plan(self) -> bool:
        """Whether anything in it is a plan's own; a state has none of these keys."""
        return (
            self.planned_values is not None
            or self.resource_changes is not None
            or (self.configuration is not None and self.format_version is not None)
        )


class Expression(Struct, gc=False):
    """What an expression refers to, without its constant."""

    references: list[str] | None = None


class ConstantExpression(Struct, gc=False):
    """An expression with its constant; used only for named, harmless arguments such as region."""

    constant_value: Any = None
    references: list[str] | None = None


_DECODER = msgspec.json.Decoder(PlanDocument)


def decode(data: bytes | memoryview) -> PlanDocument:
    """Decode one JSON document as a plan.

    Raises:
        msgspec.DecodeError: not JSON, or JSON of another shape (ValidationError, a subclass).
        UnicodeDecodeError: a string in it is not UTF-8.
        RecursionError: nested deeper than any plan.
    """
    return _DECODER.decode(data)


def check_format(version: str | None, where: str) -> None:
    """Refuse a format version outside >=0.1,<2.0, naming it; an absent one passes.

    Raises:
        TfoptError: the version is not one that is understood.
    """
    if version is None:
        return
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(\.\d{1,4})?", version)
    if match and FORMAT_FLOOR <= (int(match[1]), int(match[2])) < FORMAT_CEILING:
        return
    named = version if re.fullmatch(r"[\w.+-]{1,20}", version) else "unreadable"
    raise TfoptError(
        f"plan format version {named} is not supported (0.1 up to, not including, 2.0 is)",
        where=where,
        hint="Make the plan with Terraform 0.12 or newer, or upgrade tfopt",
    )


def raw_as(raw: Raw, kind: type[_T]) -> _T | None:
    """Decode a small piece; None where its shape is another."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        return None


def references(raw: Raw | None) -> list[str]:
    """Return what an expression refers to, longest form first as terraform lists them."""
    if raw is None:
        return []
    found = raw_as(raw, Expression)
    return (found.references or []) if found else []


class _Attributes:
    """Decodes only the named attributes of a values, unknown, sensitive or expressions object."""

    def __init__(self, names: tuple[str, ...]):
        fields = [(name, Any, msgspec.UNSET) for name in names]
        self._names = names
        shape = msgspec.defstruct("Attributes", fields)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shape | bool | None)

    def read(self, raw: Raw) -> dict[str, object] | bool | None:
        """Return the present attributes; True or False where one mark covers the whole."""
        found = self._decoder.decode(raw)
        if found is None or isinstance(found, bool):
            return found
        pairs = ((name, getattr(found, name)) for name in self._names)
        return {name: value for name, value in pairs if value is not msgspec.UNSET}


@lru_cache(maxsize=64)
def _reader(names: tuple[str, ...]) -> _Attributes:
    return _Attributes(names)


def attributes(raw: Raw, names: tuple[str, ...]) -> dict[str, object]:
    """Decode the named attributes of an object; empty where it is null or no object."""
    try:
        found = _reader(names).read(raw)
    except UNREADABLE:
        return {}
    return found if isinstance(found, dict) else {}


def marks(raw: Raw, names: tuple[str, ...], *, broken: bool) -> dict[str, object] | bool:
    """Decode the named attributes of a marks object (`after_unknown`, `after_sensitive`).

    Args:
        raw: the object, or a single boolean for the whole, or null.
        names: attributes wanted.
        broken: the answer where the marks are unreadable (True fails closed).
    """
    try:
        found = _reader(names).read(raw)
    except UNREADABLE:
        return broken
    return False if found is None else found
