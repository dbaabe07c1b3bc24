"""One thing that is wrong in a file, and the names of what may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tfopt.hcl.document import Span
from tfopt.hcl.suppress import Rules, suppressed
from tfopt.plan.model import SIZING

Rule = Literal[
    "syntax",
    "allowed_families",
    "denied_families",
    "architectures",
    "unknown_type",
    "max_target_cpu",
    "min_headroom",
    "max_spot_share",
    "size_order",
    "recommendation",
]
RULES: Final[dict[Rule, str]] = {
    "syntax": "the file does not parse",
    "allowed_families": "a type outside the families that tfopt.toml allows",
    "denied_families": "a type of a family that tfopt.toml denies",
    "architectures": "a type of a processor that tfopt.toml does not name",
    "unknown_type": "a type that no cloud has, mistyped most likely",
    "max_target_cpu": "a CPU target above the guardrail",
    "min_headroom": "a CPU target that leaves less free than the guardrail asks for",
    "max_spot_share": "more on spot than the guardrail allows",
    "size_order": "a minimum above the maximum, or a desired size outside of both",
    "recommendation": "a value that was neither there nor proven when tfopt recommended",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding; ordered by place."""

    file: str  # as the user named it
    line: int  # 1-based
    column: int  # 1-based, in characters
    rule: Rule
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return the one line that is shown."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}{hint}"


def finding_at(span: Span, rule: Rule, message: str, hint: str = "") -> Finding:
    """Return the finding about a literal."""
    document = span.document
    return Finding(document.label, span.line, document.column(span.start), rule, message, hint)


def is_ignored(span: Span, rule: Rule, names: frozenset[str]) -> bool:
    """Tell whether a `tfopt:ignore` on the literal's line, or above it, covers a rule.

    Args:
        span: of the literal.
        rule: of the finding.
        names: of the attribute, as written and as tfopt calls it; a comment may name it instead.
    """
    known = frozenset((*RULES, *SIZING, *names))
    rules = Rules(names | {rule}, known)
    return suppressed(span.document, span.line, rules) is not None
