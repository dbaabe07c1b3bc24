"""`tfopt prices`: what the price book holds, where it comes from and how old it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tfopt.commands.options import common_options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tfopt.pricing import Offer, PriceBook

Answer = dict[str, Any]


@click.group(
    epilog="""\b
Example:
  tfopt prices show aws eu-west-1 m5.large
More: tfopt prices show --help
"""
)
def command() -> None:
    """Show the price book: date, regions, one type; `show` does it."""


@command.command(
    epilog="""\b
Examples:
  tfopt prices show
  tfopt prices show aws
  tfopt prices show aws eu-west-1 m5.large
  tfopt prices show azure "East US" --format json
"""
)
@click.argument("cloud", required=False)
@click.argument("region", required=False)
@click.argument("instance_type", metavar="[TYPE]", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    help="Default: table on a terminal, else json.",
)
@common_options
def show(
    cloud: str | None,
    region: str | None,
    instance_type: str | None,
    format_: str | None,
    **_common: Any,
) -> None:
    """Show the price book, the regions of a CLOUD, the types of a REGION, or one TYPE there.

    CLOUD is aws, gcp or azure. Prices are in USD per hour, on demand, Linux.
    """
    from tfopt.pricing import load_book

    book = load_book()
    if cloud is None:
        answer = _book(book)
    elif region is None:
        answer = _cloud(book, cloud)
    elif instance_type is None:
        answer = _region(book, cloud, region)
    else:
        answer = _type(book.offer(cloud, region, instance_type))
    if (format_ or ("table" if sys.stdout.isatty() else "json")) == "json":
        import json

        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        _print(answer)


def _age_of(read: str) -> Answer:
    """Return how old a price list is that was read on an ISO date, and whether that is too old."""
    import datetime as dt

    from tfopt.pricing import age_of

    age = age_of(read, dt.datetime.now(dt.UTC).date())
    return {"age_days": age.days, "stale": age.stale}


def _age(book: PriceBook, cloud: str | None = None) -> Answer:
    read = book.date if cloud is None else book.date_of(cloud)
    return {"date": read, **_age_of(read)}


def _book(book: PriceBook) -> Answer:
    from tfopt.pricing import CLOUDS

    clouds = {
        cloud: {**_age(book, cloud), **book.size(cloud), "qualities": book.qualities(cloud)}
        for cloud in CLOUDS
    }
    return {
        **_age(book),
        "clouds": clouds,
        "attribution": book.attribution,
        "columns": dict(book.columns),
    }


def _cloud(book: PriceBook, cloud: str) -> Answer:
    lists = book.origins(cloud)
    regions = [
        {"region": region, "types": book.count(cloud, region)} for region in book.regions(cloud)
    ]
    return {"cloud": cloud.lower(), **_age(book, cloud), "price_lists": lists, "regions": regions}


def _region(book: PriceBook, cloud: str, region: str) -> Answer:
    offers = book.offers(cloud, region)
    return {
        "cloud": offers[0].cloud,
        "region": offers[0].region,
        **_age(book, cloud),
        "types": [_figures(offer) for offer in offers],
    }


def _type(offer: Offer) -> Answer:
    return {**_figures(offer), **_age_of(offer.price_date)}


def _figures(offer: Offer) -> Answer:
    from dataclasses import asdict

    return {
        **asdict(offer),
        "usd_per_hour_per_100k_coremark": _rounded(offer.usd_per_throughput),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _print(answer: Answer) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for part in _parts(answer):
        console.print(part)


def _parts(answer: Answer) -> list[RenderableType]:
    """Return what is printed, from the answer's own shape; nothing is wider than 80 columns."""
    if "clouds" in answer:
        return [
            _headline("Price book", answer),
            _clouds_table(answer["clouds"]),
            answer["attribution"],
            _sources_table(answer["columns"]),
        ]
    if "regions" in answer:
        regions = [(about["region"], about["types"]) for about in answer["regions"]]
        lists = [tuple(origin.values()) for origin in answer["price_lists"]]
        return [
            _headline(f"Prices of {answer['cloud']}", answer),
            _grid(("quality", "price list", "date"), lists),
            _grid(("region", ">types"), regions),
        ]
    if "types" in answer:
        title = f"Types of {answer['cloud']} in {answer['region']}"
        legend = "CoreMark per busy vCPU; $ per hour for 100,000 CoreMark"
        return [_headline(title, answer), legend, _types_table(answer["types"])]
    return [_type_table(answer)]


def _headline(title: str, answer: Answer) -> str:
    age = f"{title}: {answer['date']}, {answer['age_days']} days old"
    return f"{age} [yellow](stale: over 90 days)[/yellow]" if answer["stale"] else age


def _clouds_table(clouds: Answer) -> RenderableType:
    def qualities(about: Answer) -> str:
        return ", ".join(f"{count:,} {quality}" for quality, count in about["qualities"].items())

    rows = [
        (cloud, about["date"], about["regions"], about["types"], qualities(about))
        for cloud, about in clouds.items()
    ]
    return _grid(("cloud", "newest list", ">regions", ">types", "prices"), rows)


def _sources_table(columns: Answer) -> RenderableType:
    rows = []
    for column, sources in columns.items():
        for place, source in enumerate(sources):
            name, licence = _before(source["repository"], " @"), _before(source["licence"], " (")
            rows.append(("" if place else column, name, licence))
    return _grid(("figure", "from", "licence"), rows)


def _types_table(types: list[Answer]) -> RenderableType:
    rows = [
        (
            row["instance_type"],
            row["vcpus"],
            f"{row['memory_gib']:g}",
            "arm" if row["architecture"] == "arm64" else "x86",
            f"{row['usd_per_hour']:g}",
            _told(row["throughput_per_vcpu"]),
            _told(row["usd_per_hour_per_100k_coremark"]),
        )
        for row in types
    ]
    head = ("!type", ">!vCPU", ">!GiB", "!arch", ">!$/h", ">!CoreMark", ">!$/100k")
    return _grid(head, rows)


def _type_table(offer: Answer) -> RenderableType:
    rows = [(name.replace("_", " "), _told(value)) for name, value in offer.items()]
    return _grid(("", f"{offer['instance_type']} in {offer['region']}"), rows)


def _before(text: str, mark: str) -> str:
    """Shorten a source to its name; commits and conditions are in the JSON and in SOURCES.md."""
    return text.partition(mark)[0]


def _told(value: object) -> str:
    """Write one figure for a reader; what is not known is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_told(part)}" for name, part in value.items())
    return str(value)


def _grid(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> RenderableType:
    """Return a table; a head with > in front stands right, one with ! is never broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in head:
        table.add_column(
            name.lstrip(">!"),
            justify="right" if name.startswith(">") else "left",
            no_wrap="!" in name,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*map(str, row))
    return table
