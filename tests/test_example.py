"""The example is what its scripts make, and plausible: neither idle nor on fire."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "web-shop"
# demand per second → CPU seconds per unit (tfopt.toml), vCPUs in service at the configured maximum
GROUPS = {
    "web": (0.018, 24 * 4),
    "apps": (0.012, 8 * 8),
    "worker": (0.220, 16 * 8),
}


def rates(path: Path) -> list[float]:
    """Return the second column of a traffic file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [float(rate) for _, rate in list(csv.reader(file))[1:]]


def test_traffic_is_what_the_seeded_script_makes(tmp_path: Path) -> None:
    """Nobody has touched the committed series: the script makes the same bytes."""
    script = ROOT / "tools" / "make_example_traffic.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (SHOP / "traffic").iterdir()}
    assert set(made) == {f"{name}.csv" for name in GROUPS}


@pytest.mark.parametrize("name", GROUPS)
def test_present_settings_can_serve_the_peak_and_are_not_tight(name: str) -> None:
    """The peak needs 20–50 % of what the group may grow to: over-provisioned, but no caricature."""
    cpu_s, vcpus = GROUPS[name]
    peak = max(rates(SHOP / "traffic" / f"{name}.csv"))
    assert 0.2 < peak * cpu_s / vcpus < 0.5


def test_example_leaves_nothing_behind_that_terraform_made() -> None:
    """Provider folders, lock and saved plan stay out of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "examples"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [Path(line).name for line in listed.stdout.splitlines()]
    assert "plan.json" in names
    assert not {"tf.plan", ".terraform.lock.hcl", "terraform.tfstate"} & set(names)
