"""Instance types in a file: of an allowed family and processor, and ones that exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from tfopt.checking.finding import Finding, finding_at
from tfopt.checking.literals import Place
from tfopt.pricing import Cloud, PriceBook, TypeFacts
from tfopt.pricing.candidates import CandidateRules, family_allowed
from tfopt.pricing.nearest import meant, nearest
from tfopt.settings import DefaultsTable

# attributes that hold an instance type and nothing else, however a variable's name begins
_AWS_NAME = re.compile(r"(?:.*_)?instance_types?")
_GCP_NAME = re.compile(r"(?:.*_)?machine_type")
_AZURE_NAME = re.compile(r"(?:.*_)?vm_size")
_AZURE_MACHINE = re.compile(r"azurerm_.*(?:virtual_machine|scale_set).*")
_AWS_TYPE = re.compile(r"(?P<family>(?P<series>[a-z]+)(?P<generation>\d+)[a-z0-9-]*)\.[\w-]+")
_GCP_TYPE = re.compile(r"(?P<family>[a-z]\d[a-z]?)-(?!custom\b)[a-z]+(?:-[a-z0-9]+)*")
_AZURE_TYPE = re.compile(
    r"Standard_[BDEF]\d+[a-z]*(?:_v\d+)?|[a-z]+_[BDEF]\d+[a-z]*_v\d+", re.IGNORECASE
)
# the price book has all families of these; of the rest it lacks some that are old, or rare
_WHOLE_SERIES = {"c", "m", "r", "t"}


def type_findings(place: Place, book: PriceBook, defaults: DefaultsTable) -> Iterator[Finding]:
    """Yield what is wrong with a literal as an instance type; nothing where it is none."""
    value = place.literal.value
    if not isinstance(value, str):
        return
    facts = book.facts(value)
    if facts is None:
        yield from _unknown(place, value, book)
    else:
        yield from _barred(place, facts, defaults)


def _barred(place: Place, facts: TypeFacts, defaults: DefaultsTable) -> Iterator[Finding]:
    span, what = place.literal.span, f"{place.path} = {facts.instance_type}"
    allowed, denied = defaults.allowed_families, defaults.denied_families
    if not family_allowed(facts.family, CandidateRules(denied_families=denied)):
        yield finding_at(
            span,
            "denied_families",
            f"{what} is of a denied family, {facts.family}",
            f"denied_families = {_listed(denied)}",
        )
    elif not family_allowed(facts.family, CandidateRules(allowed_families=allowed)):
        yield finding_at(
            span,
            "allowed_families",
            f"{what} is of no allowed family",
            f"allowed_families = {_listed(allowed or ())}",
        )
    if defaults.architectures and facts.architecture not in defaults.architectures:
        yield finding_at(
            span,
            "architectures",
            f"{what} is {facts.architecture}: your images are not built for it",
            f"architectures = {_listed(defaults.architectures)}",
        )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def _unknown(place: Place, value: str, book: PriceBook) -> Iterator[Finding]:
    cloud = _cloud_of(place)
    names = _NEAR[cloud](value, book.type_names(cloud)) if cloud is not None else []
    if names:
        said = f"{place.path} = {value} is no {cloud} type of the price book of"
        span, hint = place.literal.span, meant(names) or ""
        yield finding_at(span, "unknown_type", f"{said} {book.date_of(str(cloud))}", hint)


def _cloud_of(place: Place) -> Cloud | None:
    """Return whose type an attribute surely holds; None where it may be anything else."""
    if _AWS_NAME.fullmatch(place.name):
        return "aws"
    if _GCP_NAME.fullmatch(place.name):
        return "gcp"
    machine = place.name in {"size", "sku"} and _AZURE_MACHINE.fullmatch(place.resource)
    return "azure" if machine or _AZURE_NAME.fullmatch(place.name) else None


# Each returns the names that a value is likely mistyped for; none where it may well be right: the
# price book is not whole, and vendors add families.


def _gcp_near(value: str, names: Collection[str]) -> list[str]:
    match = _GCP_TYPE.fullmatch(value)
    kin = [name for name in names if match and name.startswith(f"{match['family']}-")]
    return nearest(value, kin) if kin else []


def _azure_near(value: str, names: Collection[str]) -> list[str]:
    if not _AZURE_TYPE.fullmatch(value) or value.lower() in map(str.lower, names):
        return []
    return nearest(value, names)


def _aws_near(value: str, names: Collection[str]) -> list[str]:
    match = _AWS_TYPE.fullmatch(value)
    if match is None:
        return []
    sizes = [name for name in names if name.startswith(f"{match['family']}.")]
    if sizes:
        return nearest(value, sizes) or sizes[:3]
    series, generation = match["series"], int(match["generation"])
    known = (_AWS_TYPE.fullmatch(name) for name in names)
    newest = max((int(m["generation"]) for m in known if m and m["series"] == series), default=0)
    # a family newer than the price book is no mistake
    may_be_new = newest < generation <= newest + 2
    return [] if series not in _WHOLE_SERIES or may_be_new else nearest(value, names)


_NEAR: Mapping[Cloud, Callable[[str, Collection[str]], list[str]]] = {
    "aws": _aws_near,
    "gcp": _gcp_near,
    "azure": _azure_near,
}
