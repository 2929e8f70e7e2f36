import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.report.figures import drawn, new_figure, plot_text

HARD = "</script><script>alert(1)</script><!-- & \u2028 \u2029"


def test_json_cannot_end_its_script():
    """A closed form: none of the characters that HTML or old JavaScript would read stands in it; the text is whole."""
    figure = new_figure(HARD, "y", legend=True)
    figure.add_scatter(x=[1, 2], y=[3, 4], hovertext=[HARD, HARD], name=HARD)
    plot = drawn(figure, "label", "caption", height=10)
    assert not set("<>&\u2028\u2029") & set(plot.json)
    assert json.loads(plot.json)["data"][0]["hovertext"] == [HARD, HARD]
    assert json.loads(plot.json)["layout"]["xaxis"]["title"]["text"] == HARD
    assert (plot.label, plot.caption, plot.height, plot.tools) == ("label", "caption", 10, False)


@given(st.text(st.sampled_from("ab <>&\"' 数"), max_size=60), st.integers(1, 12))
def test_a_text_in_a_plot_is_no_markup(text, width):
    """Laws: no tag but our line breaks, no line too wide, and the words are all there."""
    text = " ".join(text.split())
    assert html.unescape(plot_text(text)) == text
    lines = [html.unescape(line) for line in plot_text(text, width).split("<br>")]
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert "<" not in plot_text(text, width).replace("<br>", "")


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("one two three", "one two<br>three"),
        ("abcdefghijkl", "abcdefgh<br>ijkl"),
        ("a bcdefghijk", "a<br>bcdefghi<br>jk"),
        ("", ""),
    ],
)
def test_lines_break_between_words(text, wrapped):
    assert plot_text(text, 8) == wrapped
