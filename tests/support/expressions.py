"""Generates expressions out of Terraform's functions and operators, mostly of fitting types."""

from __future__ import annotations

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]

_WORDS = st.sampled_from(['"a"', '"b-c"', '""', '"10"', '"é x"', '"true"', '"A,b"'])
_NUMBERS = st.sampled_from(["0", "1", "2", "3", "-4", "1.5", "0.1", "10", "1000000", '"7"'])
_TRUTHS = st.sampled_from(["true", "false", '"true"'])


def expressions() -> Texts:
    """Return expressions of any type."""
    return st.one_of(numbers(), words(), truths(), lists(), sets(), maps())


def _calls(*forms: tuple[str, Texts, Texts]) -> Texts:
    """Return calls of one of the forms: a template with `{0}` and `{1}`, and what fills them."""
    return st.one_of(*(st.builds(form.format, first, second) for form, first, second in forms))


@st.composite
def _deep(draw: st.DrawFn, leaf: Texts, build: object) -> str:
    if draw(st.integers(0, 2)) == 0:
        return draw(leaf)
    return draw(build())  # type: ignore[operator]


def numbers() -> Texts:
    """Return expressions that mostly are numbers."""
    return st.deferred(lambda: _deep(_NUMBERS, _number_calls))


def _number_calls() -> Texts:
    n, w, ls = numbers(), words(), lists()
    return _calls(
        ("max({0}, {1})", n, n),
        ("min({0}, {1}...)", n, ls),
        ("ceil({0})", n, n),
        ("floor({0} / 3)", n, n),
        ("({0} + {1})", n, n),
        ("({0} - {1} * 2)", n, n),
        ("{0} % {1}", n, n),
        ("-({0})", n, n),
        ("length({0})", ls, n),
        ("length({0})", w, n),
        ("tonumber({0})", w, n),
        ("try({0}.b, {1})", maps(), n),
        ("element({0}, {1})", ls, n),
        ("{0}[{1}]", ls, n),
        ('lookup({0}, "b", {1})', maps(), n),
        ("coalesce({0}, {1})", n, n),
        ("sum({0})", ls, n),
        ("index({0}, {1})", ls, n),
        ("one({0})", sets(), n),
        ("({0} ? {1} : 8)", truths(), n),
        ("signum({0})", n, n),
        ("abs({0})", n, n),
    )


def words() -> Texts:
    """Return expressions that mostly are strings."""
    return st.deferred(lambda: _deep(_WORDS, _word_calls))


def _word_calls() -> Texts:
    n, w, ls = numbers(), words(), lists()
    return _calls(
        ('"${{{0}}}-${{{1}}}"', w, n),
        ('"%{{ if {0} }}x%{{ else }}${{{1}}}%{{ endif }}"', truths(), n),
        ('"%{{ for x in {0} }}<${{x}}>%{{ endfor }}"', ls, n),
        ('format("%s:%v", {0}, {1})', w, n),
        ('format("%05d|%-4s", {1}, {0})', w, n),
        ('join(",", {0})', ls, n),
        ("upper({0})", w, n),
        ("substr({0}, {1}, 2)", w, n),
        ('replace({0}, "a", {1})', w, n),
        ('replace({0}, "/[a-b]/", "<$0>")', w, n),
        ("trimspace({0})", w, n),
        ("tostring({0})", n, n),
        ("({1} > 1 ? {0} : 5)", w, n),
        ("jsonencode({0})", ls, n),
        ("coalesce({0}, {1})", w, n),
        ("title({0})", w, n),
        ('trimprefix({0}, "a")', w, n),
    )


def truths() -> Texts:
    """Return expressions that mostly are bools."""
    return st.deferred(lambda: _deep(_TRUTHS, _truth_calls))


def _truth_calls() -> Texts:
    n, t, ls = numbers(), truths(), lists()
    return _calls(
        ("({0} < {1})", n, n),
        ("({0} == {1})", n, words()),
        ("({0} != {1})", ls, sets()),
        ("({0} == {1})", ls, ls),
        ("({0} && {1})", t, t),
        ("({0} || {1})", t, t),
        ("!({0})", t, n),
        ("contains({0}, {1})", ls, n),
        ("contains(keys({0}), {1})", maps(), words()),
        ("can({0}.b)", maps(), n),
        ("can({0}[{1}])", ls, n),
        ("alltrue([for x in {0} : x != {1}])", ls, n),
        ("startswith({0}, {1})", words(), words()),
        ("anytrue({0})", ls, n),
    )


def lists() -> Texts:
    """Return expressions that mostly are lists or tuples."""
    leaf = st.lists(st.one_of(_NUMBERS, _WORDS), max_size=3).map(lambda m: f"[{', '.join(m)}]")
    return st.deferred(lambda: _deep(leaf, _list_calls))


def _list_calls() -> Texts:
    n, ls, m = numbers(), lists(), maps()
    return _calls(
        ("[{0}, {1}]", n, n),
        ("concat({0}, {1})", ls, ls),
        ("flatten([{0}, {1}])", ls, sets()),
        ("distinct({0})", ls, n),
        ("reverse({0})", ls, n),
        ("sort({0})", ls, n),
        ("compact({0})", ls, n),
        ("tolist({0})", sets(), n),
        ("tolist({0})", ls, n),
        ("slice({0}, 0, {1})", ls, n),
        ("chunklist({0}, 2)[{1}]", ls, n),
        ("setproduct({0}, {1})", ls, ls),
        ("[for x in {0} : x if x != {1}]", ls, n),
        ("[for i, x in {0} : i]", ls, n),
        ("[for k, v in {0} : v]", m, n),
        ("keys({0})", m, n),
        ("values({0})", m, n),
        ("range({0})", n, n),
        ("coalescelist({0}, {1})", ls, ls),
        ("[{0}, {0}][*].b", m, n),
        ("matchkeys({0}, {0}, {1})", ls, ls),
        ('split(",", {0})', words(), n),
        ('formatlist("%s-%s", {0}, {1})', ls, n),
        ('regexall("[a-z]", {0})', words(), n),
        ("({1} > 1 ? {0} : [])", ls, n),
    )


def sets() -> Texts:
    """Return expressions that mostly are sets."""
    ls = lists()
    return st.deferred(
        lambda: _calls(
            ("toset({0})", ls, ls),
            ("setunion({0}, {1})", ls, ls),
            ("setintersection({0}, {1})", ls, ls),
            ("setsubtract({0}, {1})", ls, ls),
            ("toset(setproduct({0}, {1}))", ls, ls),
            ("setproduct(toset({0}), toset({1}))", ls, ls),
        )
    )


def maps() -> Texts:
    """Return expressions that mostly are maps or objects."""
    pairs = st.dictionaries(st.sampled_from("abc"), st.one_of(_NUMBERS, _WORDS), max_size=3)
    leaf = pairs.map(lambda d: "{" + ", ".join(f"{k} = {v}" for k, v in d.items()) + "}")
    return st.deferred(lambda: _deep(leaf, _map_calls))


def _map_calls() -> Texts:
    n, ls, m = numbers(), lists(), maps()
    return _calls(
        ("merge({0}, {1})", m, m),
        ("tomap({0})", m, n),
        ("zipmap({0}, {0})", ls, n),
        ('zipmap(["a", "b"], {0})', ls, n),
        ("{{for k, v in {0} : v => k...}}", m, n),
        ("{{for k, v in {0} : k => v if v != {1}}}", m, n),
        ("{{for x in {0} : x => {1}}}", sets(), n),
        ('{{ b = {0}, ("k") = {1} }}', ls, n),
        ("({1} > 1 ? {0} : {{}})", m, n),
    )
