"""Fixtures shared by every test: public material, real terraform, tfopt as a process, the shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

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
    env = {
        **os.environ,
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_ARGS": "-no-color",
    }
    mirror = MATERIAL / "terraform" / "offline-cli-config"
    if not Path(env.get("TF_CLI_CONFIG_FILE", "")).is_file() and mirror.is_file():
        made = subprocess.run([mirror], capture_output=True, text=True, check=False)
        if made.returncode == 0:  # else there is no mirror here: the registry has to answer
            env["TF_CLI_CONFIG_FILE"] = made.stdout.strip()
    return env


class RunTfopt(Protocol):
    """Runs the command line in a process of its own."""

    def __call__(
        self, *arguments: str | Path, cwd: Path, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return what came of `tfopt` with these arguments; a traceback is a failed test."""
        ...


@pytest.fixture(scope="session")
def tfopt() -> RunTfopt:
    """Return the function that runs `tfopt` as a user does, and sees to it that nothing crashes."""

    def run(
        *arguments: str | Path, cwd: Path, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "tfopt", *map(str, arguments)],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "--debug" in arguments or "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a copy of `examples/web-shop` that a test may change."""
    made_by_terraform = shutil.ignore_patterns(".terraform*", "tf.plan")
    return shutil.copytree(
        ROOT / "examples" / "web-shop", tmp_path / "web-shop", ignore=made_by_terraform
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the wanted outputs of the cases."""
    parser.addoption("--rewrite", action="store_true", help="rewrite the cases' wanted outputs")


@pytest.fixture(scope="session")
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether the wanted outputs of the cases are to be written anew."""
    return bool(request.config.getoption("--rewrite"))
