"""Says what an input is when it is not a plan; quotes nothing of it, since it may hold secrets."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from tfopt.errors import TfoptError
from tfopt.plan.document import decode

_MAKE = "Run `terraform plan -out tf.plan` and `terraform show -json tf.plan > plan.json`"
_SHOW_AGAIN = "Write it again with `terraform show -json tf.plan > plan.json`"
_SHOW = "Run `terraform show -json tf.plan > plan.json` on a saved plan"

# what the beginning of a text gives away, in the order it is asked
_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"^(?:planned_values|resource_changes|terraform_version) = ", re.MULTILINE),
        "this is a Sentinel mock, not plan JSON",
        _SHOW,
    ),
    (
        re.compile(
            rb"(?:Terraform|OpenTofu) (?:will perform the following actions|used the selected)"
            rb"|^\W*Plan: \d+ to (?:add|import)|will be (?:created|updated in-place|destroyed)"
            rb"|^\W*No changes\. |Refreshing state\.\.\.|\x1b\[[\d;]*m.*(?:Terraform|OpenTofu)",
            re.MULTILINE,
        ),
        "this is the plan as text for people, not as JSON",
        _MAKE,
    ),
    (
        re.compile(
            rb'^(?:resource|data) "|^(?:module|variable|provider|output) "[^"]*" *\{'
            rb"|^(?:terraform|locals) *\{",
            re.MULTILINE,
        ),
        "this is Terraform source, not a plan",
        _MAKE,
    ),
    (
        re.compile(rb"^\W*Error: ", re.MULTILINE),
        "this is an error message of terraform, not a plan",
        "Fix that error first, then make the plan again",
    ),
)

_PLAN_KEYS = {"planned_values", "resource_changes", "configuration"}
# which key gives an object away, in the order it is asked
_OBJECTS = (
    ("$schema", "this is a JSON schema, not a plan", _SHOW),
    ("lineage", "this is a terraform.tfstate file, not a plan", _MAKE),
    ("serial", "this is a terraform.tfstate file, not a plan", _MAKE),
    ("provider_schemas", "these are provider schemas, not a plan", _SHOW),
    (
        "format_version",
        "this is state (`terraform show -json` without a plan file), not a plan",
        _SHOW,
    ),
)


def refusal(data: bytes, where: str) -> TfoptError:
    """Return the error that tells what `data` is and what to give instead."""
    message, hint = _what(data.strip())
    return TfoptError(message, where=where, hint=hint)


def _what(data: bytes) -> tuple[str, str]:
    if not data:
        return "the file is empty", f"{_MAKE}; look at what that printed"
    first_line = data.partition(b"\n")[0]
    if b'"@level"' in first_line and b'"@message"' in first_line:
        return "this is the event stream of `terraform plan -json`, which holds no values", _MAKE
    if data[:1] in (b"{", b"["):
        return _what_json(data)
    for pattern, message, hint in _TEXTS:
        if pattern.search(data[:200_000]):
            return message, hint
    if b"\0" in data[:4096]:
        return "this is a binary file, but not a saved plan", _MAKE
    return "this is not JSON", _MAKE


def _what_json(data: bytes) -> tuple[str, str]:
    try:
        keys = set(msgspec.json.decode(data, type=dict[str, Raw]))
    except msgspec.ValidationError:
        return "this is JSON, but not a plan", _SHOW
    except RecursionError:
        return "this JSON is nested deeper than any plan", _SHOW
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return _broken(str(problem))
    if keys & _PLAN_KEYS and not keys & {"$schema", "lineage"}:
        return _misshapen(data)
    for sign, message, hint in _OBJECTS:
        if sign in keys:
            return message, hint
    return "this is JSON, but not a plan", _SHOW


def _broken(problem: str) -> tuple[str, str]:
    if "truncated" in problem:
        return "the file ends in the middle: it was cut short", _SHOW_AGAIN
    at = re.search(r"byte (\d+)", problem)
    return f"this is not valid JSON{f' (at byte {at[1]})' if at else ''}", _SHOW


def _misshapen(data: bytes) -> tuple[str, str]:
    """Name the place at which a plan is not as terraform writes it; paths carry no values."""
    place = ""
    try:
        decode(data)
    except RecursionError:
        return "this JSON is nested deeper than any plan", _SHOW
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        at = re.search(r"at `(\$[\w.\[\]]*)`", str(problem))
        place = f" at {at[1]}" if at else ""
    return f"this plan is not as terraform writes it{place}", "Give it as terraform wrote it"
