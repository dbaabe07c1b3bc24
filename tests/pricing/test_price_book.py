"""The shipped price book against the catalogue it was made from, and its answers to wrong names."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tfopt.pricing
from tfopt.errors import TfoptError
from tfopt.pricing import CLOUDS, PriceBook, age_of, load_book

FOLDER = Path(tfopt.pricing.__file__).parent / "book"


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return load_book()


def files_of_the_book() -> list[Path]:
    return [path for path in FOLDER.rglob("*") if path.is_file()]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_thirty_pairs_at_random_are_as_the_catalogue_has_them(
    cloud: str, book: PriceBook, material: Path
) -> None:
    """Price, spot price, quality, date, memory and architecture of 30 region-type pairs agree."""
    rows = [
        row
        for row in rows_of(material / "catalog" / "catalog_main.csv.gz")
        if row["cloud"] == cloud and row["price_quality"] != "suspect"
    ]
    for row in random.Random(20_260_818).sample(rows, 30):
        offer = book.offer(cloud, row["region"], row["instance_type"])
        assert offer.usd_per_hour == pytest.approx(float(row["usd_per_hour_ondemand"]), abs=1e-6)
        spot = float(row["usd_per_hour_spot"]) if row["usd_per_hour_spot"] else None
        assert offer.usd_per_hour_spot == (spot if spot is None else pytest.approx(spot, abs=1e-6))
        assert offer.price_quality == row["price_quality"]
        assert (offer.price_date, offer.price_source) == (row["snapshot_date"], row["source"])
        assert offer.memory_gib == pytest.approx(float(row["memory_gib"]))
        assert (offer.architecture, offer.family) == (row["arch"], row["family"])


def test_no_suspect_or_free_price_is_in_the_book(book: PriceBook, material: Path) -> None:
    """Every such row of the catalogue, in any region, is refused as not offered."""
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = ["cloud", "region", "instance_type", "price_quality", "usd_per_hour_ondemand"]
    catalogue = material / "catalog" / "catalog_all_regions.parquet"
    table = parquet.read_table(catalogue, columns=columns)
    doubtful = [
        row
        for row in table.to_pylist()
        if row["price_quality"] == "suspect" or row["usd_per_hour_ondemand"] <= 0
    ]
    assert doubtful
    for row in doubtful:
        with pytest.raises(TfoptError):
            book.offer(row["cloud"], row["region"], row["instance_type"])
    kept = sum(book.size(cloud)["prices"] for cloud in CLOUDS)
    assert kept + len(doubtful) == table.num_rows


def test_measured_figures_are_those_of_the_catalogue(book: PriceBook, material: Path) -> None:
    """Where the book says a figure was measured, it is the CoreMark of that very type."""
    measured = {
        (row["cloud"], row["instance_type"]): float(row["coremark_per_vcpu"])
        for row in rows_of(material / "catalog" / "perf_by_instance.csv.gz")
        if row["coremark_per_vcpu"]
    }
    offers = [o for o in book.offers("aws", "us-east-1") if o.perf_quality == "measured"]
    assert len(offers) > 800
    for offer in offers:
        figure = measured[offer.cloud, offer.instance_type]
        assert offer.throughput_per_vcpu == pytest.approx(figure, abs=0.51)


def test_the_files_are_those_the_builder_wrote() -> None:
    """Every file carries the digest that book.json holds, and together they stay small."""
    about = json.loads((FOLDER / "book.json").read_text("utf-8"))
    files = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in files_of_the_book()}
    written = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    del written["book.json"]
    assert written == about["sha256"]
    assert sum(map(len, files.values())) < 2_000_000


def test_the_book_carries_no_path_of_a_machine() -> None:
    """Nothing in the book tells where it was built."""
    for path in files_of_the_book():
        assert not re.search(r"(^|[\s\"'(,])/\w+/|[A-Z]:\\", path.read_text("utf-8"), re.MULTILINE)


def test_share_alike_data_stands_apart() -> None:
    """The 2024 list, what is estimated from it and all performance lie under their own licence."""
    assert "CC-BY-SA-4.0" in (FOLDER / "cc-by-sa-4.0" / "LICENSE.md").read_text("utf-8")
    assert not list(FOLDER.glob("*.performance.csv"))
    regions = {line.split(",")[0] for line in (FOLDER / "aws.prices.csv").read_text().splitlines()}
    assert regions == {"region", "us-east-1"}


def test_every_offer_can_be_read(book: PriceBook) -> None:
    """All types of all regions of all clouds parse; prices are positive, figures plausible."""
    seen = 0
    for cloud in CLOUDS:
        for offer in book.offers(cloud, book.regions(cloud)[0]):
            seen += 1
            assert offer.usd_per_hour > 0
            assert offer.price_quality != "suspect"
            assert (offer.throughput_per_vcpu is None) == (offer.perf_quality is None)
            assert offer.throughput_per_vcpu is None or 4_000 < offer.throughput_per_vcpu < 60_000
            assert offer.all_core_scaling is None or 0 < offer.all_core_scaling <= 1
            assert (offer.boost is None) == (offer.threads_per_core is None)
            assert offer.boost is None or 1 <= offer.boost <= (offer.threads_per_core or 0)
            assert offer.boot is not None
            assert offer.boot.p10_s < offer.boot.p50_s < offer.boot.p99_s
        assert sum(book.count(cloud, r) for r in book.regions(cloud)) == book.size(cloud)["prices"]
    assert seen > 1000


def test_known_machines(book: PriceBook) -> None:
    """m7a does 2.2 times the work of m5 per vCPU: no hyper-threads, and two generations on."""
    m5 = book.offer("aws", "us-east-1", "m5.xlarge")
    m7a = book.offer("aws", "us-east-1", "m7a.xlarge")
    assert (m5.vcpus, m5.memory_gib, m5.usd_per_hour) == (4, 16.0, 0.192)
    assert m7a.throughput_per_vcpu is not None
    assert m5.throughput_per_vcpu is not None
    assert m7a.throughput_per_vcpu / m5.throughput_per_vcpu == pytest.approx(2.25, rel=0.04)
    assert m5.usd_per_throughput == pytest.approx(0.192 / (4 * m5.throughput_per_vcpu) * 1e5)


def test_burst_figures(book: PriceBook) -> None:
    """Credits earned per hour are baseline times vCPUs times 60, in every cloud that burst."""
    t3 = book.offer("aws", "us-east-1", "t3.large").burst
    assert t3 is not None
    assert (t3.baseline, t3.credits_per_hour, t3.max_credits, t3.unlimited) == (0.3, 36, 864, True)
    b2s = book.offer("azure", "eastus", "Standard_B2s_v2")
    assert b2s.burst is not None
    assert b2s.burst.credits_per_hour == pytest.approx(b2s.burst.baseline * b2s.vcpus * 60)
    assert not b2s.burst.unlimited
    assert book.offer("aws", "us-east-1", "m5.large").burst is None


def test_constrained_azure_sizes_count_the_vcpus_that_run(book: PriceBook) -> None:
    """Standard_E8-2s_v5 costs as an E8s_v5 and works with two vCPUs."""
    constrained = book.offer("azure", "eastus", "Standard_E8-2s_v5")
    whole = book.offer("azure", "eastus", "Standard_E8s_v5")
    assert (constrained.vcpus, whole.vcpus) == (2, 8)
    assert constrained.usd_per_hour == whole.usd_per_hour


def test_a_capped_shared_core_has_the_speed_of_its_family(book: PriceBook) -> None:
    """The cap of e2-micro is in its baseline, not a second time in its speed."""
    micro = book.offer("gcp", "us-central1", "e2-micro")
    assert (micro.perf_quality, micro.baseline_cpu) == ("family", 0.125)
    assert micro.throughput_per_vcpu == pytest.approx(13_000, rel=0.05)


def test_azure_display_names_are_understood(book: PriceBook) -> None:
    """A region may be written as azurerm allows, a type in any case."""
    offer = book.offer("azure", "East US", "standard_d4s_v5")
    assert (offer.region, offer.instance_type) == ("eastus", "Standard_D4s_v5")


@pytest.mark.parametrize(
    ("cloud", "region", "instance_type", "wanted"),
    [
        ("aws", "us-east-1", "m5.xlrge", "no aws type 'm5.xlrge' in the price book. Did you mean"),
        ("aws", "us-east-1", "m5.xlrge", "m5.xlarge"),
        ("aws", "us-east-1", "m5large", "m5.large"),
        ("aws", "us-east-1", "db.m5.large", "m5.large"),
        ("aws", "us-est-1", "m5.large", "no aws region 'us-est-1'"),
        ("aws", "us-est-1", "m5.large", "us-east-1"),
        ("aws", "us-east-1a", "m5.large", "Did you mean us-east-1?"),
        ("aws", "mars", "m5.large", "`tfopt prices show aws` lists its regions"),
        ("azure", "eastus", "D4s_v5", "Standard_D4s_v5"),
        ("gcp", "us-central1", "e2-custom-micro-1024", "no gcp type 'e2-custom-micro-1024'"),
        ("oracle", "us-east-1", "m5.large", "no cloud 'oracle' in the price book"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest_ones(
    cloud: str, region: str, instance_type: str, wanted: str, book: PriceBook
) -> None:
    """One clear line that names what was wrong and what was likely meant."""
    with pytest.raises(TfoptError) as told:
        book.offer(cloud, region, instance_type)
    assert wanted in str(told.value)
    assert "\n" not in str(told.value)


def test_a_type_not_offered_here_is_told_with_where_it_is(book: PriceBook) -> None:
    """The nearest regions that have the type, and the nearest types that the region has."""
    present = {o.instance_type for o in book.offers("aws", "ap-south-2")}
    absent = next(o for o in book.offers("aws", "us-east-1") if o.instance_type not in present)
    with pytest.raises(TfoptError, match=r"does not offer .* in ap-south-2") as told:
        book.offer("aws", "ap-south-2", absent.instance_type)
    where = re.search(r"Offered in ([^;]*)", str(told.value))
    assert where is not None
    for region in where[1].split(", "):
        assert book.offer("aws", region, absent.instance_type).region == region


@pytest.mark.parametrize(
    ("cloud", "region", "name"),
    [
        ("aws", "us-east-1", "m5.large"),
        ("gcp", "us-central1", "n2-standard-4"),
        ("azure", "westeurope", "Standard_B2ms"),  # whose licence is another
        ("azure", "westeurope", "Standard_E16-4s_v5"),  # licensed for vCPUs that do not run
        ("azure", "westeurope", "Standard_D4ps_v5"),  # Arm
    ],
)
def test_windows_has_no_price(cloud: str, region: str, name: str, book: PriceBook) -> None:
    """No figure is better than that of another operating system."""
    assert book.offer(cloud, region, name, "unknown").operating_system == "linux"
    with pytest.raises(TfoptError, match="no windows price"):
        book.offer(cloud, region, name, "windows")
    assert name not in {one.instance_type for one in book.offers(cloud, region, "windows")}


def test_windows_on_azure_is_linux_and_a_licence(book: PriceBook) -> None:
    """A D4s v5 has four vCPUs, each 0.046 USD an hour dearer; there is no spot price."""
    linux = book.offer("azure", "westeurope", "Standard_D4s_v5")
    windows = book.offer("azure", "westeurope", "standard_d4s_v5", "windows")
    assert windows.usd_per_hour == pytest.approx(linux.usd_per_hour + 4 * 0.046)
    assert (windows.price_quality, windows.usd_per_hour_spot) == ("estimated", None)
    assert windows in book.offers("azure", "West Europe", "windows")
    assert "Windows" in windows.price_source
    with pytest.raises(TfoptError, match="no plan9 price"):
        book.offer("azure", "westeurope", "Standard_D4s_v5", "plan9")


def test_the_book_is_stale_after_ninety_days(book: PriceBook) -> None:
    """Day 90 is still good, day 91 is not."""
    read = dt.date.fromisoformat(book.date)
    assert not age_of(book.date, read + dt.timedelta(days=90)).stale
    assert age_of(book.date, read + dt.timedelta(days=91)).stale
    assert book.date == min(book.date_of(cloud) for cloud in CLOUDS)


def test_a_damaged_book_is_refused(tmp_path: Path) -> None:
    """No book, or one of another format, is told in one line."""
    with pytest.raises(TfoptError, match="cannot be read"):
        PriceBook(tmp_path)
    (tmp_path / "book.json").write_text('{"format": 99}')
    with pytest.raises(TfoptError, match="another version"):
        PriceBook(tmp_path)
