"""The documentation as a site: it builds without a warning, says what is, and loads nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tfopt.cli import VERBS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# attributes by which a page loads something, and elements in which `href` only links
_LOADS = {"src", "srcset", "data", "poster", "href"}
_LINKS = {"a", "area"}


class _Loads(HTMLParser):
    """Collects the addresses that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _LINKS or given.get("rel") in {"canonical", "next", "prev"}:
            return
        self.found += [value or "" for name, value in attrs if name in _LOADS]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    """One page of the site for each page of the folder."""
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("")
        folder = site / (name.parent if name.name in {"index", "README"} else name)
        assert (folder / "index.html").is_file(), page


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """No font, script or picture of another host."""
    for page in site.rglob("*.html"):
        parser = _Loads()
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.found
        assert not [it for it in parser.found if re.match(r"(?:https?:)?//", it)], page


def test_links_out_of_the_folder_lead_into_the_repository(site: Path) -> None:
    """No relative link of the site climbs out of it."""
    text = (site / "ci" / "index.html").read_text(encoding="utf-8")
    assert "/blob/main/action.yml" in text
    assert 'href="../../action.yml' not in text


def test_the_reference_has_every_command() -> None:
    """A verb that is added is documented."""
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `tfopt (\w+)`$", text, re.MULTILINE) == list(VERBS)


def test_messages_that_are_explained_are_ones_that_tfopt_says() -> None:
    """The page of errors quotes the source."""
    table = re.findall(r"^\| `([^`]+)` \|", (DOCS / "errors.md").read_text("utf-8"), re.MULTILINE)
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tfopt").rglob("*.py"))
    assert len(table) > 10
    assert not [message for message in table if message not in source]
