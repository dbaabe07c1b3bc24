"""Reads one plan, whatever form it comes in, into a redacted `Plan`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.plan import adapters, inputs, redact, saved
from tfopt.plan.document import PlanDocument, check_format
from tfopt.plan.model import Plan

STDIN = "-"
_MAKE_ONE = "Make one with `terraform show -json tf.plan > plan.json`"


def read_plan(path: str | Path, config_dir: Path | None = None) -> Plan:
    """Read a plan: JSON (format 0.1 up to 2.0), a saved plan, or "-" for standard input.

    Sensitive values are redacted while reading: no part of the answer holds one.

    Args:
        path: of the plan.
        config_dir: the configuration's folder; the providers that a saved plan needs to be shown
            are looked for there too.

    Raises:
        TfoptError: not a plan, or not readable; says what it is instead and what to do.
    """
    where = "standard input" if str(path) == STDIN else str(path)
    file = None if str(path) == STDIN else Path(path)
    data = sys.stdin.buffer.read() if file is None else _bytes(file, where)
    sources: Mapping[str, bytes] | None = None
    warnings: list[str] = []
    if data.startswith(saved.MAGIC):
        sources = saved.sources(data, where)
        data = saved.as_json(data, where, file, config_dir)
    document = inputs.plan_document(data, where, warnings)
    del data
    check_format(document.format_version, where)
    return _plan(str(path), document, sources, warnings)


def _bytes(file: Path, where: str) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise TfoptError("no such file", where=where, hint=_MAKE_ONE) from None
    except IsADirectoryError:
        raise TfoptError("a folder, not a plan", where=where, hint=_MAKE_ONE) from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not a usable path"
        raise TfoptError(f"cannot be read: {reason}", where=where) from None


def _plan(
    path: str, document: PlanDocument, sources: Mapping[str, bytes] | None, warnings: list[str]
) -> Plan:
    variables = redact.variables(document)
    groups, skipped, standing = adapters.read(document, variables)
    if document.errored:
        warnings.append("terraform stopped with an error while planning: the plan is not whole")
    return Plan(
        path=path,
        format_version=document.format_version or "",
        terraform_version=document.terraform_version or "",
        tool="opentofu" if _is_opentofu(document) else "terraform",
        complete=document.complete is not False and not document.errored,
        variables=variables,
        groups=groups,
        skipped=skipped,
        sources=sources,
        warnings=tuple(warnings),
        errored=document.errored is True,
        standing=standing,
    )


def _is_opentofu(document: PlanDocument) -> bool:
    """Return whether providers come from OpenTofu's registry: plan JSON does not name its maker."""
    configuration = document.configuration
    providers = (configuration.provider_config or {}).values() if configuration else ()
    names = [provider.full_name or "" for provider in providers]
    names += [change.provider_name or "" for change in document.resource_changes or ()]
    return any(name.startswith("registry.opentofu.org/") for name in names)
