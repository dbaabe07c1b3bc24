"""`tfopt prices show`: the book, a cloud, a region, a type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tfopt.commands.prices import command

if TYPE_CHECKING:
    from conftest import RunTfopt


def show(*arguments: str) -> Any:
    done = CliRunner().invoke(command, ["show", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.output)


def test_the_book_tells_dates_sizes_and_sources() -> None:
    """Date and staleness, what each cloud has and of which quality, where columns come from."""
    answer = show()
    assert set(answer["clouds"]) == {"aws", "gcp", "azure"}
    assert answer["date"] == min(about["date"] for about in answer["clouds"].values())
    assert answer["clouds"]["aws"]["qualities"]["listed_2024"] > 10_000
    assert {s["licence"] for s in answer["columns"]["boot"]} == {"CC-BY-SA-4.0"}
    assert "Spare Cores" in answer["attribution"]


def test_a_cloud_tells_its_regions_and_price_lists() -> None:
    """Every region with the number of types offered."""
    answer = show("aws")
    types = {region["region"]: region["types"] for region in answer["regions"]}
    assert len(types) == 28
    assert types["us-east-1"] > 1000
    assert {"listed", "listed_2024", "estimated"} == {p["quality"] for p in answer["price_lists"]}


def test_a_region_tells_its_types() -> None:
    """As many as the cloud's overview counted."""
    counted = {region["region"]: region["types"] for region in show("gcp")["regions"]}
    assert len(show("gcp", "europe-west1")["types"]) == counted["europe-west1"]


def test_a_type_tells_all_its_figures() -> None:
    """Numbers are numbers; the age is that of the list this very price was read from."""
    answer = show("aws", "eu-west-1", "t3.large")
    assert answer["burst"]["credits_per_hour"] == 36
    assert (answer["price_quality"], answer["price_date"]) == ("listed_2024", "2024-02-21")
    assert answer["stale"] is True
    assert answer["throughput_per_vcpu"] > 10_000


@pytest.mark.parametrize(
    "arguments",
    [[], ["aws"], ["azure", "eastus"], ["gcp", "us-central1"], ["aws", "us-east-1", "m5.large"]],
)
def test_tables_fit_eighty_columns(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider, and no name of a type is broken over two."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(command, ["show", *arguments, "--format", "table"])
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80
    if arguments == ["azure", "eastus"]:
        assert "Standard_E8-2s_v5 " in shown.output


def test_an_unknown_name_is_one_line_and_exit_code_1(tfopt: RunTfopt, tmp_path: Path) -> None:
    """The nearest names stand in the line."""
    done = tfopt("prices", "show", "aws", "us-east-1", "m5.lrge", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "m5.large" in done.stderr
