"""The wheel, not the checkout: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tfopt import __version__

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"tfopt", "tfopt_policies", "tfopt_sim"}
SHIPPED_DATA = {
    "trained": ROOT / "policies" / "trained",
    "templates": ROOT / "templates",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built the long way, through the sdist: what that forgets is forgotten."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_the_three_packages_and_nothing_else_at_the_top(names: set[str]) -> None:
    """Every importable file belongs to one of the three packages; each one is marked typed."""
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_wheel_holds_every_module_of_the_checkout(names: set[str]) -> None:
    """No module is lost on the way, and no test or bytecode is carried along."""
    folders = {"tfopt": ROOT, "tfopt_sim": ROOT / "sim", "tfopt_policies": ROOT / "policies"}
    modules = {
        path.relative_to(folder).as_posix()
        for package, folder in folders.items()
        for path in (folder / package).rglob("*.py")
    }
    shipped = {name for name in names if name.endswith(".py")}
    assert shipped == modules
    assert not [name for name in names if "test" in name.lower() or name.endswith(".pyc")]


@pytest.mark.parametrize("data", SHIPPED_DATA)
def test_wheel_holds_the_shipped_data(data: str, names: set[str]) -> None:
    """Trained policies and templates lie where `tfopt.resources` looks for them."""
    source = SHIPPED_DATA[data]
    files = {
        f"tfopt/_data/{data}/{path.relative_to(source).as_posix()}"
        for path in source.rglob("*")
        if path.is_file()
    }
    assert files
    assert files <= names


def test_wheel_holds_policy_schema_and_price_book(names: set[str]) -> None:
    """The three things without which the first recommendation could not be made or checked."""
    assert {name for name in names if name.startswith("tfopt/_data/trained/") and ".npz" in name}
    assert "tfopt/_data/trained/planner/card.json" in names
    assert "tfopt/schema/recommendation-v1.json" in names
    assert {name for name in names if name.startswith("tfopt/pricing/book")}


def test_wheel_states_version_licence_and_notice(wheel: Path, names: set[str]) -> None:
    """The metadata names Apache-2.0, the version in the source, and ships LICENSE and NOTICE."""
    (info,) = {PurePosixPath(name).parts[0] for name in names if ".dist-info/" in name}
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE"} <= names
    text = zipfile.ZipFile(wheel).read(f"{info}/METADATA").decode()
    metadata = email.message_from_string(text)
    assert (metadata["Version"], metadata["License-Expression"]) == (__version__, "Apache-2.0")
    required = {line.partition(";")[0] for line in metadata.get_all("Requires-Dist", [])}
    base = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert any(line.startswith("torch") for line in required)
    assert not any(line.startswith(("torch", "stable", "gymnasium")) for line in base)


@pytest.mark.long
def test_wheel_recommends_in_a_clean_environment(wheel: Path, shop: Path) -> None:
    """Installed away from the checkout, without torch, it answers on the example."""
    home = shop.parent / "venv"
    venv.create(home, with_pip=True)
    pip = [home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--quiet", wheel], check=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [home / "bin" / "tfopt", "recommend", "plan.json", "--format", "json"],
        cwd=shop,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)["groups"]) == 3
    listed = subprocess.run(
        [home / "bin" / "python", "-c", "import tfopt, tfopt_sim, tfopt_policies, sys; "
         "print(*[module.__file__ for module in (tfopt, tfopt_sim, tfopt_policies)])"],
        cwd=shop,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert all(Path(file).is_relative_to(home) for file in listed.stdout.split())
    assert not list(home.rglob("site-packages/torch"))
    shutil.rmtree(home)
