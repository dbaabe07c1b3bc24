"""The report as one HTML page that needs nothing from anywhere, and may not ask for it."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from markupsafe import Markup

from tfopt.recommendation import Report
from tfopt.render.page import page
from tfopt.render.patch_lines import patch_lines
from tfopt.render.plain import plain_lines, plain_report
from tfopt.render.templates import markup_environment
from tfopt.render.week import GRID
from tfopt.resources import data_dir

TEMPLATE = "report.html.j2"


def render_html(report: Report, patch: str) -> str:
    """Return the page; it works without JavaScript, on a phone, in the dark and on paper."""
    shown = plain_lines(patch)
    style, script = _asset("report.css"), _asset("report.js")
    return (
        markup_environment()
        .get_template(TEMPLATE)
        .render(
            page=page(plain_report(report)),
            patch=list(patch_lines(shown)),
            exact_patch=_exact(patch, shown),
            grid=GRID,
            style=style,
            script=script,
            policy=content_security_policy(style, script),
        )
    )


def content_security_policy(style: str, script: str) -> str:
    """Return the policy that lets this style and this script act, and no other."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> Markup:
    """Return a file of ours that stands in the page as it is."""
    return Markup((data_dir("templates") / name).read_text(encoding="utf-8"))


def _exact(patch: str, shown: str) -> str:
    """Return the patch as a JSON string for the copy button, empty where it is what is shown.

    Tabs and control characters are shown otherwise than they are; escaped, they act on nothing.
    """
    return "" if patch == shown else json.dumps(patch)
