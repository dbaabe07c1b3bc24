"""What a changed line says."""

from __future__ import annotations

from tfopt.advise.wording import annotation


def test_a_long_annotation_loses_its_reason_not_its_date() -> None:
    """The comment of a changed line keeps to a glance; its facts stay whole."""
    assert annotation("min_size", "4", 663.4, "2026-11-08") == (
        "tfopt: was 4; what quiet hours need; group saves $663/month; 2026-11-08"
    )
    long = annotation("desired_capacity", "100000", -12_345, "2026-11-08")
    assert long == "tfopt: was 100000; mends the SLO for $12,345/month; 2026-11-08"
