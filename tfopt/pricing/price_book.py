"""Reads the price book that ships with tfopt, one cloud and one region at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tfopt.errors import TfoptError
from tfopt.pricing.custom import custom_offer, read_custom
from tfopt.pricing.nearest import meant, nearest, same_place_first
from tfopt.pricing.offer import CLOUDS, Boot, Cloud, Offer
from tfopt.pricing.windows import with_windows

if TYPE_CHECKING:
    from tfopt_sim.types import Burst

_FOLDER = Path(__file__).resolve().parent / "book"
_SHARE_ALIKE = "cc-by-sa-4.0"  # figures that derive from SpareCores data stand apart
_FORMAT = 2


@cache
def load_book() -> PriceBook:
    """Return the price book of this installation; files are read when a cloud is asked for.

    Raises:
        TfoptError: the installation is damaged.
    """
    return PriceBook(_FOLDER)


class TypeFacts(NamedTuple):
    """What a type is, wherever it is offered."""

    cloud: Cloud
    instance_type: str
    family: str
    architecture: str


class PriceBook:
    """Prices, specifications and performance of every type in every region it knows."""

    def __init__(self, folder: Path):
        try:
            self._about: dict[str, Any] = json.loads((folder / "book.json").read_text("utf-8"))
        except (OSError, ValueError):
            raise TfoptError(
                "the price book cannot be read", where=folder, hint="Reinstall tfopt"
            ) from None
        if self._about.get("format") != _FORMAT:
            raise TfoptError("the price book is of another version", hint="Reinstall tfopt")
        self._folder = folder
        self._clouds: dict[Cloud, _CloudBook] = {}

    @property
    def date(self) -> str:
        """ISO date of the book: that of the oldest of the three clouds' newest price lists."""
        return cast(str, self._about["date"])

    def date_of(self, cloud: str) -> str:
        """Return the ISO date of the newest price list of one cloud.

        Pods of "kubernetes" may land on nodes of any: the oldest of theirs.
        """
        if cloud == "kubernetes":
            return min(cast(str, one["date"]) for one in self._about["clouds"].values())
        return cast(str, self._about["clouds"][_known_cloud(cloud)]["date"])

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of the book's files."""
        from hashlib import sha256

        return sha256(json.dumps(self._about["sha256"], sort_keys=True).encode()).hexdigest()

    @property
    def attribution(self) -> str:
        """One line that names the sources and the licence of what is shared alike."""
        return (
            "Prices: public lists read by karpenter-provider-aws, -gcp and -azure and cloudspecs; "
            "AWS outside us-east-1 and performance derive from Spare Cores data (CC-BY-SA-4.0)"
        )

    @property
    def columns(self) -> Mapping[str, list[dict[str, str]]]:
        """Per column its inputs: repository with commit, snapshot date, licence."""
        return cast("Mapping[str, list[dict[str, str]]]", self._about["columns"])

    def origins(self, cloud: str) -> list[dict[str, str]]:
        """Return where a cloud's prices come from: quality, source and date of each list."""
        origins = self._about["clouds"][_known_cloud(cloud)]["origins"]
        return [dict(origin) for origin in origins.values()]

    def size(self, cloud: str) -> dict[str, int]:
        """Return the number of types, regions and prices of one cloud."""
        about = self._about["clouds"][_known_cloud(cloud)]
        return {name: about[name] for name in ("types", "regions", "prices")}

    def qualities(self, cloud: str) -> dict[str, int]:
        """Return how many prices of a cloud are of which quality (see `Offer`)."""
        return dict(self._about["clouds"][_known_cloud(cloud)]["qualities"])

    def regions(self, cloud: str) -> tuple[str, ...]:
        """Return the names of the regions of a cloud, sorted.

        Raises:
            TfoptError: the cloud is not known.
        """
        return tuple(sorted(self._of(cloud).regions))

    def count(self, cloud: str, region: str) -> int:
        """Return how many types a region offers.

        Raises:
            TfoptError: the cloud or the region is not known.
        """
        book = self._of(cloud)
        return len(book.prices(book.region(region)))

    def offers(self, cloud: str, region: str, operating_system: str = "linux") -> list[Offer]:
        """Return every type offered in a region with a price for the system, sorted by name.

        Raises:
            TfoptError: the cloud or the region is not known.
        """
        book = self._of(cloud)
        found = book.offers(book.region(region))
        if operating_system != "windows":
            return list(found)
        return [offer for one in found if (offer := with_windows(one)) is not None]

    def offer(
        self, cloud: str, region: str, instance_type: str, operating_system: str = "linux"
    ) -> Offer:
        """Return one type in one region.

        Args:
            cloud: "aws", "gcp" or "azure".
            region: as the cloud names it; Azure's display names ("East US") are understood.
            instance_type: as the cloud names it; case counts only where the cloud says so.
            operating_system: "windows" has prices for some of Azure's types only; "unknown" is
                read as Linux.

        Raises:
            TfoptError: cloud, region or type is not known, the type is not offered there, or the
                operating system has no prices; the nearest names are in the hint.
        """
        book = self._of(cloud)
        custom = read_custom(instance_type) if book.cloud == "gcp" else None
        if custom is not None:
            offer = custom_offer(custom, region, self.offers(cloud, region))
        else:
            offer = book.offer(book.region(region), book.type_name(instance_type))
        if operating_system in {"linux", "unknown"}:
            return offer
        with_licence = with_windows(offer) if operating_system == "windows" else None
        if with_licence is None:
            raise TfoptError(
                f"the price book has no {operating_system} price of {cloud}'s {instance_type}",
                hint="It holds Linux prices, and Windows prices of some of Azure's types",
            )
        return with_licence

    def type_names(self, cloud: str) -> Collection[str]:
        """Return the names of all types of a cloud, whatever the region.

        Raises:
            TfoptError: the cloud is not known.
        """
        return self._of(cloud).type_names

    def facts(self, instance_type: str) -> TypeFacts | None:
        """Return what a type is, whichever cloud has it; None for a name that none has."""
        for cloud in CLOUDS:
            found = self._of(cloud).facts(instance_type)
            if found is not None:
                return found
        own = read_custom(instance_type)
        return None if own is None else TypeFacts("gcp", own.name, own.family, own.architecture)

    def _of(self, cloud: str) -> _CloudBook:
        known = _known_cloud(cloud)
        if known not in self._clouds:
            self._clouds[known] = _CloudBook(self._folder, known, self._about["clouds"][known])
        return self._clouds[known]


def _known_cloud(cloud: str) -> Cloud:
    for known in CLOUDS:
        if cloud.lower() == known:
            return known
    raise TfoptError(f"no cloud {cloud!r} in the price book", hint="It has aws, gcp and azure")


class _CloudBook:
    """One cloud: the lines of its files by name, parsed when asked for."""

    def __init__(self, folder: Path, cloud: Cloud, about: Mapping[str, Any]):
        self.cloud = cloud
        self._folder = folder
        self._origins: Mapping[str, Mapping[str, str]] = about["origins"]
        self._types = dict(self._lines("types"))
        self._performance = dict(self._lines("performance"))
        self._prices: dict[str, dict[str, tuple[float, float | None, str]]] = {}
        self._offers: dict[str, tuple[Offer, ...]] = {}

    @cached_property
    def regions(self) -> dict[str, list[tuple[list[str], str]]]:
        """Per region its lines in the price files, each with the types its cells stand for."""
        found: dict[str, list[tuple[list[str], str]]] = {}
        for path in self._paths("prices"):
            header, *lines = path.read_text("utf-8").splitlines()
            types = header.split(",")[2:]
            for line in lines:
                region, _, rest = line.partition(",")
                found.setdefault(region, []).append((types, rest))
        return found

    @property
    def type_names(self) -> Collection[str]:
        """The names of all types."""
        return self._types.keys()

    def facts(self, name: str) -> TypeFacts | None:
        """Return what a type is; None for a name that is not known."""
        if name not in self._types:
            return None
        cells = next(csv.reader([self._types[name]]))
        return TypeFacts(self.cloud, name, cells[1], cells[5])

    def region(self, name: str) -> str:
        """Return the region's own name for what a user wrote."""
        plain = name.replace(" ", "").lower()
        if plain in self.regions:
            return plain
        zone = next((region for region in self.regions if plain.startswith(region)), None)
        found = [zone] if zone else nearest(plain, self.regions)
        raise TfoptError(
            f"no {self.cloud} region {name!r} in the price book",
            hint=meant(found) or f"`tfopt prices show {self.cloud}` lists its regions",
        )

    def type_name(self, name: str) -> str:
        """Return the type's own name for what a user wrote."""
        if name in self._types:
            return name
        if self.cloud == "azure":
            same = [known for known in self._types if known.lower() == name.lower()]
            if same:
                return same[0]
        family, dot, _ = name.partition(".")
        sizes = [known for known in self._types if dot and known.startswith(f"{family}.")]
        bare = self.cloud == "azure" and not name.lower().startswith("standard_")
        found = nearest(f"Standard_{name}" if bare else name, sizes or self._types)
        raise TfoptError(
            f"no {self.cloud} type {name!r} in the price book",
            hint=meant(found) or f"`tfopt prices show {self.cloud} REGION` lists those of a region",
        )

    def prices(self, region: str) -> dict[str, tuple[float, float | None, str]]:
        """Return, per type offered in the region: USD per hour, spot USD per hour, origin."""
        if region not in self._prices:
            cells: dict[str, dict[str, str]] = {"usd": {}, "spot": {}, "origin": {}}
            for types, line in self.regions[region]:
                figure, _, rest = line.partition(",")
                offered = zip(types, rest.split(","), strict=True)
                cells[figure].update((name, cell) for name, cell in offered if cell)
            spot = cells["spot"]
            self._prices[region] = {
                name: (float(usd), _number(spot.get(name, "")), cells["origin"][name])
                for name, usd in cells["usd"].items()
            }
        return self._prices[region]

    def offers(self, region: str) -> tuple[Offer, ...]:
        """Return every offer in a region known to the book, sorted by name."""
        if region not in self._offers:
            names = sorted(self.prices(region))
            self._offers[region] = tuple(self.offer(region, name) for name in names)
        return self._offers[region]

    def offer(self, region: str, name: str) -> Offer:
        """Return the offer of a type known to the book, in a region known to it."""
        prices = self.prices(region)
        if name not in prices:
            raise TfoptError(
                f"{self.cloud} does not offer {name} in {region}, by the price book",
                hint=self._instead(region, name),
            )
        usd, spot, letter = prices[name]
        origin = self._origins[letter]
        types = next(csv.reader([self._types[name]]))
        family, generation, vcpus, memory, architecture, category, processor, year = types[1:9]
        current, disk, network, baseline = types[9:]
        speed, quality, single, scaling, *sharing = self._performance[name].split(",")[1:]
        threads, boost, boost_quality = sharing
        return Offer(
            cloud=self.cloud,
            region=region,
            instance_type=name,
            family=family,
            generation=_integer(generation),
            vcpus=int(vcpus),
            memory_gib=float(memory),
            architecture="arm64" if architecture == "arm64" else "x86_64",
            category=category,
            processor=processor or None,
            release_year=_integer(year),
            current_generation=_flag(current),
            local_disk=_flag(disk),
            network_gbps=_number(network),
            baseline_cpu=_number(baseline) or 1.0,
            burst=self._burst_of(name),
            throughput_per_vcpu=_number(speed),
            perf_quality=cast(Any, quality or None),
            single_thread=_number(single),
            all_core_scaling=_number(scaling),
            threads_per_core=_integer(threads),
            boost=_number(boost),
            boost_quality=cast(Any, boost_quality or None),
            usd_per_hour=usd,
            usd_per_hour_spot=spot,
            price_quality=origin["quality"],
            price_date=origin["date"],
            price_source=origin["source"],
            boot=self._boot,
        )

    def _instead(self, region: str, name: str) -> str:
        """Return where the type is offered and what is offered here, nearest first."""
        elsewhere = same_place_first(region, (r for r in self.regions if name in self.prices(r)))
        here = nearest(name, self.prices(region))
        told = [f"Offered in {', '.join(elsewhere[:3])}"] if elsewhere else []
        told += [f"{region} has {', '.join(here)}"] if here else []
        return "; ".join(told) or f"It is in none of the {len(self.regions)} regions"

    def _burst_of(self, name: str) -> Burst | None:
        line = self._bursts.get(name)
        if line is None:
            return None
        from tfopt_sim.types import Burst

        baseline, per_hour, most, initial, unlimited, surplus = line.split(",")
        return Burst(
            baseline=float(baseline),
            credits_per_hour=float(per_hour),
            max_credits=float(most),
            initial_credits=float(initial),
            unlimited=unlimited == "yes",
            surplus_usd_per_vcpu_hour=float(surplus),
        )

    @cached_property
    def _bursts(self) -> dict[str, str]:
        return {name: line.partition(",")[2] for name, line in self._lines("burst")}

    @cached_property
    def _boot(self) -> Boot | None:
        text = (self._folder / _SHARE_ALIKE / "boot.csv").read_text("utf-8")
        for row in csv.DictReader(text.splitlines()):
            if row["cloud"] == self.cloud:
                quantiles = (float(row[column]) for column in ("p10", "p50", "p90", "p99"))
                return Boot(int(row["n"]), *quantiles)
        return None

    def _paths(self, kind: str) -> list[Path]:
        folders = (self._folder, self._folder / _SHARE_ALIKE)
        paths = [folder / f"{self.cloud}.{kind}.csv" for folder in folders]
        return [path for path in paths if path.is_file()]

    def _lines(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield each line of the cloud's file of this kind under the name it starts with."""
        for path in self._paths(kind):
            for line in path.read_text("utf-8").splitlines()[1:]:
                yield line.partition(",")[0], line


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _integer(cell: str) -> int | None:
    return int(cell) if cell else None


def _flag(cell: str) -> bool | None:
    return cell == "yes" if cell else None
