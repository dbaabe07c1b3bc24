"""The builder of the price book on a catalogue of a handful of machines."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tfopt.errors import TfoptError
from tfopt.pricing import PriceBook

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SOURCES = """# SOURCES
| what | repo @ commit (date) | path | snapshot of the data | licence |
|---|---|---|---|---|
| AWS on-demand | aws/karpenter-provider-aws @ 1d92 | prices.go | 2026-07-20 | Apache-2.0 |
| not in the book | someone/else @ 1 | x | 2026 | MIT |
"""
_MEASURES = "gb6_single,passmark_single,all_core_scaling,coremark_per_vcpu"
PERFORMANCE = f"""\
cloud,instance_type,cpu_model,{_MEASURES},specint_half_base,specint_full_base
aws,m1.large,Intel(R) Xeon(R) Platinum 8175M,1000,1800,0.66,14000,8.48,10
aws,m1.xlarge,Intel(R) Xeon(R) Platinum 8175M,1010,1800,0.66,14400,,
aws,m1.2xlarge,Intel(R) Xeon(R) Platinum 8175M,1020,1800,0.66,30000,,
aws,k1.large,Intel(R) Xeon(R) Platinum 8124M,1100,2000,0.66,,,
aws,o1.large,Neoverse-N1,950,1100,1.0,,53,100
aws,b1.large,AMD EPYC 7571,700,1400,0.5,,7.42,10
aws,c1.large,AMD EPYC 9B14,1900,2700,0.5,,,
azure,Standard_E8-2s_v5,Intel(R) Xeon(R) Platinum 8171M,1200,2700,0.165,,,
"""


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("build_price_book")


def row(name: str, cloud: str = "aws", region: str = "here-1", **changes: Any) -> dict[str, Any]:
    """Return one row of a catalogue."""
    values = {
        "cloud": cloud,
        "region": region,
        "instance_type": name,
        "family": name.partition(".")[0],
        "generation": 1,
        "vcpus": 2,
        "memory_gib": 8.0,
        "arch": "x86_64",
        "burstable": False,
        "baseline_cpu_fraction": 1.0,
        "network_gbps": None,
        "usd_per_hour_ondemand": 0.1,
        "usd_per_hour_spot": None,
        "source": "list",
        "snapshot_date": "2026-07-20",
        "price_quality": "listed",
        "category": "general",
        "current_generation": True,
        "processor": "Skylake 8175",
        "bare_metal": False,
        "release_year": 2017,
    }
    return {**values, **changes}


CATALOGUE = [
    row("m1.large", usd_per_hour_ondemand=0.096, usd_per_hour_spot=0.03),
    row("m1.xlarge", usd_per_hour_ondemand=0.192),
    row("m1.2xlarge", usd_per_hour_ondemand=0.384),
    row("m1.large", region="there-1", price_quality="listed_2024", snapshot_date="2024-02-21"),
    row("m1.4xlarge", price_quality="suspect"),
    row("free.large", usd_per_hour_ondemand=0.0),
    row("n1.large"),
    row("k1.large", processor="Intel"),
    row("o1.large", processor="Graviton", arch="arm64"),
    row("b1.large", processor="Naples"),
    row("b1.medium", processor="Naples", vcpus=1),
    row("c1.large", processor="Genoa"),
    row("z1.large", processor="Nobody's"),
    row("t1.large", burstable=True, baseline_cpu_fraction=0.3, category="burstable"),
    row("e2", cloud="gcp", snapshot_date="2026-08-03", processor=None),
    row("Standard_E8-2s_v5", cloud="azure", vcpus=8, snapshot_date="2026-06-18", processor="Intel"),
]


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Return a folder with the tables that stand beside the catalogue."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "SOURCES.md").write_text(SOURCES)
    with gzip.open(folder / "perf_by_instance.csv.gz", "wt") as lines:
        lines.write(PERFORMANCE)
    (folder / "burstable.csv").write_text(
        "instance_type,credits_per_hour,initial_credits,default_mode,surplus_usd_per_vcpu_hour\n"
        "t1.large,24,30,unlimited,0.05\n"  # 24 contradicts its own baseline: 0.3 × 2 × 60 = 36
    )
    (folder / "boot_times_summary.csv").write_text(
        "cloud,measure,n,p10,p50,p90,p99\n"
        "aws,api_call_s,70,1,2,3,4\n"
        "aws,user_data_start_s,70,18,31.5,44,661\n"
    )
    return folder


@pytest.fixture
def book(builder: ModuleType, catalog: Path, tmp_path: Path) -> PriceBook:
    builder.write(builder.build(catalog, CATALOGUE), tmp_path / "book")
    return PriceBook(tmp_path / "book")


def test_prices_keep_their_quality_source_and_date(book: PriceBook) -> None:
    """What was listed today and what was listed in 2024 stay apart, each with its date."""
    here, there = (book.offer("aws", region, "m1.large") for region in ("here-1", "there-1"))
    assert (here.usd_per_hour, here.usd_per_hour_spot, here.price_quality) == (
        0.096,
        0.03,
        "listed",
    )
    assert (there.price_quality, there.price_date) == ("listed_2024", "2024-02-21")
    assert there.usd_per_hour_spot is None
    assert book.date == "2026-06-18"
    assert book.date_of("aws") == "2026-07-20"


@pytest.mark.parametrize("name", ["m1.4xlarge", "free.large"])
def test_a_suspect_or_free_price_never_gets_in(name: str, book: PriceBook) -> None:
    """The catalogue has the row; the book does not know the type."""
    with pytest.raises(TfoptError, match="in the price book"):
        book.offer("aws", "here-1", name)


@pytest.mark.parametrize(
    ("name", "figure", "quality"),
    [
        ("m1.large", 14_000, "measured"),
        ("m1.2xlarge", 14_200, "family"),  # 30,000 is far from its family's: not believed
        ("n1.large", 14_200, "processor"),  # nobody measured it, but m1 has its processor
        ("k1.large", 2_000 * 14_200 / 1_800, "estimated"),  # PassMark × m1's ratio, same silicon
        ("z1.large", None, None),  # nothing is known: no figure is made up
    ],
)
def test_speed_is_measured_or_filled_and_says_which(
    name: str, figure: float | None, quality: str | None, book: PriceBook
) -> None:
    """Each way of filling a gap, in the order in which they are trusted."""
    offer = book.offer("aws", "here-1", name)
    assert offer.perf_quality == quality
    assert offer.throughput_per_vcpu == (figure and pytest.approx(figure, abs=0.51))


@pytest.mark.parametrize(
    ("name", "threads", "boost", "quality"),
    [
        ("m1.large", 2, 1.55, "processor"),  # 2 × 8.48 ÷ 10 ÷ 1.06 = 1.6, typical is 1.5
        ("k1.large", 2, 1.55, "processor"),  # another model of the same generation
        ("b1.large", 2, 1.45, "processor"),
        ("c1.large", 2, 1.5, "estimated"),  # a generation that nobody rated at half load
        ("o1.large", 1, 1.0, None),  # all vCPUs busy lose nothing: cores of their own
        ("b1.medium", 1, 1.0, None),  # one vCPU: busy or not
        ("n1.large", None, None, None),  # nobody knows: nothing is made up
    ],
)
def test_shared_cores_are_told_with_what_an_idle_neighbour_is_worth(
    name: str, threads: int | None, boost: float | None, quality: str | None, book: PriceBook
) -> None:
    """The boost of a processor goes halfway to the typical; what own cores lose is taken out."""
    offer = book.offer("aws", "here-1", name)
    assert (offer.threads_per_core, offer.boost_quality) == (threads, quality)
    assert offer.boost == (boost and pytest.approx(boost, abs=0.005))


def test_constrained_vcpus_are_counted_as_they_run(book: PriceBook) -> None:
    """An E8-2 has two vCPUs, and its scaling is over two, not over eight."""
    offer = book.offer("azure", "here-1", "Standard_E8-2s_v5")
    assert offer.vcpus == 2
    assert offer.all_core_scaling == pytest.approx(0.66)


def test_credits_follow_the_baseline(book: PriceBook) -> None:
    """A documented figure that contradicts the baseline gives way to the definition."""
    burst = book.offer("aws", "here-1", "t1.large").burst
    assert burst is not None
    assert (burst.credits_per_hour, burst.max_credits, burst.initial_credits) == (36, 864, 30)
    assert burst.unlimited


def test_boot_is_launch_to_user_data(book: PriceBook) -> None:
    """Of the three measures, the one a user's own script can start from; absent where unknown."""
    boot = book.offer("aws", "here-1", "m1.large").boot
    assert boot is not None
    assert (boot.p50_s, boot.runs) == (31.5, 70)
    assert book.offer("gcp", "here-1", "e2").boot is None


def test_only_sources_that_stand_behind_a_figure_are_named(book: PriceBook, tmp_path: Path) -> None:
    """Licence and commit of each input, per column; inputs of other tables are left out."""
    assert book.columns["usd_per_hour"][0]["repository"].startswith("aws/karpenter-provider-aws")
    page = (tmp_path / "book" / "SOURCES.md").read_text()
    assert "Apache-2.0" in page
    assert "someone/else" not in page


def test_the_same_catalogue_gives_the_same_bytes_in_any_order(
    builder: ModuleType, catalog: Path
) -> None:
    """Neither the order of the rows nor a second run changes a byte."""
    assert builder.build(catalog, CATALOGUE) == builder.build(catalog, CATALOGUE[::-1])


@pytest.mark.parametrize(
    ("cloud", "name", "family", "has"),
    [
        ("aws", "m5d.large", "m5d", True),
        ("aws", "m5.large", "m5", False),
        ("aws", "i4i.large", "i4i", True),
        ("aws", "m7i-flex.large", "m7i-flex", False),
        ("aws", "d3.xlarge", "d3", True),
        ("azure", "Standard_D4s_v5", "Ds_v5", False),
        ("azure", "Standard_D4ds_v5", "Dds_v5", True),
        ("azure", "Standard_D4s_v3", "Ds_v3", True),
        ("azure", "Standard_E8-2ads_v5", "Eads_v5", True),
        ("gcp", "c3-standard-4-lssd", "c3", True),
        ("gcp", "n2-standard-4", "n2", None),
    ],
)
def test_local_disks_are_read_from_the_vendors_names(
    cloud: str, name: str, family: str, has: bool | None, builder: ModuleType
) -> None:
    """The naming rules of each vendor, old and new."""
    assert builder.local_disk(cloud, name, family) is has


def test_the_script_builds_from_a_parquet_catalogue(catalog: Path, tmp_path: Path) -> None:
    """The whole command, as a maintainer types it."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(CATALOGUE), catalog / "catalog_all_regions.parquet")
    command = [sys.executable, str(TOOLS / "build_price_book.py"), "--catalog", str(catalog)]
    out = tmp_path / "out"
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
    about = json.loads((out / "book.json").read_text())
    assert about["clouds"]["aws"]["prices"] == 12
    with (out / "aws.types.csv").open() as lines:
        names = [line["instance_type"] for line in csv.DictReader(lines)]
    assert names == sorted(names)
    texts = [path.read_text() for path in out.rglob("*") if path.is_file()]
    assert str(tmp_path) not in "".join(texts)


def test_the_shipped_book_is_what_the_script_builds(builder: ModuleType, material: Path) -> None:
    """Built again from the full catalogue, every file is the same to the byte."""
    pytest.importorskip("pyarrow")
    catalog = material / "catalog"
    built = builder.build(catalog, builder.read_catalog(catalog))
    shipped = builder.DEFAULT_OUT
    files = {p.relative_to(shipped).as_posix(): p for p in shipped.rglob("*") if p.is_file()}
    assert files.keys() == built.keys()
    assert all(files[path].read_bytes() == text.encode() for path, text in built.items())
