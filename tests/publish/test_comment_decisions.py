"""What is to be done follows from what is there; the server is not needed to say so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tfopt.marker import Marker, Run, split_marker
from tfopt.publish.pull_request.comment import Behavior, Comment
from tfopt.publish.pull_request.decide import Create, Delete, Hide, Update, Wanted, decide

RUNS = st.one_of(
    st.none(), st.builds(Run, st.sampled_from(["a", "b"]), st.integers(0, 3), st.integers(1, 2))
)
MARKERS = st.builds(
    Marker,
    st.just("tfopt"),
    st.just("0.1.0"),
    st.sampled_from(["x", "y"]),
    st.just("00"),
    st.sampled_from(["", "2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z"]),
    st.sampled_from([None, 0, 1]),
    RUNS,
)
WORDS = st.sampled_from(["one\n", "two\n"])
COMMENTS = st.lists(
    st.builds(Comment, st.integers(1, 10**6), MARKERS, WORDS, st.booleans(), st.booleans()),
    max_size=5,
    unique_by=lambda comment: comment.key,
)
BEHAVIORS = st.sampled_from(["update", "new", "hide-and-new", "delete-and-new"])


def _wanted(marker: Marker, words: str) -> Wanted:
    resolved = f"Resolved.\n{words}" if marker.recommended == 0 else None
    return Wanted(marker, words, resolved)


@given(COMMENTS, MARKERS, WORDS, BEHAVIORS)
def test_only_our_visible_comments_of_the_target_are_touched(
    existing: list[Comment[int]], marker: Marker, words: str, behavior: Behavior
) -> None:
    """And none at all where one of them is newer."""
    decision = decide(existing, _wanted(marker, words), behavior)
    ours = [c for c in existing if c.mine and not c.hidden and c.marker.target == marker.target]
    touched = [a.comment for a in decision.actions if not isinstance(a, Create)]
    assert all(comment in ours for comment in touched)
    if any(marker.is_older_than(comment.marker) for comment in ours):
        assert decision.actions == ()
    if behavior == "update":
        assert not any(isinstance(a, Hide | Delete) for a in decision.actions)
        assert not (ours and any(isinstance(a, Create) for a in decision.actions))


@given(COMMENTS, MARKERS, WORDS, BEHAVIORS)
def test_doing_it_twice_does_nothing_the_second_time(
    existing: list[Comment[int]], marker: Marker, words: str, behavior: Behavior
) -> None:
    """Once everything is done, the same run finds nothing to do."""
    wanted = _wanted(marker, words)
    there = list(existing)
    for action in decide(there, wanted, behavior).actions:
        if isinstance(action, Create):
            there.append(Comment(0, marker, action.words, mine=True))
            continue
        place = there.index(action.comment)
        if isinstance(action, Update):
            there[place] = Comment(action.comment.key, marker, action.words, mine=True)
        elif isinstance(action, Hide):
            there[place] = Comment(
                action.comment.key, action.comment.marker, "", mine=True, hidden=True
            )
        else:
            del there[place]
    assert decide(there, wanted, behavior).actions == ()


@given(MARKERS, MARKERS)
def test_of_two_answers_at_most_one_is_older(one: Marker, other: Marker) -> None:
    """And none is older than itself."""
    assert not (one.is_older_than(other) and other.is_older_than(one))
    assert not one.is_older_than(one)


@given(MARKERS, st.text(), st.text(), st.booleans())
def test_marker_reads_back_as_it_was_written(
    marker: Marker, target: str, words: str, html: bool
) -> None:
    """In both forms, whatever the target's name holds; the line is one line of plain ASCII."""
    made = Marker("tfopt", "1", target, marker.sha, marker.generated_at, None, marker.run)
    line = made.line(html=html)
    assert line.isascii()
    assert line.isprintable()
    assert "--" not in line.removeprefix("<!--").removesuffix("-->")
    assert split_marker(f"{line}\n{words}") == (made, words)
    assert split_marker(f"{line}\r\n{words}") == (made, words)
    assert split_marker(f"> {line}\n{words}")[0] is None
    assert split_marker(f" {line}\n{words}")[0] is None


def test_marker_of_another_time_is_still_read() -> None:
    """Keys that a later version adds are passed over; a wrong type makes it no marker."""
    text = (
        '<!-- tfopt {"tool":"tfopt","version":"9","target":"x","sha":"0","generated_at":"",%s} -->'
    )
    assert split_marker(text % '"new":[1]')[0] is not None
    assert split_marker(text % '"run":7')[0] is None
