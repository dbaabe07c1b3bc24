"""What disks cost a month, by the vendor's list: docs/decisions/0026-disk-prices.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PRICED_IN: Final[Mapping[str, str]] = {
    "aws": "us-east-1",
    "azure": "eastus",
    "gcp": "us-central1",
}
"""Cloud → the region whose list is read; disks elsewhere are priced as there."""
USD_PER_GIB_MONTH: Final[Mapping[str, float]] = {
    # Amazon EBS, without provisioned IOPS and throughput
    "gp3": 0.08,
    "gp2": 0.10,
    "io1": 0.125,
    "io2": 0.125,
    "st1": 0.045,
    "sc1": 0.015,
    "standard": 0.05,
    # Azure managed disks, billed by tier, without operations
    "P4": 5.28 / 32,
    "P6": 10.21 / 64,
    "P10": 19.71 / 128,
    "P15": 38.02 / 256,
    "P20": 73.22 / 512,
    "P30": 135.17 / 1024,
    **dict.fromkeys(("E4", "E6", "E10", "E15", "E20", "E30"), 0.075),
    "S4": 1.54 / 32,
    "S6": 3.01 / 64,
    "S10": 5.89 / 128,
    "S15": 11.33 / 256,
    "S20": 21.76 / 512,
    "S30": 40.96 / 1024,
    # Google's Persistent Disk and Hyperdisk, without provisioned IOPS and throughput
    "pd-standard": 0.04,
    "pd-balanced": 0.10,
    "pd-ssd": 0.17,
    "pd-extreme": 0.125,
    "hyperdisk-extreme": 0.125,
}
"""Kind of a disk → USD per GiB and month; absent: the sources differ, or there is none."""
