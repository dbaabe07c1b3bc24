"""The planned resources of the kinds that matter, each with its few attributes, marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from tfopt.plan.address import (
    address_key,
    bracketed,
    call_name,
    call_names,
    module_path,
    step_key,
)
from tfopt.plan.document import (
    ChangeDoc,
    ConfigModule,
    ConfigResource,
    ModuleCall,
    ModuleValues,
    PlanDocument,
    ResourceChange,
    ValuesDoc,
    attributes,
    marks,
)
from tfopt.plan.live import before, changed_elsewhere, decode_change, spelled_paths, whole
from tfopt.plan.model import REDACTED, Action, PathStep, Site, Standing
from tfopt.plan.redact import mark
from tfopt.plan.values import dig, texts

_ACTIONS: dict[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("no-op",): "no-op",
    ("read",): "read",
    ("delete",): "delete",
    ("forget",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
}
# what another resource may name one by; links of Google Cloud with and without a unique number
_IDENTIFIERS = ("id", "arn", "self_link", "self_link_unique", "name", "family", "resource_id")


@dataclass(frozen=True, slots=True)
class Resource:
    """One managed resource instance of the plan."""

    kind: str
    name: str
    module: tuple[str, ...]  # steps with keys
    key: str | int | None
    action: Action
    values: Mapping[str, object]  # named attributes only, with REDACTED and UNKNOWN inside
    config: Mapping[str, object] = field(default_factory=dict)  # expressions of those attributes
    configured: bool = False  # whether the plan holds this block's configuration at all
    counted: bool = False  # the block has a `count`
    provider_key: str | None = None
    live: Mapping[str, object] = field(default_factory=dict)  # before the apply
    applied: Mapping[str, object] = field(default_factory=dict)  # before a change made elsewhere

    @property
    def local_address(self) -> str:
        """Address inside its module, without key."""
        return f"{self.kind}.{self.name}"

    @property
    def address(self) -> str:
        """Full address, as terraform prints it."""
        return ".".join((*self.module, self.local_address + bracketed(self.key)))

    def get(self, *path: PathStep) -> object:
        """Return the planned value at a path; None where nothing stands."""
        return dig(self.values, *path)

    def site(self, *path: PathStep, scale: float = 1.0) -> Site:
        """Return where the value at `path` stands."""
        value = self.get(*path)
        site = Site(
            self.module,
            self.local_address,
            self.key,
            path,
            value,
            scale,
            creating=self.action == "create",
            written=self.written(str(path[0])),
        )
        if value is REDACTED:
            return site
        return replace(
            site,
            live=dig(self.live, *path),
            applied=dig(self.applied, *path),
            constant=dig(self.config, *path, "constant_value"),
        )

    def references(self, *path: PathStep) -> list[str]:
        """Return what the expression at `path` refers to; empty also where it is not told."""
        return texts(dig(self.config, *path, "references"))

    def written(self, attribute: str) -> bool:
        """Return whether the block sets the attribute, as far as the plan tells; True in doubt."""
        return not self.configured or attribute in self.config


Instances = Mapping[str | int | None, Resource]  # of one resource block, by key


class Identity(NamedTuple):
    """What tells one resource instance from every other."""

    module: tuple[str, ...]
    kind: str
    name: str
    key: str | int | None


@dataclass(frozen=True, slots=True)
class Header:
    """A resource instance of which only the address, kind and action are read."""

    address: str
    kind: str
    action: Action


class Planned:
    """All resources of some kinds, found by kind, place or value.

    Args:
        document: the decoded plan.
        wanted: kind → the attributes to decode.
        listed: kinds of which the header alone is kept.
    """

    def __init__(
        self,
        document: PlanDocument,
        wanted: Mapping[str, tuple[str, ...]],
        listed: frozenset[str],
    ):
        self.document = document
        self._wanted = wanted
        self._blocks = dict(_config_blocks(document, wanted))
        self.resources: list[Resource] = []
        self.headers: list[Header] = []
        self._replaced: dict[str, tuple[str, ...]] = {}
        self._deposed: set[str] = set()
        self._drift = {
            _identity(one): decode_change(one)
            for one in document.resource_drift or ()
            if one.mode == "managed" and not one.deposed and one.type in wanted
        }
        values = dict(_planned_values(document, wanted.keys() | listed))
        for change in document.resource_changes or ():
            if change.mode != "managed":
                continue
            if change.deposed:  # shares the live one's address and is on its way out
                self._deposed.add(change.address)
                continue
            if change.type in wanted or change.type in listed:
                identity = _identity(change)
                self._add_change(identity, change, values.pop(identity, None))
        for identity, doc in values.items():  # a plan that was cut down to its planned values
            self._add_values(identity, doc)

    def _add_change(
        self, identity: Identity, change: ResourceChange, planned: ValuesDoc | None
    ) -> None:
        doc = decode_change(change)
        names = self._wanted.get(change.type)
        if names is None:
            self.headers.append(Header(change.address, change.type, _action(doc)))
            return
        values = attributes(planned.values if planned else doc.after, names)
        masked = mark(
            values,
            marks(doc.after_unknown, names, broken=False),
            marks(doc.after_sensitive, names, broken=True),
        )
        if planned:
            masked = mark(masked, False, marks(planned.sensitive_values, names, broken=True))
        self._add(identity, _action(doc), masked, before(doc, names))
        if bytes(doc.replace_paths) != b"null":
            self._replaced[change.address] = spelled_paths(doc.replace_paths)

    def _add_values(self, identity: Identity, doc: ValuesDoc) -> None:
        names = self._wanted.get(doc.type)
        if names is None:
            self.headers.append(Header(doc.address, doc.type, "unknown"))
            return
        sensitive = marks(doc.sensitive_values, names, broken=True)
        masked = mark(attributes(doc.values, names), False, sensitive)
        self._add(identity, "unknown", masked)

    def _add(
        self,
        identity: Identity,
        action: Action,
        values: object,
        live: Mapping[str, object] | None = None,
    ) -> None:
        path, kind, name, key = identity
        block = self._blocks.get((call_names(path), kind, name))
        drift = self._drift.get(identity)
        self.resources.append(
            Resource(
                kind=kind,
                name=name,
                module=path,
                key=key,
                action=action,
                values=whole(values, self._wanted[kind]),
                config=block.expressions if block else {},
                configured=block is not None and block.told,
                counted=block.counted if block else False,
                provider_key=block.provider_key if block else None,
                live=live or {},
                applied=changed_elsewhere(drift, self._wanted[kind]) if drift else {},
            )
        )

    @property
    def standing(self) -> Standing:
        """What the plan says of the resources besides their values."""
        deferred = {
            one.resource_change.address: one.reason
            for one in self.document.deferred_changes or ()
            if one.resource_change is not None
        }
        return Standing(self._replaced, frozenset(self._deposed), deferred)

    @cached_property
    def by_kind(self) -> Mapping[str, list[Resource]]:
        """Resources that remain after apply, by kind, in the plan's order."""
        found: defaultdict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            if resource.action != "delete":
                found[resource.kind].append(resource)
        return found

    @cached_property
    def _by_block(
        self,
    ) -> Mapping[tuple[tuple[str, ...], str], dict[str, dict[str | int | None, Resource]]]:
        found: defaultdict[
            tuple[tuple[str, ...], str], dict[str, dict[str | int | None, Resource]]
        ] = defaultdict(dict)
        for kind, resources in self.by_kind.items():
            for resource in resources:
                blocks = found[(resource.module, kind)]
                blocks.setdefault(resource.name, {})[resource.key] = resource
        return found

    @cached_property
    def module_instances(self) -> Mapping[tuple[str, ...], dict[str, dict[str, tuple[str, ...]]]]:
        """Module instance → call name → bracketed key → child instance.

        Only modules with resources of the wanted kinds somewhere below them are known.
        """
        found: dict[tuple[str, ...], dict[str, dict[str, tuple[str, ...]]]] = {}
        for path in {resource.module: None for resource in self.resources}:
            for depth, step in enumerate(path):
                calls = found.setdefault(path[:depth], {})
                calls.setdefault(call_name(step), {})[step_key(step)] = path[: depth + 1]
        return found

    @cached_property
    def _by_value(self) -> Mapping[tuple[str, str, str], list[Resource]]:
        found: defaultdict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        for kind, resources in self.by_kind.items():
            for resource in resources:
                for attribute in _IDENTIFIERS:
                    value = resource.get(attribute)
                    if isinstance(value, str) and value:
                        found[(kind, attribute, value)].append(resource)
        return found

    def of(self, *kinds: str) -> Iterator[Resource]:
        """Yield the remaining resources of some kinds."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def in_block(self, module: tuple[str, ...], kind: str, name: str) -> Instances:
        """Return the instances of one resource block in one module instance, by key."""
        return self._by_block.get((module, kind), {}).get(name, {})

    def blocks_in(self, module: tuple[str, ...], kind: str) -> list[Instances]:
        """Return the resource blocks of a kind in one module instance."""
        return list(self._by_block.get((module, kind), {}).values())

    def with_value(self, kind: str, value: object) -> list[Resource]:
        """Return resources of a kind that are identified by a value (id, name, arn, …)."""
        if not isinstance(value, str) or not value:
            return []
        found = [
            one for name in _IDENTIFIERS for one in self._by_value.get((kind, name, value), ())
        ]
        return list({one.address: one for one in found}.values())

    def scope(self, module: tuple[str, ...]) -> ConfigModule | None:
        """Return the configuration of a module instance."""
        configuration = self.document.configuration
        scope = configuration.root_module if configuration else None
        for name in call_names(module):
            call = (scope.module_calls or {}).get(name) if scope else None
            scope = call.module if call else None
        return scope

    def call(self, module: tuple[str, ...]) -> ModuleCall | None:
        """Return the `module` block that makes a module instance; None at the root."""
        if not module:
            return None
        parent = self.scope(module[:-1])
        return (parent.module_calls or {}).get(call_names(module)[-1]) if parent else None


@dataclass(frozen=True, slots=True)
class _Block:
    expressions: Mapping[str, object]
    told: bool
    counted: bool
    provider_key: str | None


def _config_blocks(
    document: PlanDocument, wanted: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[tuple[str, ...], str, str], _Block]]:
    configuration = document.configuration
    if configuration is None or configuration.root_module is None:
        return
    todo: list[tuple[tuple[str, ...], ConfigModule]] = [((), configuration.root_module)]
    while todo:
        path, module = todo.pop()
        for resource in module.resources or ():
            if resource.mode == "managed" and resource.type in wanted:
                yield (path, resource.type, resource.name), _block(resource, wanted[resource.type])
        for name, call in (module.module_calls or {}).items():
            if call.module is not None:
                todo.append(((*path, name), call.module))


def _block(resource: ConfigResource, names: tuple[str, ...]) -> _Block:
    return _Block(
        expressions=attributes(resource.expressions, names),
        told=bytes(resource.expressions) not in (b"null", b"{}"),
        counted=bytes(resource.count_expression) != b"null",
        provider_key=resource.provider_config_key,
    )


def _planned_values(
    document: PlanDocument, kinds: Iterable[str]
) -> Iterator[tuple[Identity, ValuesDoc]]:
    planned = document.planned_values
    if planned is None or planned.root_module is None:
        return
    kinds = frozenset(kinds)
    todo: list[ModuleValues] = [planned.root_module]
    while todo:
        module = todo.pop()
        path = module_path(module.address or "")
        for resource in module.resources or ():
            if resource.mode == "managed" and resource.type in kinds:
                where = path or module_path(resource.address)
                yield Identity(where, resource.type, resource.name, _key(resource)), resource
        todo.extend(reversed(module.child_modules or []))


def _identity(change: ResourceChange) -> Identity:
    path = module_path(change.module_address or change.address)
    return Identity(path, change.type, change.name, _key(change))


def _key(doc: ResourceChange | ValuesDoc) -> str | int | None:
    return doc.index if doc.index is not None else address_key(doc.address)


def _action(doc: ChangeDoc) -> Action:
    return _ACTIONS.get(tuple(doc.actions or ()), "unknown")
