"""Answers, neighbours and the report in the browser."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

import likewise

Visit = Callable[..., Page]
pytestmark = pytest.mark.slow


def test_a_question_is_answered_in_its_passage(
    tmp_path: Path, python_docs: list[str], service_model: "likewise.Model", serve: Callable[..., object],
    visit: Visit,
) -> None:  # fmt: skip
    sentence = "The capital of the islands of Vandria is the harbour town of Melquist."
    path = tmp_path / "facts.index"
    with likewise.Collection.create(path, service_model) as index:
        texts = [*python_docs[:300], f"Few ships go there. {sentence} The town is small."]
        index.add(texts, source=["docs"] * 300 + ["atlas"])
    with serve(index=str(path)) as address:  # type: ignore[attr-defined]
        page = visit("#/answer", at=address)
        page.get_by_role("searchbox").fill("Which harbour town of Melquist is the capital of the islands of Vandria?")
        page.keyboard.press("Enter")
        expect(page.locator("blockquote")).to_have_text(sentence)
        expect(page.locator(".best .sentence")).to_have_text(sentence)
        expect(page.locator(".best .passage")).to_contain_text("Few ships go there.")
        expect(page.locator(".confidence")).to_contain_text("sure")
        expect(page.locator(".best .source")).to_contain_text("source: atlas")
        page.get_by_role("searchbox").fill("Who won the cup?")
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.locator(".nothing h2")).to_have_text("Nothing here answers that")
        expect(page.locator("blockquote")).to_have_count(0)
        page.go_back()
        expect(page.locator("blockquote")).to_have_text(sentence)


def test_neighbours_of_a_word_lead_to_those_of_the_next(visit: Visit, client: httpx.Client) -> None:
    page = visit("#/learned")
    page.get_by_label("Word or text").fill("file")
    words = client.post("/neighbours", json={"text": "file", "k": 12}).json()["words"]
    first = page.locator(".near li button").first
    expect(first).to_have_text(words[0]["word"])
    first.click()
    expect(page.get_by_label("Word or text")).to_have_value(words[0]["word"])
    page.go_back()
    expect(page.get_by_label("Word or text")).to_have_value("file")


def test_the_report_is_in_a_frame_with_its_own_policy(visit: Visit, client: httpx.Client) -> None:
    sent = client.get("/report")
    policy = sent.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy and policy.endswith("frame-ancestors 'self'")
    page = visit("#/learned")
    page.locator("iframe:not(.hidden)").wait_for()
    frame = page.frames[1]
    assert frame.locator("#words").count() == 1
    frame.locator(".js-plotly-plot .main-svg").first.wait_for()  # its scripts may run


def test_the_description_of_the_api_is_readable(visit: Visit, client: httpx.Client) -> None:
    page = visit("#/api")
    page.locator(".operation").first.wait_for()
    document = client.get("/openapi.json").json()
    assert page.locator(".operation").count() == sum(map(len, document["paths"].values()))
    page.get_by_text("/neighbours", exact=True).click()
    operation = page.locator(".operation[open]")
    expect(operation.locator(".command")).to_contain_text("""-d '{"text":"file","k":5}'""")
    expect(operation).to_contain_text("how many words and how many texts")
    missing = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, each in schema.get("properties", {}).items()
        if "description" not in each
    ]
    assert missing == []
