"""Checks Terraform files that were edited by hand: guardrails, and what was proven before."""

from tfopt.checking.check import Checked, Wanted, check_files
from tfopt.checking.finding import RULES, Finding

__all__ = ["RULES", "Checked", "Finding", "Wanted", "check_files"]
