"""What a newer size of Azure asks of the image: its disks are attached in another way.

Microsoft Learn, "Converting virtual machines running Linux from SCSI to NVMe": not all new series
have SCSI, and an image, or a machine that runs, has to be made ready for NVMe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfopt.patching.case import Case

_VERSION = re.compile(r"_v(\d+)$")
_NVME_SINCE = 6
# the nodes of AKS start anew from an image of its own
_MAKE_IMAGES = frozenset({"azurerm_kubernetes_cluster", "azurerm_kubernetes_cluster_node_pool"})


def newer_disks(case: Case) -> Iterator[str]:
    """Sizes of version 6 and later attach their disks by NVMe."""
    old, new = case.changed.get("instance_type", (None, None))
    if case.group.cloud != "azure" or case.group.kind in _MAKE_IMAGES:
        return
    if _version(old) < _NVME_SINCE <= _version(new):
        ready = "its image" if case.group.action == "create" else "image and running machines"
        yield f"{new} attaches its disks by NVMe, {old} by SCSI: see that {ready} can do that first"


def _version(name: object) -> int:
    found = _VERSION.search(name) if isinstance(name, str) else None
    return int(found[1]) if found else 1
