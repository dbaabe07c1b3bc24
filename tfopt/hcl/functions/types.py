"""Functions that convert their argument, which keeps its leaf: tonumber, toset, …."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfopt.hcl.convert import to_type
from tfopt.hcl.functions.arguments import Function
from tfopt.hcl.kinds import Collection, Type
from tfopt.hcl.values import Value


def _to(kind: Type) -> Function:
    def function(args: Sequence[Value], _where: str) -> Value:
        (arg,) = args
        return to_type(arg, kind)

    return function


FUNCTIONS: Mapping[str, Function] = {
    "tobool": _to("bool"),
    "tolist": _to(Collection("list", "any")),
    "tomap": _to(Collection("map", "any")),
    "tonumber": _to("number"),
    "toset": _to(Collection("set", "any")),
    "tostring": _to("string"),
}
