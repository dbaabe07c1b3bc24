"""The page in a real browser: what it asks for, what it says, how it looks to whom."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from reports import HOSTILE_PATCH, REPORTS, apps, hostile, report, unchanged_group, web

from tfopt.render import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WEB = "#group-1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium: playwright's own, else the one on the path."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = str(own) if own.is_file() else next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            pytest.skip("no Chromium: `playwright install chromium`, or put one on PATH")
        running = playwright.chromium.launch(executable_path=found)
        yield running
        running.close()


class Open:
    """Opens pages and keeps what they ask for and complain about."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        self.asked: list[str] = []
        self.complaints: list[str] = []

    def __call__(self, text: str, **options: Any) -> Page:
        file = self.folder / "page.html"
        file.write_text(text, encoding="utf-8")
        context = self.browser.new_context(**options)
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.goto(file.as_uri())
        return page


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return what opens a page; in the end it has asked for itself only and complained of nothing.

    A violation of the page's own security policy is a complaint, too.
    """
    opener = Open(browser, tmp_path)
    yield opener
    for context in browser.contexts:
        context.close()
    assert opener.asked
    assert {url.partition("#")[0] for url in opener.asked} == {(tmp_path / "page.html").as_uri()}
    assert opener.complaints == []


def calm() -> str:
    """Return the page of the report with three groups."""
    return render(*REPORTS["recommended"], "html")


def overflow(page: Page) -> int:
    """Return how far the page can be scrolled sideways."""
    width = page.evaluate("document.documentElement.scrollWidth")
    return int(width) - int(page.evaluate("document.documentElement.clientWidth"))


def addresses(page: Page) -> list[str]:
    """Return the rows of the overview that are seen, from the top."""
    return page.locator("#overview-table tbody tr:visible th").all_inner_texts()


def test_hostile_names_do_nothing(open_page: Open) -> None:
    """No dialog, no request, no complaint; the text is there to be read."""
    page = open_page(render(hostile(), HOSTILE_PATCH, "html"))
    assert "<script>alert(1)</script>" in page.locator(f"{WEB} h3").inner_text()
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, embed, form").count() == 0


def test_the_policy_stops_what_is_not_ours(open_page: Open) -> None:
    """Were a script smuggled in, the browser would refuse it, and the loading of anything."""
    page = open_page(calm())
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://evil.example/x.png";
          document.body.append(image);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.title().startswith("tfopt: ")
    refused = [text for text in open_page.complaints if "Content Security Policy" in text]
    assert len(refused) == 2
    # both are what this test asked for; an image that is refused is reported as a request, too
    open_page.complaints.clear()
    open_page.asked[:] = [url for url in open_page.asked if "evil.example" not in url]


def test_columns_sort_both_ways_by_number_and_by_word(open_page: Open) -> None:
    """Numbers sort as numbers, the largest first; what is not known stays last."""
    page = open_page(calm())
    first = addresses(page)
    head = page.get_by_role("columnheader", name="cost a month")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert [name.split(".")[-1] for name in addresses(page)] == ["web", "api", "apps"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [name.split(".")[-1] for name in addresses(page)] == ["apps", "api", "web"]
    saving = page.get_by_role("columnheader", name="saving")
    for _ in range(2):
        saving.get_by_role("button").click()
        assert addresses(page)[-1].endswith("api")
    assert head.get_attribute("aria-sort") is None
    page.get_by_role("columnheader", name="group").get_by_role("button").click()
    assert addresses(page) == sorted(first)


def test_filters_leave_what_is_asked_for(open_page: Open) -> None:
    """Words and status narrow the table and the groups below; the count is told."""
    page = open_page(calm())
    page.get_by_label("Filter").fill("ECS keep")
    assert addresses(page) == []
    page.get_by_label("Filter").fill("m7a")
    assert [name.split(".")[-1] for name in addresses(page)] == ["web"]
    assert page.locator("details.group:visible").count() == 1
    assert page.locator("#shown").inner_text() == "1 of 3 shown"
    page.get_by_label("Filter").fill("")
    page.get_by_label("Show").select_option("unchanged")
    assert [name.split(".")[-1] for name in addresses(page)] == ["api"]


def test_pointing_at_an_hour_reads_it(open_page: Open) -> None:
    """Curves, heat-map and slider speak of the same hour, in the report's figures."""
    page = open_page(calm())
    group = page.locator(WEB)
    hour = group.locator(".hours output")
    plot = group.locator(".week")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * (30.5 / 168), box["y"] + 60)
    read = hour.inner_text()
    asked = web().demand
    assert asked
    assert read.startswith("Tue 2026-05-05 06:00 UTC")
    assert f"demand {asked.hourly_p50_rps[30]:,.0f} req/s" in read
    assert f"{asked.hourly_capacity_recommended[30]:,.0f} req/s proposed" in read
    assert group.get_by_role("slider").input_value() == "30"
    cells = group.locator(".cells").first
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * (5.5 / 24), box["y"] + box["height"] * 6.5 / 7)
    assert hour.inner_text().startswith("Sun 2026-05-10 05:00 UTC")


def test_the_keyboard_reads_every_hour_and_every_point(open_page: Open) -> None:
    """Arrows step through the week; the tab key through the marks; focus is seen."""
    page = open_page(calm())
    group = page.locator(WEB)
    slider = group.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    slider.press("ArrowRight")
    assert "Mon 2026-05-04 01:00 UTC" in group.locator(".hours output").inner_text()
    assert slider.get_attribute("aria-valuetext") == group.locator(".hours output").inner_text()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    points = group.locator(".point")
    points.first.focus()
    said = set()
    for _ in range(points.count()):
        assert page.evaluate("document.activeElement.classList.contains('point')")
        said.add(group.locator(".frontier output").inner_text())
        page.keyboard.press("Tab")
    assert len(said) == points.count() > 3
    assert any(re.search(r"c7i\.large; \$1,980 a month; SLO missed in 9 of 100", s) for s in said)


def test_the_patch_is_copied_byte_for_byte(open_page: Open) -> None:
    """What is in the clipboard applies, control characters and all."""
    page = open_page(
        render(report(web()), HOSTILE_PATCH, "html"),
        permissions=["clipboard-read", "clipboard-write"],
    )
    page.get_by_role("button", name="Copy the patch").click()
    page.get_by_role("button", name="Copied").wait_for()  # the clipboard answers later
    assert page.evaluate("navigator.clipboard.readText()") == HOSTILE_PATCH
    assert page.locator("#said").inner_text() == "Copied"


def test_a_link_opens_the_folded_group(open_page: Open) -> None:
    """In a fleet the groups are folded; the overview leads into them."""
    page = open_page(render(report(*[web(), apps(), unchanged_group()] * 4), "", "html"))
    group = page.locator("#group-7")
    assert group.get_attribute("open") is None
    page.locator("#overview-table tbody a").nth(6).click()
    page.wait_for_function("document.getElementById('group-7').open")
    assert group.locator(".week").is_visible()


@pytest.mark.parametrize("width", [360, 810, 1280])
@pytest.mark.parametrize("name", ["recommended", "hostile", "several-plans", "stepped"])
def test_nothing_stands_out_of_the_page(open_page: Open, name: str, width: int) -> None:
    """On a phone, a tablet and a desk the page scrolls one way only; so it does unfolded."""
    page = open_page(
        render(*REPORTS[name], "html"), viewport={"width": width, "height": 740}, has_touch=True
    )
    assert overflow(page) == 0
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert overflow(page) == 0


def test_it_says_everything_without_javascript(open_page: Open) -> None:
    """What needs the script is not offered; everything else is there, unfolding too."""
    page = open_page(calm(), java_script_enabled=False)
    assert page.get_by_label("Filter").is_hidden()
    assert page.get_by_role("slider").first.is_hidden()
    assert page.locator(f"{WEB} .week").is_visible()
    proof = page.locator(f"{WEB} details.more:has(> summary > h4:text-is('Proof'))")
    assert proof.locator("table").is_hidden()
    proof.locator("summary").click()
    assert proof.locator("table").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_paper_shows_what_is_folded(open_page: Open, script: bool) -> None:
    """Every table and trace is printed, no control is; also in the dark, on white."""
    page = open_page(calm(), java_script_enabled=script, color_scheme="dark")
    assert page.locator(f"{WEB} .hops").first.is_hidden()
    page.emulate_media(media="print")
    heights = {part: page.locator(part) for part in (".hops", ".more table", ".more pre")}
    for part, found in heights.items():
        boxes = [found.nth(i).bounding_box() for i in range(found.count())]
        assert boxes, part
        assert all(box and box["height"] > 10 for box in boxes), part
    controls = page.locator("input, select, p button")
    assert controls.count() > 3
    assert not any(controls.nth(i).is_visible() for i in range(controls.count()))
    body = page.locator("body")
    assert body.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    assert body.evaluate("e => getComputedStyle(e).color") == "rgb(31, 35, 40)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["recommended", "assumed", "hostile"])
def test_axe_finds_nothing(open_page: Open, name: str, width: int, scheme: str) -> None:
    """No rule of axe-core is broken: names, heads, contrast, landmarks, focus order."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(
        render(*REPORTS[name], "html"),
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(246, 248, 250)"
    assert dark == (scheme == "dark")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    problems = [
        (rule["impact"], rule["id"], node["html"][:200], node["failureSummary"])
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]
    assert problems == []


def test_nothing_moves_for_those_who_ask_for_calm(open_page: Open) -> None:
    """With reduced motion the page jumps instead of gliding."""
    glides = "getComputedStyle(document.documentElement).scrollBehavior"
    assert open_page(calm()).evaluate(glides) == "smooth"
    assert open_page(calm(), reduced_motion="reduce").evaluate(glides) == "auto"
