"""The texts that a teacher encodes, and the targets made of its vectors. Oracles: closed forms, laws, slow loops."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likewise.corpus.read import read
from likewise.training.distill import LONGEST, LONGEST_CHARACTERS, SHORT, SPAN, draw_distillation_texts
from likewise.training.prepare import prepare
from likewise.training.progress import silent
from likewise.training.reading import Reading, read_corpus
from likewise.training.student import start_rows, targets_of


@pytest.fixture
def reading(python_docs: list[str], tmp_path: Path) -> Iterator[Reading]:
    found = read_corpus(read(python_docs[:400]), tmp_path, log=silent)
    yield found
    found.close()


def test_they_are_beginnings_and_spans_of_texts(reading: Reading, python_docs: list[str]) -> None:
    """Laws: every one is in the corpus as it is; long texts have a span each; one seed draws the same."""
    begins, spans = draw_distillation_texts(reading, np.random.default_rng(0))
    words = [text.split() for text in python_docs[:400]]
    assert begins == [" ".join(text[:LONGEST])[:LONGEST_CHARACTERS] for text in words]
    assert len(spans) == sum(len(text) >= SHORT for text in words)
    whole = "\n".join(" ".join(text) for text in words)
    for span in spans:
        assert SPAN[0] <= len(span.split()) <= SPAN[1] and span in whole
    assert draw_distillation_texts(reading, np.random.default_rng(0)) == (begins, spans)
    assert draw_distillation_texts(reading, np.random.default_rng(1)) != (begins, spans)


def test_at_most_so_many(reading: Reading) -> None:
    begins, spans = draw_distillation_texts(reading, np.random.default_rng(0), max_texts=25)
    assert len(begins) == 25 and len(spans) <= 25


def test_texts_without_spaces_are_cut_too(tmp_path: Path) -> None:
    reading = read_corpus(read(["字" * 5000, "另一个"]), tmp_path, log=silent)
    begins, spans = draw_distillation_texts(reading, np.random.default_rng(0))
    assert [len(text) for text in [*begins, *spans]] == [
        LONGEST_CHARACTERS,
        3,
    ]
    reading.close()


def test_targets_have_no_mean_and_keep_what_differs() -> None:
    """Closed forms: three directions, of which two are enough; a row of zeros stays one."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0][:, :2]
    vectors = (rng.standard_normal((500, 2)) @ turn.T + 3 * rng.standard_normal(8)).astype(np.float32)
    whole, half = targets_of(vectors, 8), targets_of(vectors, 2)
    assert whole.axes is None and half.axes is not None and half.axes.shape == (8, 2)
    np.testing.assert_allclose(np.linalg.norm(half(vectors), axis=1), 1, rtol=1e-5)
    # Turned, no cosine changes; float32 has seven digits, and the mean is three times as long as what is left
    np.testing.assert_allclose(half(vectors) @ half(vectors).T, whole(vectors) @ whole(vectors).T, atol=2e-4)
    assert not whole(np.zeros((1, 8), np.float32)).any()


def test_a_stem_begins_as_the_mean_of_its_forms(tmp_path: Path) -> None:
    """A slow loop over pieces; and a form has its stem's row once ids are those of stems."""
    texts = [f"{word} number {number}" for number in range(40) for word in ("flow flows flowing", "read reads reading")]
    reading = read_corpus(read(texts), tmp_path, log=silent)
    prepared = prepare(reading, tmp_path, log=silent)
    reading.close()
    subwords = prepared.vocabulary.subwords
    stems = np.arange(len(subwords), dtype=np.int32)
    stems[[subwords.index("flows"), subwords.index("flowing")]] = subwords.index("flow")
    prepared = replace(prepared, stems=stems)
    targets = np.random.default_rng(0).standard_normal((len(subwords), 4)).astype(np.float32)
    rows = start_rows(prepared, targets, np.full(len(subwords), 2, np.float32)).weights
    for stem in np.unique(prepared.stems):
        forms = np.flatnonzero(prepared.stems == stem)
        often = np.maximum(prepared.tokenizer.vocabulary.counts[forms], 0.01)
        mean = (targets[forms] * often[:, None]).sum(axis=0)
        np.testing.assert_allclose(rows[stem], 2 * mean / np.linalg.norm(mean), rtol=1e-4, atol=1e-6)
    assert prepared.encoded(["flow"])[0].tolist() == prepared.encoded(["flows"])[0].tolist()
    assert len(prepared.encoded(["字"])[0]) == 0
