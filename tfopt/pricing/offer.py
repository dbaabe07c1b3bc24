"""One instance type in one region: what it is, what it costs, how fast it is, how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tfopt_sim.types import Burst

Cloud = Literal["aws", "gcp", "azure"]
CLOUDS: tuple[Cloud, ...] = ("aws", "gcp", "azure")


@dataclass(frozen=True, slots=True)
class Boot:
    """Seconds from the launch call to the start of the user's own script, over `runs` real boots.

    Measured per cloud by SpareCores' inspector; what the application needs to serve comes on top.
    """

    runs: int
    p10_s: float
    p50_s: float
    p90_s: float
    p99_s: float


@dataclass(frozen=True, slots=True)
class Offer:
    """One instance type in one region, on demand, with Linux unless it says otherwise.

    `price_quality` is "listed" (the vendor's list), "listed_2024" (the list of February 2024),
    "estimated" (us-east-1's list price × the family's regional ratio of 2024; a custom type by its
    family's rates, docs/decisions/0024-custom-machine-types.md; for Windows, Linux's price and the
    licence), "corrected_windows" (a list that gave the Windows price, put right) or
    "listed_unverified" (no second source).
    `perf_quality` says where `throughput_per_vcpu` comes from: "measured" on this type, or filled
    in from its "family", from its "processor" in other families, or "estimated" from its
    single-thread PassMark (docs/decisions/0003-busy-vcpu-throughput.md). `boost` is that of the
    "processor", or "estimated" from all others; 1 where no core is shared
    (docs/decisions/0016-what-cpu-percent-means.md).
    """

    cloud: Cloud
    region: str
    instance_type: str
    family: str
    generation: int | None  # the vendor's number, comparable within a family's letter
    vcpus: float  # those that run: 2 for Azure's constrained Standard_E8-2s_v5; whole but of pods
    memory_gib: float
    architecture: Literal["x86_64", "arm64"]
    category: str  # general, compute, memory, storage, burstable, accelerated, hpc, bare-metal
    processor: str | None
    release_year: int | None
    current_generation: bool | None  # as the catalogue says; None where it says nothing
    local_disk: bool | None  # by the vendor's naming rules
    network_gbps: float | None  # baseline
    baseline_cpu: float  # share of each vCPU that may be busy for good; < 1: burstable, flex
    burst: Burst | None
    throughput_per_vcpu: float | None  # CoreMark per vCPU with all vCPUs busy
    perf_quality: Literal["measured", "family", "processor", "estimated"] | None
    single_thread: float | None  # Geekbench 6 single-core points
    all_core_scaling: float | None  # stress-ng div16, per vCPU: all busy ÷ one; a lower bound
    threads_per_core: int | None  # vCPUs that share a core
    boost: float | None  # speed of a vCPU while its core's others idle ÷ while all are busy
    boost_quality: Literal["processor", "estimated"] | None
    usd_per_hour: float
    usd_per_hour_spot: float | None
    price_quality: str
    price_date: str  # ISO date of the list the price was read from
    price_source: str
    boot: Boot | None
    operating_system: Literal["linux", "windows"] = "linux"

    @property
    def accelerated(self) -> bool:
        """Whether the type carries a GPU or another accelerator."""
        return self.category == "accelerated"

    @property
    def capacity(self) -> float | None:
        """CoreMark of the whole instance with every vCPU busy."""
        return None if self.throughput_per_vcpu is None else self.vcpus * self.throughput_per_vcpu

    @property
    def usd_per_throughput(self) -> float | None:
        """USD per hour for 100,000 CoreMark: the price of a unit of work."""
        return None if self.capacity is None else self.usd_per_hour / self.capacity * 1e5
