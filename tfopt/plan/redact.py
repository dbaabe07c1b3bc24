"""Takes sensitive values out before anything else sees them; marks what is unknown until apply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from tfopt.plan.document import (
    UNREADABLE,
    ConfigModule,
    Configuration,
    ModuleCall,
    PlanDocument,
    references,
)
from tfopt.plan.model import REDACTED, UNKNOWN, Variable

# provider arguments that hold credentials: a variable that feeds one is secret, declared or not
CREDENTIALS = frozenset(
    {"access_key", "secret_key", "token", "session_token", "password", "client_secret"}
    | {"client_certificate_password", "client_key", "api_key", "api_token", "app_key"}
    | {"secret_id", "credentials", "access_token", "private_key"}
)


def mark(value: object, unknown: object, sensitive: object) -> object:
    """Return `value` with REDACTED and UNKNOWN where the two marks say so.

    The marks mirror the value's shape, with true at a leaf or over a whole subtree. A sensitive
    mark that does not fit the value's shape redacts all of it: doubt errs to secrecy.
    """
    if sensitive is True:
        return REDACTED
    if unknown is True:
        return REDACTED if _any_true(sensitive) else UNKNOWN
    if isinstance(value, dict):
        return _mark_object(value, unknown, sensitive)
    if isinstance(value, list):
        return _mark_list(value, unknown, sensitive)
    if value is None and isinstance(unknown, dict | list) and _any_true(unknown):
        return mark(type(unknown)(), unknown, sensitive)
    return REDACTED if _any_true(sensitive) else value


def _mark_object(value: dict[str, object], unknown: object, sensitive: object) -> object:
    if not isinstance(sensitive, dict) and _any_true(sensitive):
        return REDACTED
    unknowns = unknown if isinstance(unknown, dict) else {}
    secrets = sensitive if isinstance(sensitive, dict) else {}
    hidden = [name for name in (*unknowns, *secrets) if name not in value]
    names = dict.fromkeys([*value, *hidden])
    return {
        name: mark(value.get(name), unknowns.get(name), secrets.get(name))
        for name in names
        if name in value or _any_true(unknowns.get(name)) or _any_true(secrets.get(name))
    }


def _mark_list(value: list[object], unknown: object, sensitive: object) -> object:
    secrets = sensitive if isinstance(sensitive, list) else []
    misfit = not isinstance(sensitive, list) or len(secrets) > len(value)
    if misfit and _any_true(sensitive):
        return REDACTED
    unknowns = unknown if isinstance(unknown, list) else []
    length = max(len(value), len(unknowns))
    return [mark(_nth(value, i), _nth(unknowns, i), _nth(secrets, i)) for i in range(length)]


def _nth(items: list[object], index: int) -> object:
    return items[index] if index < len(items) else None


def _any_true(mark_: object) -> bool:
    if isinstance(mark_, dict):
        return any(map(_any_true, mark_.values()))
    if isinstance(mark_, list):
        return any(map(_any_true, mark_))
    return bool(mark_)


_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|private|api_?key|access_?key", re.IGNORECASE
)


def variables(document: PlanDocument) -> Mapping[str, Variable]:
    """Return the root variables; the values of sensitive ones are never decoded.

    Sensitive is: declared so, or feeding a child module's sensitive variable, a sensitive output or
    a provider's credentials; or, in a plan that was cut down and lost its declarations, named so.
    """
    secret = secret_names(document.configuration)
    root = document.configuration.root_module if document.configuration else None
    declared = root.variables if root is not None else None
    found = {}
    for name, doc in (document.variables or {}).items():
        lost = name not in (declared or {})
        hidden = name in secret or (lost and _SECRET_NAME.search(name) is not None)
        found[name] = Variable(name, REDACTED if hidden else _value(doc.value), hidden)
    for name, declaration in (declared or {}).items():
        if name not in found:
            hidden = name in secret
            found[name] = Variable(
                name, REDACTED if hidden else _value(declaration.default), hidden
            )
    return found


def _value(raw: msgspec.Raw) -> object:
    try:
        value: object = msgspec.json.decode(raw)
    except UNREADABLE:
        return REDACTED  # unreadable: shown to nobody
    return value


def secret_names(configuration: Configuration | None) -> frozenset[str]:
    """Return the names of the root variables that must not be shown."""
    if configuration is None or configuration.root_module is None:
        return frozenset()
    secret = set(_secret_in(configuration.root_module))
    for provider in (configuration.provider_config or {}).values():
        for argument, expression in (provider.expressions or {}).items():
            if argument in CREDENTIALS and not provider.module_address:
                secret.update(_variables_in(references(expression)))
    return frozenset(secret)


def _secret_in(module: ConfigModule) -> Iterator[str]:
    for name, variable in (module.variables or {}).items():
        if variable.sensitive:
            yield name
    for output in (module.outputs or {}).values():
        if output.sensitive:
            yield from _variables_in(references(output.expression))
    for call in (module.module_calls or {}).values():
        yield from _secret_arguments(call)


def _secret_arguments(call: ModuleCall) -> Iterator[str]:
    if call.module is None:
        return
    for name in set(_secret_in(call.module)):
        yield from _variables_in(references((call.expressions or {}).get(name)))


def _variables_in(refs: list[str]) -> Iterator[str]:
    for reference in refs:
        if reference.startswith("var."):
            yield reference[4:].partition(".")[0].partition("[")[0]
