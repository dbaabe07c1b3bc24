"""Reads a plan together with the Terraform sources behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfopt.errors import TfoptError
from tfopt.hcl.secret import SecretLines, secret_lines
from tfopt.hcl.sources import Sources, load_sources, sources_from_saved_plan
from tfopt.hcl.trace import Tracer
from tfopt.plan.model import Plan
from tfopt.plan.read import read_plan

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class PlanSources:
    """One plan and the configuration that it was made from.

    Attributes:
        plan: as read.
        sources: the configuration's files, or None.
        config_dir: the root module's folder, where it is at hand on disk.
        no_sources: why there are none.
    """

    plan: Plan
    sources: Sources | None
    config_dir: Path | None = None
    no_sources: str = ""

    def tracer(self) -> Tracer | None:
        """Return the tracer of this plan's attributes; None without sources."""
        if self.sources is None:
            return None
        variables = {name: (v.value, v.sensitive) for name, v in self.plan.variables.items()}
        return Tracer(self.sources, variables)

    def secrets(self) -> SecretLines:
        """Return the lines of the sources that no output may show."""
        if self.sources is None:
            return {}
        sensitive = [name for name, v in self.plan.variables.items() if v.sensitive]
        return secret_lines(self.sources, sensitive)


def read_with_sources(
    path: str, config_dir: Path | None, var_files: Sequence[Path] = ()
) -> PlanSources:
    """Read a plan, and its sources from `config_dir`.

    Without a `config_dir`: from the plan's folder, then the working directory, then the saved plan
    itself.

    Raises:
        TfoptError: the plan or a variable file cannot be used, or `config_dir` holds no Terraform.
    """
    plan = read_plan(path, config_dir)
    if config_dir is not None:
        if not config_dir.is_dir():
            raise TfoptError("no such folder", where=config_dir, hint="Name it with --config-dir")
        if not _holds_terraform(config_dir):
            raise TfoptError("no .tf or .tf.json file in it", where=config_dir)
        return PlanSources(plan, load_sources(config_dir, var_files), config_dir)
    beside = Path(path).parent if path != STANDARD_INPUT else Path()
    for folder in (beside, Path()):
        if _holds_terraform(folder):
            return PlanSources(plan, load_sources(folder, var_files), folder)
    if plan.sources is not None:
        return PlanSources(plan, sources_from_saved_plan(plan.sources, None, var_files))
    missing = "no Terraform sources beside the plan: name them with --config-dir"
    return PlanSources(plan, None, no_sources=missing)


def _holds_terraform(folder: Path) -> bool:
    return any(folder.glob("*.tf")) or any(folder.glob("*.tf.json"))
