"""The HTML page: nothing a plan names acts in it, and what it draws is what the report holds."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import (
    HOSTILE_PATCH,
    PATCH,
    REPORTS,
    assumed_group,
    demand,
    hostile,
    not_analysed_group,
    report,
    service,
    unchanged_group,
    web,
)

from tfopt.recommendation import Alternative, DemandFigures, Group, HourlyService
from tfopt.render import render
from tfopt.render.frontier import frontier
from tfopt.render.page import OPEN_GROUPS, page
from tfopt.render.patch_lines import patch_lines
from tfopt.render.plain import plain, plain_report
from tfopt.render.scales import Axis, line, relative
from tfopt.render.week import LATENCY, RISK, WEEKDAYS, HeatMap, week_chart

LIMIT = 1_500_000  # bytes of a page of 50 groups
OUR_ATTRIBUTES = re.compile(
    r"aria-[a-z]+|autocomplete|charset|class|content|cx|cy|d|data-[a-z-]+|focusable|for|height|href"
    r"|http-equiv|id|lang|max|min|name|open|placeholder|preserveaspectratio|r|rel|role|scope"
    r"|spellcheck|tabindex|text-anchor|transform|type|value|viewbox|visibility|width|x|y|[xy][12]"
)
VOID = {"meta", "link", "input", "br"}


class Parsed(HTMLParser):
    """A page taken apart as a browser would: tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.comments: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.unclosed[-1] if self.unclosed else "", []).append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of each element of this name."""
        return [attributes for name, attributes in self.tags if name == tag]


def parsed(name: str) -> Parsed:
    """Return the page of one of the reports."""
    return Parsed(render(*REPORTS[name], "html"))


def fleet(count: int) -> list[Group]:
    """Return groups as a fleet has them: no two weeks alike, as many rivals as a search has."""
    chance = random.Random(7)
    others = [
        Alternative(
            instance_type=f"m{n}i.xlarge",
            why_not="$97 a month dearer at the same SLO",
            monthly_usd=2200 + 31 * n,
            risk=n / 100,
        )
        for n in range(6)
    ]
    made = []
    for number in range(count):
        week = demand(1240)
        noisy = {
            field: [round(x * chance.uniform(0.8, 1.2), 3) for x in getattr(week, field)]
            for field in DemandFigures.model_fields
            if field.startswith("hourly_")
        }
        hourly = {
            name: HourlyService(
                p99_ms=[round(ms * chance.uniform(0.8, 1.2), 1) for ms in service(300).p99_ms],
                bad_minute_risk=[round(max(0.0, chance.uniform(-1, 0.2)), 4) for _ in range(168)],
            )
            for name in ("hourly_now", "hourly_recommended")
        }
        address = f'module.shop["region-{number}"].aws_autoscaling_group.web'
        made.append(
            web().model_copy(
                update={
                    "address": address,
                    "alternatives": others,
                    "demand": week.model_copy(update=noisy),
                    **hourly,
                }
            )
        )
    return made


@pytest.mark.parametrize("name", REPORTS)
def test_the_policy_lets_act_what_is_ours_and_nothing_else(name: str) -> None:
    """The policy's hashes are those of the one style and the one script of the page."""
    page_ = parsed(name)
    (policy,) = [m["content"] for m in page_.named("meta") if "http-equiv" in m]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("img-src") == "data:"
    assert rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    for kind in ("style", "script"):
        digest = hashlib.sha256("".join(page_.texts[kind]).encode()).digest()
        assert rules.pop(f"{kind}-src") == f"'sha256-{base64.b64encode(digest).decode()}'"
        assert len(page_.named(kind)) == 1
    assert rules == {}


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_made_of_our_elements_only(name: str) -> None:
    """Every element is closed, no attribute acts, nothing leads out of the page."""
    page_ = parsed(name)
    assert page_.unclosed == []
    assert page_.comments == []
    for tag, attributes in page_.tags:
        for attribute, value in attributes.items():
            assert OUR_ATTRIBUTES.fullmatch(attribute), (tag, attribute)
            if attribute == "href":
                assert value == "data:," or re.fullmatch(r"#[a-z0-9-]+", value)
    ids = [attributes["id"] for _, attributes in page_.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = [
        reference
        for _, attributes in page_.tags
        for key in ("aria-labelledby", "for", "data-group", "data-copy")
        for reference in attributes.get(key, "").split()
    ]
    assert wanted
    assert set(wanted) <= set(ids)


def test_hostile_text_is_shown_as_text() -> None:
    """What tries to be markup is read by people, letter by letter, and by no parser."""
    report_ = hostile()
    page_ = Parsed(render(report_, HOSTILE_PATCH, "html"))
    texts = {text for found in page_.texts.values() for text in found}
    assert plain(report_.groups[0].address) in texts
    assert plain(report_.groups[0].notes[0]) in texts
    assert any("<script>alert(1)</script>" in text for text in texts)
    tags = {tag for tag, _ in page_.tags}
    assert not tags & {"img", "iframe", "object", "form", "base"}


def test_the_copy_button_holds_the_exact_patch_where_it_is_shown_otherwise() -> None:
    """A tab is shown as blanks and ESC as a picture; what is copied has them."""
    page_ = Parsed(render(hostile(), HOSTILE_PATCH, "html"))
    (kept,) = [json.loads(p["data-exact"]) for p in page_.named("pre") if "data-exact" in p]
    assert kept == HOSTILE_PATCH
    calm = Parsed(render(*REPORTS["recommended"], "html"))
    assert not any("data-exact" in attributes for attributes in calm.named("pre"))
    assert PATCH in "".join(calm.texts["span"])


def test_fifty_groups_stay_small_and_folded() -> None:
    """A page of a fleet can be sent by mail; it opens at the overview."""
    text = render(report(*fleet(50)), PATCH * 25, "html")
    assert len(text.encode()) < LIMIT
    groups = [a for a in Parsed(text).named("details") if a.get("class") == "group"]
    assert len(groups) == 50
    assert not any("open" in attributes for attributes in groups)
    few = [a for a in parsed("recommended").named("details") if a.get("class") == "group"]
    assert 0 < len(few) <= OPEN_GROUPS
    assert all("open" in attributes for attributes in few)


def test_the_same_report_gives_the_same_bytes() -> None:
    """No clock, no order of a set: a page under version control changes with its figures only."""
    made = report(*fleet(3))
    assert render(made, PATCH, "html") == render(made.model_copy(deep=True), PATCH, "html")


def test_tables_have_heads_and_headings_leave_no_level_out() -> None:
    """What a screen reader steps through is there: headings in order, a scope on each head."""
    page_ = parsed("recommended")
    levels = [int(tag[1]) for tag, _ in page_.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes["scope"] in ("col", "row") for attributes in page_.named("th"))


@pytest.mark.parametrize("hours", [24, 30, 168, 336])
@pytest.mark.parametrize("start", ["2026-05-04T00:00:00Z", "2026-05-07T13:00:00+02:00"])
def test_the_heat_maps_are_latency_and_risk_of_each_hour(hours: int, start: str) -> None:
    """Each cell has the level of the obvious calculation, whenever the horizon starts."""
    asked = demand(100, hours=hours).model_copy(update={"start": start})
    served = HourlyService(
        p99_ms=[40 + 3.1 * (hour % 71) for hour in range(hours)],
        bad_minute_risk=[(hour % 53) ** 2 / 5000 for hour in range(hours)],
    )
    chart = week_chart(asked, "", proposed=False, service=[served], slo_p99_ms=200)
    assert chart
    latency, risk = chart.heats
    first = 0 if start.endswith("Z") else 3 * 24 + 11  # hours since Monday, UTC
    for maps, scale, shares in (
        (latency, LATENCY, [ms / 200 for ms in served.p99_ms]),
        (risk, RISK, served.bad_minute_risk),
    ):
        wanted: dict[tuple[str, int], float] = {}
        for hour, share in enumerate(shares):
            place = (WEEKDAYS[(first + hour) // 24 % 7], (first + hour) % 24)
            wanted[place] = max(share, wanted.get(place, 0))
        (drawn,) = maps.maps
        found = levels_of(drawn)
        assert found == {place: sum(s > end for end in scale.ends) for place, s in wanted.items()}
        assert len(set(found.values())) > 2
        assert len(scale.ends) + 1 == len(scale.words) == len(drawn.levels)


def levels_of(drawn: HeatMap) -> dict[tuple[str, int], int]:
    """Return the level of each cell that the paths of a map cover."""
    found = {}
    for level, path in enumerate(drawn.levels):
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)", path):
            for hour in range(int(x), int(x) + int(length)):
                found[drawn.days[int(y)], hour] = level
    return found


def test_an_answer_without_latency_by_hour_is_drawn_without_heat_maps() -> None:
    """One that an earlier version wrote."""
    group = web().model_copy(update={"hourly_now": None, "hourly_recommended": None})
    page_ = render(report(group), "", "html")
    assert 'class="week"' in page_
    assert 'class="cells"' not in page_
    assert 'class="cells"' in render(report(web()), "", "html")


def test_series_that_do_not_fit_together_give_no_picture() -> None:
    """Figures of unequal length are said, not drawn."""
    asked = demand(100)
    assert (
        week_chart(asked.model_copy(update={"hourly_capacity_now": []}), "", proposed=False) is None
    )
    assert week_chart(demand(100, hours=1), "", proposed=False) is None


def test_readings_give_back_every_hour() -> None:
    """What the script unfolds are the report's own figures, in the words of every format."""
    asked = demand(1240)
    chart = week_chart(asked, "", proposed=True)
    assert chart
    unfolded = []
    for run in chart.readings["then"].split(" "):
        value, _, times = run.partition("*")
        unfolded += [value] * int(times or 1)
    assert unfolded == [f"{x:.0f}" for x in asked.hourly_capacity_recommended]
    assert chart.readings["now"] == "3720*168"


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=30))
def test_steps_lead_to_the_same_places(series: list[float]) -> None:
    """The short path draws what the plain one does."""
    places = [round(value) for value in series]
    plain_path = line(range(len(series)), series, Axis(0, 1000, 1000, 0, digits=0))
    match = re.fullmatch(r"M0 (\d+)l(.*)", relative(plain_path))
    assert match
    steps = [int(n) for n in re.findall(r"-?\d+", match[2])]
    y = int(match[1])
    seen = [y]
    assert steps[::2] == [1] * (len(series) - 1)
    for step in steps[1::2]:
        y += step
        seen.append(y)
    assert seen == places


def test_a_patch_is_told_apart_by_its_counts() -> None:
    """A removed line that starts with `-- ` is no file's name; no line is lost."""
    patch = (
        "--- a/x.tf\n+++ b/x.tf\n@@ -1,2 +1,2 @@\n--- was\n+++ is\n keep\n"
        "\\ No newline at end of file\n--- a/y.tf\n+++ b/y.tf\n@@ -1 +1 @@\n-a\n+b\n"
    )
    lines = list(patch_lines(patch))
    kinds = ["file", "file", "hunk", "removed", "added", "context", "context"]
    assert [one.kind for one in lines] == [*kinds, "file", "file", "hunk", "removed", "added"]
    assert "".join(f"{one.text}\n" for one in lines) == patch
    assert list(patch_lines("")) == []


def test_the_frontier_draws_what_is_known_and_lists_the_rest() -> None:
    """A type whose risk nobody measured has a row and no place; cheaper stands further left."""
    chart = frontier(web())
    assert chart
    by_name = {point.name: point for point in chart.points}
    assert not by_name["m7g.large"].drawn
    now, proposed = (next(p for p in chart.points if p.kind == k) for k in ("now", "proposed"))
    assert proposed.x < now.x
    assert proposed.y > now.y  # downwards: less risk
    assert [point.kind for point in chart.drawn[-2:]] == ["now", "proposed"]
    assert {point.name for point in chart.drawn} >= {"c7i.large", "planner"}
    assert "as-written" not in by_name  # it is what is there now
    assert frontier(not_analysed_group()) is None


def test_tiles_sum_up_the_fleet() -> None:
    """Groups, cost, saving and who misses the SLO, as the totals and the proof have it."""
    tiles = {tile.label: tile for tile in page(plain_report(REPORTS["recommended"][0])).tiles}
    assert tiles["instance groups"].value == "3"
    assert tiles["instance groups"].detail == "2 to change, 1 to keep"
    assert tiles["cost a month now"].value == "$4,920"
    assert tiles["saving a month"].value == "$1,030"
    assert tiles["miss the SLO now"].value == "1 of 3\N{NO-BREAK SPACE}groups"


def test_assumed_figures_say_so_and_stay_out_of_the_sums() -> None:
    """A fleet of assumed traffic has no totals; each figure of it carries the word."""
    made = page(report(assumed_group(), not_analysed_group()))
    assert [tile.label for tile in made.tiles] == ["instance groups", "miss the SLO now"]
    group = made.groups[0]
    for words in (group.now.words, group.saving.words, group.bars[0].words):
        assert words.endswith("\N{NO-BREAK SPACE}assumed")
    week = Parsed(render(report(assumed_group()), "", "html"))
    said = [text for text in week.texts["figcaption"] if "by hour of day" in text]
    assert len(said) == 4
    assert all(text.endswith(", assumed.") for text in said)
    assert made.groups[1].now.key is None
    mixed = page(report(unchanged_group(), assumed_group()))
    assert mixed.total.endswith("with assumed traffic not counted")


def test_a_plan_without_groups_is_a_page_too() -> None:
    """Nothing to sort and nothing to draw: it says so, and has no control that leads nowhere."""
    page_ = Parsed(render(report(), "", "html"))
    assert "The plan holds no instance group." in page_.texts["p"]
    assert page_.named("input") == page_.named("table")[1:] == page_.named("svg") == []
