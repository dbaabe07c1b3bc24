"""Fixtures shared by every test: the folders of public material, and the real terraform binary."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = Path(os.environ.get("TFOPT_MATERIAL", ROOT.parent / "shared"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail every skipped test marked `terraform` where there is a terraform to run."""
    report = yield
    if report.skipped and item.get_closest_marker("terraform") and shutil.which("terraform"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped: terraform is on PATH"
    return report


@pytest.fixture(scope="session")
def material() -> Path:
    """Return the folder with public plans and traces that stands beside the checkout."""
    folder = MATERIAL / "data"
    if not folder.is_dir():
        pytest.skip(f"no public plans and traces at {folder}")
    return folder


@pytest.fixture(scope="session")
def terraform_env() -> dict[str, str]:
    """Return an environment in which the real terraform installs its provider.

    Skips only where there is no terraform; one that cannot work is a failure.
    """
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on PATH")
    env = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    mirror = MATERIAL / "terraform" / "offline-cli-config"
    if "TF_CLI_CONFIG_FILE" not in env and mirror.is_file():
        made = subprocess.run([mirror], capture_output=True, text=True, check=True)
        env["TF_CLI_CONFIG_FILE"] = made.stdout.strip()
    return env
