"""What results show of themselves in a notebook, and a real kernel that trains, searches and opens the page."""

import html.parser
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import likewise
from likewise.notebook import MAX_LINES, MAX_ROWS, LiveOutput, table

HOSTILE = "<script>alert(1)</script> \"quoted\" & 'more' \x1b[2J\nlines " + "long " * 200
VOID = {"br", "img", "meta"}


class Checked(html.parser.HTMLParser):
    """HTML in which every element is closed, without scripts, styles of a sheet, or anything from elsewhere."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "style", "img"} and not any(name.startswith("on") for name, _ in attrs)
        assert "color" not in (dict(attrs).get("style") or "")
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(result: Any) -> str:
    """The text of what a result shows, from HTML that is well-formed, small and harmless."""
    content = result._repr_html_()
    assert len(content) < 30_000
    return Checked(content).text


def test_values_are_escaped_and_shortened() -> None:
    found = Checked(table(HOSTILE, {HOSTILE: HOSTILE}, [HOSTILE], [[HOSTILE]]))
    assert "<script>alert(1)</script> \"quoted\" & 'more'" in found.text
    assert "\x1b" not in found.text and len(found.text) < 1_000
    cells = Checked(table("t", None, "abcdef", [[None, True, 12345, 0.12345, float("nan"), ("x", "y")]]))
    assert cells.text == "tabcdefyes12,3450.123x, y"


def test_long_tables_end() -> None:
    found = Checked(table("t", None, ["n"], [[number] for number in range(1_000)]))
    assert found.tags.count("tr") == MAX_ROWS + 1 and found.text.endswith("and 990 more")


@pytest.fixture(scope="module")
def index(python_docs: list[str], tmp_path_factory: pytest.TempPathFactory) -> "likewise.Collection":
    model = likewise.train(python_docs[:600], epochs=1, progress=False)
    index = likewise.Collection.create(tmp_path_factory.mktemp("notebook") / "docs.index", model)
    texts = [*python_docs[:200], HOSTILE]
    index.add(texts, kind=[HOSTILE, *["plain"] * 200])
    return index


def test_a_model_and_an_index(index: "likewise.Collection") -> None:
    assert "dimensions" in shown(index.model) and "MRR" in shown(index.model)
    assert "texts 201" in shown(index) and "kind" in shown(index)


def test_hits(index: "likewise.Collection") -> None:
    hits = index.search("alert script quoted", 20)
    assert hits[0].text == HOSTILE
    text = shown(hits)
    assert "20 hits" in text and "<script>alert(1)</script>" in text and "kind plain" in text and "10 more" in text
    assert "0 hits" in shown(type(hits)())


def test_an_answer(index: "likewise.Collection") -> None:
    found = likewise.answer(index, "alert script quoted", confidence=0)
    assert "<mark>" in found._repr_html_() and "confidence" in shown(found)
    assert "no answer found" in shown(likewise.answer(index, "xylophone", where={"kind": "absent"}))


def test_duplicates(python_docs: list[str]) -> None:
    texts = [*python_docs[:100], *python_docs[:15]]
    text = shown(likewise.duplicates(texts, progress=False))
    assert "15 groups of duplicates" in text and "exact" in text and "kept 100" in text


def test_a_classifier(index: "likewise.Collection", python_docs: list[str]) -> None:
    classifier = likewise.Classifier(index.model)
    assert "fitted no" in shown(classifier)
    assert "Classifier" in classifier._repr_mimebundle_()["text/plain"]
    texts = python_docs[:40]
    classifier.fit(texts, [f"<b>{len(text) % 2}" for text in texts])
    assert "<b>1" in shown(classifier) and "accuracy" in shown(classifier)
    assert classifier._repr_mimebundle_()["text/html"] == classifier._repr_html_()
    classifier.fit(["one", "two"], ["a", "b"])
    assert "label more texts" in shown(classifier)


def test_recommendations(index: "likewise.Collection", python_docs: list[str]) -> None:
    recommender = likewise.Recommender(index.model)
    assert "fitted no" in shown(recommender)
    items = [{"id": f"<i>{row}", "text": text} for row, text in enumerate(python_docs[:40])]
    rng = np.random.default_rng(0)
    chosen = [{"user": f"u{row % 9}", "item": f"<i>{rng.integers(40)}"} for row in range(90)]
    recommender.fit(items, chosen)
    assert "items 40" in shown(recommender) and "users 9" in shown(recommender)
    assert "3 recommended" in shown(recommender.recommend("u1", 3))


def test_an_evaluation(index: "likewise.Collection", python_docs: list[str]) -> None:
    texts = python_docs[:60]
    data = {"text": texts, "label": ["ab"[len(text) % 2] for text in texts]}
    found = likewise.evaluate(index.model, data, task="clustering", baselines="tfidf", progress=False)
    text = shown(found)
    assert "60 texts" in text and found.metric in text and "difference" in text


def test_lines_and_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    output, states = LiveOutput(), []
    monkeypatch.setattr(output, "_display", lambda content, plain: states.append((Checked(content), plain)))
    output.line(HOSTILE)
    output.bar("training", 1, 10, "5 texts/s")
    assert len(states) == 1  # too soon to be shown
    output.line("next")
    assert "training · 1 of 10 · 5 texts/s" in states[-1][0].text
    output.bar("training", 10, 10)
    assert "progress" not in states[-1][0].tags
    output.bar("counting", 3, None)
    for number in range(100):
        output.line(f"line {number}")
    assert "counting · 3" in states[-1][0].text
    output.end()
    content, plain = states[-1]
    assert "progress" not in content.tags and plain.count("\n") == MAX_LINES + 1  # one of the lines has two
    assert plain.startswith(HOSTILE[:8]) and plain.endswith("line 99") and "… 42 lines …" in plain


def test_the_page(index: "likewise.Collection") -> None:
    with likewise.explore(index, height=500) as page:
        assert page.url.startswith("http://127.0.0.1:") and repr(page) == f"Exploration({page.url!r})"
        content = page._repr_html_()
        assert f'<iframe src="{page.url}" title="Likewise" width="100%" height="500"' in content
        found = httpx.get(page.url)
        assert found.status_code == 200
        assert "frame-ancestors http://127.0.0.1:* " in found.headers["content-security-policy"]
        assert httpx.get(f"{page.url}/status").json()["index"]["texts"] == 201
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.url)
    with pytest.raises(likewise.InputError, match="no folder"):
        likewise.explore("nowhere.index")


CELLS = (
    "import likewise\nfrom likewise.corpus.demo_corpus import pydocs\ntexts = pydocs(max_texts=300)",
    "model = likewise.train(texts, epochs=2)",
    "index = likewise.Collection.create('notebook.index', model)\nindex.add(texts)\nindex.search('a file', 3)",
    "page = likewise.explore(index)\npage",
    "import httpx\nassert httpx.get(page.url).status_code == 200",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the kernel's own libraries
def test_a_real_kernel(tmp_path: Path) -> None:
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    (training,) = outputs[1]  # one output that changed, rather than one for each line
    assert "MRR" in training.data["text/html"] and "<progress" not in training.data["text/html"]
    assert "trained; the state of step" in training.data["text/plain"]
    assert "3 hits" in Checked(outputs[2][0].data["text/html"]).text
    assert "<iframe" in outputs[3][0].data["text/html"]
    url = outputs[3][0].data["text/plain"].split("'")[1]
    with pytest.raises(httpx.ConnectError):  # it ended with the kernel
        httpx.get(url)
