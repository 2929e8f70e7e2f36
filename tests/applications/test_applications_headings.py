"""Headings of texts, in sentences and in passages."""

from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.headings import headings
from likewise.applications.passages import passages
from likewise.applications.sentences import sentences

MANUAL = """Before all.

# Clock

They tick. They show the time.

## Reset

Hold the left button for five seconds. The display goes dark. Then it shows twelve again.

```sh
# no heading
reset
```

## Battery
It lasts two years.

# Empty
## Deeper
Here is some.
"""


def lines(text):
    return [text[each.start : each.end] for each in headings(text)]


def test_headings_of_three_kinds():
    assert lines(MANUAL) == ["# Clock", "## Reset", "## Battery", "# Empty", "## Deeper"]
    assert [each.level for each in headings(MANUAL)] == [1, 2, 2, 1, 2]
    wiki = "== Clock ==\nIt ticks.\n=== Reset ===\nHold it.\n"
    assert [(each.level, line) for each, line in zip(headings(wiki), lines(wiki), strict=True)] == [
        (1, "== Clock =="), (2, "=== Reset ==="),
    ]  # fmt: skip
    underlined = "Clock\n=====\n\nIt ticks.\n\nReset\n-----\nHold it.\n\nEnd\n====\n"
    assert [each.level for each in headings(underlined)] == [1, 2, 1]
    assert lines(underlined)[0] == "Clock\n====="
    waves = "Clock\n~~~~~\n\nIt ticks.\n\nReset\n~~~~~\nHold it.\n"  # which also begin and end code
    assert lines(waves) == ["Clock\n~~~~~", "Reset\n~~~~~"]
    assert lines("~~~\n# no heading\n~~~\n# One\n") == ["# One"]


def test_what_is_no_heading():
    for text in (
        "#tag",
        "#",
        "# ",
        "a == b",
        "====",
        "a long line of text\n---\nand more",
        "x\n- item\n",
        "",
        "C# is\n",
    ):
        assert headings(text) == [], text


def test_a_heading_is_a_sentence_of_its_own():
    found = sentences("# Clock\nIt ticks. It shows\nthe time.\n")
    assert [(each.text, each.heading) for each in found] == [
        ("# Clock", True), ("It ticks.", False), ("It shows\nthe time.", False),
    ]  # fmt: skip


def test_passages_are_of_one_section_and_begin_with_its_headings():
    assert passages(MANUAL, 90) == [
        "Before all.",
        "# Clock\n\nThey tick. They show the time.",
        "# Clock\n## Reset\n\nHold the left button for five seconds. The display goes dark.",
        "# Clock\n## Reset\nThen it shows twelve again.\n\n```sh\n# no heading\nreset\n```",
        "# Clock\n## Battery\nIt lasts two years.",
        "# Empty\n## Deeper\nHere is some.",
    ]
    assert passages("# Only\n", 50) == ["# Only"]
    long = f"# {'word ' * 8}\nOne.\n## Short\nTwo three four five six. Seven eight nine ten eleven.\n"
    assert passages(long, 60)[1:] == [  # the highest heading would take more than half
        "## Short\nTwo three four five six.", "## Short\nSeven eight nine ten eleven.",
    ]  # fmt: skip


MARKDOWN = st.lists(
    st.sampled_from(["# A", "## B b", "### C", "Title\n=====", "One. Two three.", "four five", "", "== W ==", "```"]),
    max_size=12,
).map("\n".join)  # fmt: skip


@given(MARKDOWN, st.integers(8, 60))
def test_every_line_is_in_a_passage_and_none_is_too_long(text, length):
    parts = passages(text, length)
    assert all(len(part) <= length for part in parts if part.strip())
    words = " ".join(parts).split()
    assert all(word in words or any(word in part for part in parts) for word in text.split())
