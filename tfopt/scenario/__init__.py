"""Puts one group of a plan together with its prices and its traffic."""

from tfopt.scenario.case import Case, build_case
from tfopt.scenario.demand import Traffic
from tfopt.scenario.refusal import NotAnalysedError

__all__ = ["Case", "NotAnalysedError", "Traffic", "build_case"]
