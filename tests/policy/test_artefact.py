"""A trained policy is only used when its card vouches for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tfopt_policies.artefact import CARD_FILE, WEIGHTS_FILE, load, save, sealed
from tfopt_policies.errors import PolicyError
from tfopt_policies.network import Network, from_arrays

VERSION = 7


def network(inputs: int = 4, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)

    def layer(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        return (
            rng.normal(size=(rows, columns)).astype(np.float32),
            rng.normal(size=columns).astype(np.float32),
        )

    ones = np.ones(inputs, dtype=np.float32)
    return Network(ones * 0.5, ones * 2, (layer(inputs, 5), layer(5, 3)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path, network(), {"name": "toy", "observation_version": VERSION})
    return tmp_path


def test_saved_is_loaded(folder: Path) -> None:
    """Weights and card come back as they were written."""
    artefact = load(folder, VERSION)
    features = np.random.default_rng(1).normal(size=(6, 4))
    assert np.array_equal(artefact.network(features), network()(features))
    assert artefact.card["name"] == "toy"
    assert len(artefact.sha256) == 64


def test_same_weights_same_bytes(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the time of writing enters the file, so the digest is reproducible."""
    other = tmp_path_factory.mktemp("other")
    save(other, network(), {"observation_version": VERSION})
    assert (other / WEIGHTS_FILE).read_bytes() == (folder / WEIGHTS_FILE).read_bytes()


@pytest.mark.parametrize("offset", [40, 150, -30])
def test_tampered_weights_are_refused(folder: Path, offset: int) -> None:
    """One flipped bit anywhere in the weights is enough."""
    path = folder / WEIGHTS_FILE
    payload = bytearray(path.read_bytes())
    payload[offset] ^= 1
    path.write_bytes(payload)
    with pytest.raises(PolicyError, match="do not match the digest"):
        load(folder, VERSION)


def test_other_observation_is_refused(folder: Path) -> None:
    """Weights trained on other features would be read as nonsense."""
    with pytest.raises(PolicyError, match="trained on observation version 7, this is version 8"):
        load(folder, VERSION + 1)


def test_other_dynamics_are_refused(folder: Path) -> None:
    """A change of the simulator ends with a retrain."""
    edit_card(folder, dynamics_version="0-old")
    with pytest.raises(PolicyError, match=r"dynamics version 0-old.*tfopt train"):
        load(folder, VERSION)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is not JSON"),
        ("[]", "not a policy card"),
        ('{"format": 1}', "lacks sha256, observation_version, dynamics_version, card_sha256"),
    ],
)
def test_damaged_card_is_refused(folder: Path, text: str, message: str) -> None:
    """A card that cannot be read says so, with its file."""
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=message) as caught:
        load(folder, VERSION)
    assert CARD_FILE in str(caught.value)


def test_missing_files_are_told(folder: Path) -> None:
    """A folder without weights, or without a card, is no policy."""
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(PolicyError, match="cannot read the policy's weights"):
        load(folder, VERSION)
    (folder / CARD_FILE).unlink()
    with pytest.raises(PolicyError, match="cannot read the policy's card"):
        load(folder, VERSION)


def test_pickled_weights_are_refused(folder: Path) -> None:
    """An archive that holds a pickle is never unpickled, even with a fitting digest."""
    import hashlib

    path = folder / WEIGHTS_FILE
    np.savez(path, input_mean=np.array([object()], dtype=object))
    edit_card(folder, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    card = sealed(json.loads((folder / CARD_FILE).read_text(encoding="utf-8")))
    (folder / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(PolicyError, match="weights are damaged"):
        load(folder, VERSION)


def test_oversized_weights_are_not_saved(tmp_path: Path) -> None:
    """A shipped policy stays below a megabyte."""
    with pytest.raises(PolicyError, match="exceed 1,000,000"):
        save(tmp_path, network(inputs=400_000), {"observation_version": VERSION})


def test_layers_have_to_fit() -> None:
    """Weights whose shapes do not follow one another are refused on reading."""
    arrays = network().arrays()
    arrays["matrix_1"] = arrays["matrix_1"][:-1]
    with pytest.raises(ValueError, match="does not follow width 5"):
        from_arrays(arrays)


def test_far_outside_training_is_clipped() -> None:
    """Ten and ten million standard deviations out give the same answer."""
    net = network()
    assert np.array_equal(net(np.full((1, 4), 50.0)), net(np.full((1, 4), 5e7)))


def edit_card(folder: Path, **changes: str) -> None:
    card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    (folder / CARD_FILE).write_text(json.dumps({**card, **changes}), encoding="utf-8")


def test_a_card_changed_after_training_is_refused(folder: Path) -> None:
    """What a policy decides by is sealed; scores are only told."""
    edit_card(folder, scores={"seed": 1})
    assert load(folder, VERSION).card["scores"] == {"seed": 1}
    edit_card(folder, log_slo_prices=[0.1])
    with pytest.raises(PolicyError, match="card was changed after training"):
        load(folder, VERSION)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A training that diverged must not decide anything."""
    broken = network()
    broken.layers[0][0][0, 0] = np.nan
    save(tmp_path, broken, {"observation_version": VERSION})
    with pytest.raises(PolicyError, match="not finite"):
        load(tmp_path, VERSION)


def test_a_network_of_another_width_is_refused(folder: Path) -> None:
    """Even where versions agree, the numbers have to fit."""
    assert load(folder, VERSION, 4).network.inputs == 4
    with pytest.raises(PolicyError, match="takes 4 numbers, the observation has 9"):
        load(folder, VERSION, 9)


def test_weights_too_large_are_refused_unread(folder: Path) -> None:
    """A policy is small; a file of megabytes is something else."""
    (folder / WEIGHTS_FILE).write_bytes(b"0" * 1_000_001)
    with pytest.raises(PolicyError, match="exceed 1,000,000 bytes"):
        load(folder, VERSION)
