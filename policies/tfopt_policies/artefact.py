"""Reads and writes a trained policy: policy.npz beside the card.json that vouches for it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfopt_policies.errors import PolicyError
from tfopt_policies.network import Network, Weights, from_arrays
from tfopt_sim.dynamics import DYNAMICS_VERSION

WEIGHTS_FILE, CARD_FILE = "policy.npz", "card.json"
MAX_BYTES = 1_000_000
CARD_FORMAT = 1
_SEAL = "card_sha256"
_RETRAIN = "Train it again with `tfopt train`, or choose another --policy"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A trained policy as it lies on disk, checked."""

    network: Network
    card: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Return the digest of the weights, as the card states it."""
        return str(self.card["sha256"])


def save(folder: Path, network: Network, card: Mapping[str, Any]) -> Artefact:
    """Write weights and card into `folder`; the card gains format, dynamics and digest.

    The same weights make the same bytes: archive members carry no time of writing.

    Raises:
        PolicyError: the weights are larger than a policy may be.
    """
    payload = _pack(network.arrays())
    if len(payload) > MAX_BYTES:
        raise PolicyError(f"weights of {len(payload):,} bytes exceed {MAX_BYTES:,}")
    full = sealed(
        {
            "format": CARD_FORMAT,
            **card,
            "dynamics_version": DYNAMICS_VERSION,
            "sha256": hashlib.sha256(payload).hexdigest(),
            "bytes": len(payload),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(payload)
    (folder / CARD_FILE).write_text(json.dumps(full, indent=2) + "\n", encoding="utf-8")
    return Artefact(network, full)


def sealed(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card with the digest of all that a policy decides by: everything but scores."""
    rest = {name: value for name, value in card.items() if name != _SEAL}
    return {**rest, _SEAL: _card_digest(rest)}


def _card_digest(card: Mapping[str, Any]) -> str:
    decisive = {name: value for name, value in card.items() if name not in (_SEAL, "scores")}
    text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def load(folder: Path, observation_version: int, inputs: int | None = None) -> Artefact:
    """Return the policy in `folder`.

    Args:
        folder: holds policy.npz and card.json.
        observation_version: the version of the observation this code makes.
        inputs: how many numbers it gives the network; None: any.

    Raises:
        PolicyError: a file is missing, damaged or too large, a digest differs, the weights are no
            numbers or do not fit, or the policy was trained on another observation or other
            dynamics.
    """
    card = _read_card(folder / CARD_FILE)
    path = folder / WEIGHTS_FILE
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PolicyError(f"weights exceed {MAX_BYTES:,} bytes", where=str(path), hint=_RETRAIN)
        payload = path.read_bytes()
    except OSError as error:
        raise PolicyError("cannot read the policy's weights", where=str(path)) from error
    digest = hashlib.sha256(payload).hexdigest()
    if digest != card["sha256"]:
        raise PolicyError(
            "weights do not match the digest on their card", where=str(path), hint=_RETRAIN
        )
    _check_version(folder, "dynamics", card["dynamics_version"], DYNAMICS_VERSION)
    _check_version(folder, "observation", card["observation_version"], observation_version)
    if card[_SEAL] != _card_digest(card):
        raise PolicyError(
            "the card was changed after training", where=str(folder / CARD_FILE), hint=_RETRAIN
        )
    network = _unpack(path, payload)
    if not all(np.isfinite(array).all() for array in network.arrays().values()):
        raise PolicyError("weights are not finite", where=str(path), hint=_RETRAIN)
    if inputs is not None and network.inputs != inputs:
        raise PolicyError(
            f"the network takes {network.inputs} numbers, the observation has {inputs}",
            where=str(path),
            hint=_RETRAIN,
        )
    return Artefact(network, card)


def _check_version(folder: Path, what: str, trained: object, present: object) -> None:
    if trained != present:
        raise PolicyError(
            f"policy was trained on {what} version {trained}, this is version {present}",
            where=str(folder / CARD_FILE),
            hint=_RETRAIN,
        )


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError("cannot read the policy's card", where=str(path)) from error
    except ValueError as error:
        raise PolicyError("the policy's card is not JSON", where=str(path)) from error
    wanted = ("sha256", "observation_version", "dynamics_version", _SEAL)
    if not isinstance(card, dict) or card.get("format") != CARD_FORMAT:
        raise PolicyError(f"not a policy card of format {CARD_FORMAT}", where=str(path))
    missing = [key for key in wanted if key not in card]
    if missing:
        raise PolicyError(f"the policy's card lacks {', '.join(missing)}", where=str(path))
    return card


def _pack(arrays: Mapping[str, Weights]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    return target.getvalue()


def _unpack(path: Path, payload: bytes) -> Network:
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            return from_arrays({name: stored[name] for name in stored.files})
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise PolicyError("weights are damaged", where=str(path)) from error
