"""Reads the catalogue that the price book is built from, and says which rows to trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TypeKey = tuple[str, str]  # cloud, instance type
Row = Mapping[str, Any]


def read_catalog(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of catalog_all_regions.parquet."""
    from pyarrow import parquet

    table = parquet.read_table(folder / "catalog_all_regions.parquet")
    return list(table.to_pylist())


def is_usable(row: Row) -> bool:
    """Tell whether a row's price can be believed: not suspect, and above zero."""
    return row["price_quality"] != "suspect" and (row["usd_per_hour_ondemand"] or 0) > 0


def types_of(rows: Iterable[Row]) -> dict[TypeKey, Row]:
    """Return one row per cloud and type, sorted; what describes a type is alike in all regions."""
    found: dict[TypeKey, Row] = {}
    for row in rows:
        found.setdefault((row["cloud"], row["instance_type"]), row)
    return dict(sorted(found.items()))
