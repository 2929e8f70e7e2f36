"""Tests made of texts: what a question and a lead consist of, and their reciprocal ranks."""

import numpy as np
import pytest
from evaluation_data import sentences

from likewise.evaluation.unlabelled import LONGEST, make_tests, reciprocal_ranks

TEXTS = [f"Ship {n} left the harbour. The captain {n} saw an island, and then the tide came in." for n in range(20)]
CHINESE = "黑豹队的防守只丢了三百零八分在联赛中排名第六同时以二十四次拦截领先"


def test_ranks_are_those_of_a_sort() -> None:
    """A slow loop, and a law: where all documents tie, the expectation is that of a random order."""
    rng = np.random.default_rng(0)
    similarity = rng.integers(0, 4, (30, 12)).astype(np.float32)
    own = rng.integers(12, size=30)
    expected = []
    for row, mine in zip(similarity, own, strict=True):
        better, equal = int((row > row[mine]).sum()), int((row == row[mine]).sum())
        expected.append(np.mean([1 / rank for rank in range(better + 1, better + equal + 1)]))
    np.testing.assert_allclose(reciprocal_ranks(similarity, own), expected)
    tied = reciprocal_ranks(np.zeros((2, 5), np.float32), np.array([0, 4]))
    np.testing.assert_allclose(tied, np.mean(1 / np.arange(1, 6)))
    assert len(reciprocal_ranks(np.zeros((0, 5), np.float32), np.zeros(0, np.int64))) == 0


def test_a_lead_and_its_rest_are_the_text() -> None:
    tests = make_tests(TEXTS, ["a kettle on a stove"], np.random.default_rng(0))
    assert tests.documents == [*TEXTS, "a kettle on a stove"] and tests.held_out == 20
    assert tests.leads[3] == "Ship 3 left the harbour."
    assert [f"{lead} {rest}" for lead, rest in zip(tests.leads, tests.rests, strict=True)] == TEXTS
    assert tests.lead_rows.tolist() == list(range(20))


@pytest.mark.parametrize("text", ["one two three four five six seven", CHINESE, "ภาษาไทยเขียนติดกันโดยไม่เว้นวรรค"])
def test_a_single_sentence_is_cut_within(text: str) -> None:
    tests = make_tests([text], [], np.random.default_rng(0))
    (lead,), (rest,) = tests.leads, tests.rests
    assert (lead + rest).replace(" ", "") == text.replace(" ", "")
    assert len(lead) < len(rest)


def test_questions_keep_words_and_get_others() -> None:
    """Of many sentences about half of the words are kept; the others are from the pool."""
    words = [f"word{n}" for n in range(40)]
    texts = [" ".join(words) + f" number{n}" for n in range(200)]
    tests = make_tests(texts, ["pool"], np.random.default_rng(0))
    used = [word for question in tests.questions for word in question.split()]
    kept = sum(word != "pool" for word in used) / (200 * 41)
    assert 0.45 < kept < 0.55
    assert 0.2 < sum(word == "pool" for word in used) / (200 * 41) < 0.3


def test_what_is_too_short_has_no_test() -> None:
    tests = make_tests(["word", "two words", *sentences(4)[0]], ["x"], np.random.default_rng(0))
    assert 0 not in tests.question_rows and 0 not in tests.lead_rows and 1 not in tests.lead_rows
    found = tests.score(
        np.zeros((len(tests.questions), len(tests.documents)), np.float32),
        np.eye(len(tests.leads), dtype=np.float32),
    )
    assert found.shape == (tests.held_out, 2) and np.isnan(found[0]).all()
    assert (found[tests.lead_rows, 1] == 1).all()


def test_a_long_text_is_cut() -> None:
    long = "The ship left. " + "a harbour with waves " * 1000
    tests = make_tests([long], [], np.random.default_rng(0))
    assert len(tests.rests[0]) <= LONGEST
    same = make_tests([long], [], np.random.default_rng(0))
    assert same.questions == tests.questions
