"""Functions that encode, hash and count addresses: jsonencode, base64, sha256, cidrsubnet, …."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import quote_plus

from tfopt.hcl.convert import ConversionError
from tfopt.hcl.functions.arguments import Function, integer, pure, text, wholly_known
from tfopt.hcl.scalars import to_text
from tfopt.hcl.values import Value

_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029\x7f"[:5]}


def to_json(value: Value) -> str:
    """Return the JSON that Terraform writes for a value."""
    data = value.data
    if data is None:
        return "null"
    if isinstance(data, bool | int | float):
        return str(to_text(data))
    if isinstance(data, Mapping):
        pairs = (f"{_json_text(key)}:{to_json(data[key])}" for key in sorted(data))
        return "{" + ",".join(pairs) + "}"
    if isinstance(data, tuple):
        return "[" + ",".join(map(to_json, data)) + "]"
    return _json_text(str(data))


def _json_text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False).translate(_ESCAPED)


def _from_base64(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ConversionError("not base64 of text") from None


def _to_base64(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


def _digest(name: str) -> Function:
    return pure(name, lambda word: hashlib.new(name, word.encode()).hexdigest(), text)


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(prefix: str) -> _Network:
    try:
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        raise ConversionError("not a network") from None


def _subnet(prefix: str, bits: int, number: int) -> str:
    network = _network(prefix)
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen or not 0 <= number < 2**bits:
        raise ConversionError("no such subnet")
    first = int(network.network_address) + (number << (network.max_prefixlen - length))
    return f"{type(network.network_address)(first)}/{length}"


def _host(prefix: str, number: int) -> str:
    network = _network(prefix)
    at = number if number >= 0 else network.num_addresses + number
    if not 0 <= at < network.num_addresses:
        raise ConversionError("no such host")
    return str(network.network_address + at)


def _netmask(prefix: str) -> str:
    network = _network(prefix)
    if isinstance(network, ipaddress.IPv6Network):
        raise ConversionError("IPv6 has no netmask")
    return str(network.netmask)


FUNCTIONS: Mapping[str, Function] = {
    "base64decode": pure("base64decode", _from_base64, text),
    "base64encode": pure("base64encode", _to_base64, text),
    "cidrhost": pure("cidrhost", _host, text, integer),
    "cidrnetmask": pure("cidrnetmask", _netmask, text),
    "cidrsubnet": pure("cidrsubnet", _subnet, text, integer, integer),
    "jsonencode": pure("jsonencode", to_json, wholly_known),
    "md5": _digest("md5"),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "urlencode": pure("urlencode", quote_plus, text),
}
