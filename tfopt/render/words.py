"""Figures in words: money, shares, risks, times and intervals, each with its unit."""

from __future__ import annotations

from tfopt.recommendation import Interval

GAP = "\u00a0"  # between a number and its unit: a line never breaks there
MINUS = "−"


def money(usd: float) -> str:
    """Return US dollars: cents below $100 only, a true minus sign."""
    whole = abs(usd) >= 99.995  # what rounds to 100.00 has no cents either
    amount = f"${abs(usd):,.0f}" if whole else f"${abs(usd):,.2f}"
    return f"{MINUS}{amount}" if usd < 0 and float(f"{usd:.2f}") != 0 else amount


def money_range(figure: Interval) -> str:
    """Return `$1,180–$1,460`, the 5th to the 95th percentile; one figure where both are it."""
    low, high = money(figure.p05), money(figure.p95)
    if low == high:
        return low
    return f"{low} to {high}" if figure.p05 < 0 else f"{low}–{high}"


def money_spread(figure: Interval) -> str:
    """Return ` (p05–p95 $1,180–$1,460)` to follow a median."""
    span = money_range(figure)
    return f" (p05–p95 {span})" if money(figure.p05) != money(figure.p95) else " (p05 = p95)"


def share(value: float) -> str:
    """Return a share of one in per cent: one decimal below 10 %, none above."""
    percent = abs(value) * 100
    if 0 < percent < 0.05:
        return f"<0.1{GAP}%"
    digits = 1 if percent < 9.95 and round(percent, 1) != round(percent) else 0
    sign = MINUS if value < 0 and float(f"{percent:.{digits}f}") != 0 else ""
    return f"{sign}{percent:.{digits}f}{GAP}%"


def share_range(figure: Interval) -> str:
    """Return `0.1–0.6 %`."""
    low, high = share(figure.p05), share(figure.p95)
    if low == high:
        return low
    return f"{low.removesuffix(f'{GAP}%')}–{high}"


def setting_share(value: float) -> str:
    """Return a setting that is a share, with every digit it has: `62.5 %`."""
    return f"{round(value * 100, 6):g}{GAP}%"


def cost_change(saved_share: float) -> str:
    """Return what a saving does to the bill: 0.38 saved reads `−38 %`."""
    text = share(-saved_share)
    return text if text.startswith((MINUS, f"0{GAP}", "<")) else f"+{text}"


def period(hours: int) -> str:
    """Return the word for a simulated horizon: `week`, `day`, else `period`."""
    return {168: "week", 24: "day"}.get(hours, "period")


def misses(risk: float, period: str) -> str:
    """Return a share of weeks as a count out of a hundred: `3 of 100 weeks`."""
    return f"{misses_count(risk)} of 100{GAP}{period}s"


def misses_change(now: float, then: float, period: str) -> str:
    """Return `12 → 2 of 100 weeks`, or one count where both read the same."""
    before, after = misses_count(now), misses_count(then)
    return misses(now, period) if before == after else f"{before} → {after} of 100{GAP}{period}s"


def misses_count(risk: float) -> str:
    """Return that count alone; a risk that is not quite none or all does not read as such."""
    count = risk * 100
    if 0 < count <= 0.5:
        return "<1"
    if 99.5 <= count < 100:
        return ">99"
    return f"{count:.0f}"


def milliseconds(value: float) -> str:
    """Return a latency: `8.4 ms`, `180 ms`, `1.25 s`."""
    if value >= 999.5:
        return f"{value / 1000:.3g}{GAP}s" if value < 1e6 else f"{value / 1000:,.0f}{GAP}s"
    return f"{value:.1f}{GAP}ms" if value < 9.95 else f"{value:.0f}{GAP}ms"


def rate(rps: float) -> str:
    """Return requests per second, two to three digits that matter."""
    number = f"{rps:,.0f}" if rps >= 99.5 else f"{rps:.3g}"
    return f"{number}{GAP}req/s"


def days(value: float) -> str:
    """Return a length of time: `28 days`, `1.5 days`, `1 day`; `6 hours`, `10 minutes`."""
    for unit, length in (("day", value), ("hour", 24 * value)):
        number = f"{length:.1f}".removesuffix(".0")
        if length >= 0.95:
            return f"{number}{GAP}{unit}{'' if number == '1' else 's'}"
    return count(round(1440 * value), "minute")


def count(number: int, noun: str) -> str:
    """Return `1 group`, `3 groups`."""
    return f"{number:,}{GAP}{noun}{'' if number == 1 else 's'}"
