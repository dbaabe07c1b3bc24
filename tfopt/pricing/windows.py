"""The price of a machine with Windows: Linux's, and the licence by the vCPU.

Only where public figures show that the licence is the same for every size of a family: see
docs/decisions/0025-windows-licence.md.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from tfopt.pricing.offer import Offer

USD_PER_VCPU_HOUR: Final = 0.046
_SOURCE: Final = f"Linux's price with {USD_PER_VCPU_HOUR} USD per vCPU-hour for Windows"
# families of which every size that two price lists show has that licence
_D_AND_E = re.compile(r"[DE][a-z]*_v([3-9])")
_OTHERS = frozenset({"F", "Fs", "Ls", "Ls_v2", "Ls_v3", "Las_v3"})
_CONSTRAINED = re.compile(r"Standard_[A-Z]+\d+-\d")  # licensed for vCPUs that do not run


def with_windows(offer: Offer) -> Offer | None:
    """Return a Linux offer with Windows; None where its licence is not known, spot always so."""
    known = _D_AND_E.fullmatch(offer.family) is not None or offer.family in _OTHERS
    if offer.cloud != "azure" or not known or _CONSTRAINED.match(offer.instance_type):
        return None
    if offer.architecture != "x86_64":
        return None  # Windows Server is not sold for Arm
    return replace(
        offer,
        operating_system="windows",
        usd_per_hour=round(offer.usd_per_hour + USD_PER_VCPU_HOUR * offer.vcpus, 6),
        usd_per_hour_spot=None,
        price_quality="estimated",
        price_source=f"{offer.price_source}: {_SOURCE}",
    )
