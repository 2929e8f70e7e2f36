"""The page as a whole: what stands in it, that it fetches nothing, and that no text of the corpus becomes markup."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_cards import card, topical_texts

from likewise.errors import InputError, LikewiseError
from likewise.model.model import Model
from likewise.report import page as module
from likewise.report.page import plotly_script, render, report_path, write_report

EVIL = (
    '<script>alert("1")</script>', "</script><script>alert(2)</script>", "<img src=https://evil.example onerror=b>",
    '<a href="http://evil.example">x</a>', "</title><b>", "<!--", "{{ 7 * 7 }}", "%{x}", "&lt;i&gt;",
    "\ud800 half \x00", "</style><style>*{}", "\u2028\u202e",
)  # fmt: skip
SECTIONS = ["warnings", "corpus", "score", "training", "pairs", "map", "neighbours", "words", "settings"]


class Read(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.shown: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = tag
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif self._inside != "style":
            self.shown.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.shown).split())

    def all(self, name: str) -> list[str]:
        return [value for _, found, value in self.attributes if found == name]


@pytest.fixture(scope="module")
def html(model: Model) -> str:
    return render(model)


@pytest.fixture(scope="module")
def evil(model: Model) -> str:
    """A page in which everything that comes from the outside tries to be markup."""
    bad = EVIL[1]
    hostile = card(
        recipe={bad: bad, "start": bad, EVIL[3]: EVIL[3]},
        corpus={"name": EVIL[4] + bad, bad: bad, "fingerprint": bad},
        scores={f"MRR, {bad}": 0.2, f"MRR, {EVIL[3]}": 0.1},
        versions={bad: bad},
        warnings=EVIL,
    )
    words = model.sample[0].split()
    sample = [f"{words[row % 12]} {evil} {row}" for row, evil in enumerate(EVIL * 2)]
    return render(Model(model.tokenizer, model.encoder, hostile, sample))


def test_every_section_is_there_and_can_be_reached(html: str) -> None:
    read = Read(html)
    assert [name for name in read.all("id") if name in SECTIONS] == SECTIONS
    assert read.all("href") == [f"#{name}" for name in SECTIONS]
    assert read.all("class").count("missing") == 1  # what is shown where scripts do not run
    for words in ("No warnings", "this model", "shared", "random direction"):
        assert words in read.text


def test_every_plot_has_its_json_and_a_label(html: str) -> None:
    read = Read(html)
    plots = [json.loads(text) for kind, text in read.scripts if kind == "application/json"]
    assert len(plots) == len([value for value in read.all("role") if value == "img"]) >= 7
    assert all(plot["data"] for plot in plots)
    assert all(len(label) > 10 for label in read.all("aria-label") if label != "Contents")


@pytest.mark.parametrize("kind", ["html", "evil"])
def test_nothing_refers_to_a_network(kind: str, request: pytest.FixtureRequest) -> None:
    """A law: whatever a tag refers to is a place on the page, and the style fetches nothing."""
    read = Read(request.getfixturevalue(kind))
    references = [value for name in ("src", "href", "srcset", "action", "data", "poster") for value in read.all(name)]
    assert all(value.startswith("#") for value in references)
    assert {"link", "iframe", "object", "embed", "img", "base", "form"} & set(read.tags) == set()
    style = (Path(module.__file__).parent / "page.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|https?:", style)


@pytest.mark.parametrize("kind", ["html", "evil"])
def test_only_the_two_scripts_of_the_page_may_run(kind: str, request: pytest.FixtureRequest) -> None:
    """A closed form: the policy names the SHA-256 of plotly.js and of the page's own script, and no other."""
    read = Read(request.getfixturevalue(kind))
    policy = next(value for value in read.all("content") if "default-src" in value)
    running = [text for script, text in read.scripts if script is None]
    hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'" for text in running]
    assert len(running) == 2
    assert re.search(r"script-src ([^;]*?) *;", policy).group(1).split() == hashes
    assert policy.startswith("default-src 'none';")
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]


def test_no_text_becomes_markup(html: str, evil: str) -> None:
    """A law: tags are those of the page; what tried to be one is shown as it was written."""
    before, after = Read(html), Read(evil)
    assert set(after.tags) <= set(before.tags)
    assert after.tags["title"] == after.tags["style"] == 1
    for text in (
        '<script>alert("1")</script>',
        "</script><script>alert(2)</script>",
        "{{ 7 * 7 }}",
        "&lt;i&gt;",
        "<!--",
    ):
        assert text in after.text
    data = [json.loads(text) for kind, text in after.scripts if kind == "application/json"]
    hovers = " ".join(text for plot in data for trace in plot["data"] for text in trace.get("hovertext", []))
    assert "&lt;script&gt;" in hovers
    assert not re.search(r"<(?!br>)", hovers)
    names = [text for plot in data for trace in plot["data"] for text in [trace.get("name", ""), *trace.get("y", [])]]
    assert not any("<" in name for name in names if isinstance(name, str))


def test_a_model_without_card_and_texts_has_a_page(model: Model) -> None:
    read = Read(render(Model(model.tokenizer, model.encoder)))
    for words in (
        "has no score", "has no history", "has no histograms",
        "none are stored with this model", "likewise report MODEL --texts FILE --text COLUMN", "has no settings",
        "No warnings", "a text encoder",
    ):  # fmt: skip
        assert words in read.text
    assert [text for kind, text in read.scripts if kind == "application/json"] == []


def test_texts_can_be_given(model: Model) -> None:
    texts = topical_texts(3000)[2950:]
    read = Read(render(Model(model.tokenizer, model.encoder, model.card), texts))
    assert "Among 50 texts that were given" in read.text
    assert any(text in read.text for text in texts)


@pytest.mark.parametrize("sample", [["one text"], ["same", "same"]])
def test_too_few_texts(model: Model, sample: list[str]) -> None:
    word = model.sample[0].split()[0]
    read = Read(render(Model(model.tokenizer, model.encoder, model.card, [word + " " + text for text in sample])))
    assert "The 1 available texts are too few or all alike." in read.text


def test_another_start(model: Model) -> None:
    started = replace(model.card, recipe={**model.card.recipe, "start": "lsa"})
    assert (
        "Words started with the embeddings of lsa" in Read(render(Model(model.tokenizer, model.encoder, started))).text
    )


def test_the_same_model_gives_the_same_bytes(model: Model, html: str, tmp_path: Path) -> None:
    """Two paths that must agree to the byte: rendered, and written, also after the model was saved and loaded."""
    model.save(tmp_path / "a.model")
    write_report(Model.load(tmp_path / "a.model"), tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == html.encode()


def test_an_existing_page_is_kept(model: Model, tmp_path: Path) -> None:
    bare = Model(model.tokenizer, model.encoder)
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_report(bare, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text() == "mine"
    write_report(bare, str(tmp_path / "a.html"), overwrite=True)
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_full_disk_leaves_nothing(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(LikewiseError, match="the disk is full"):
        write_report(Model(model.tokenizer, model.encoder), tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "page"),
    [("reviews.model", "reviews.report.html"), ("a/b", "a/b.report.html"), ("/x/y.model/", "/x/y.report.html")],
)
def test_where_a_report_goes(model: str, page: str) -> None:
    assert report_path(model) == report_path(Path(model)) == Path(page)


@pytest.mark.parametrize("place", [".", "..", "a.model/.."])
def test_where_the_report_of_this_folder_goes(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "it.model" / "a.model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "it.model")
    expected = {".": tmp_path / "it.report.html", "a.model/..": tmp_path / "it.report.html"}
    assert report_path(place) == expected.get(place, tmp_path.with_name(tmp_path.name + ".report.html"))


def test_plotly_is_one_script() -> None:
    """A law: nothing in its source could end the tag around it, or begin a comment."""
    assert not re.search(r"</script|<!--|\r", plotly_script(), re.IGNORECASE)
    assert len(plotly_script()) > 1_000_000
