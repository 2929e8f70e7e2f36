import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from likewise.corpus.read import read
from likewise.errors import InputError, LikewiseError
from likewise.tokens.distinct import text_hashes
from likewise.tokens.vocabulary import UNKNOWN
from likewise.training.prepare import Prepared, prepare
from likewise.training.progress import silent
from likewise.training.reading import Reading, read_corpus

TEXTS = ["the quick fox", "the lazy dog", "", "the quick fox", " \t\n", "quick quick dog", "the lazy dog"]


def prepared(texts: Any, work: Path, vocabulary: int | None = None, **options: Any) -> Prepared:
    return run_prepare(texts, work, vocabulary, silent, False, **options)


def run_prepare(
    texts: Any, work: Path, vocabulary: int | None, log: Callable[[str], None], resume: bool, **options: Any
) -> Prepared:
    reading = read_corpus(read(texts, **options), work, log=log)
    found = prepare(reading, work, vocabulary, log=log, resume=resume)
    reading.close()
    return found


def words(found: Prepared, side: str = "texts") -> list[str]:
    """The texts again, spelt from their ids."""
    subwords, ragged = found.tokenizer.vocabulary.subwords, getattr(found, side)
    spelt = [" ".join(subwords[id] for id in ragged[index]) for index in range(len(ragged))]
    return [text.replace(" ##", "") for text in spelt]


def test_repeats_and_empty_texts_are_left_out_and_counted(tmp_path: Path) -> None:
    """A closed form: three distinct texts in their order, two repeats, two texts without a word."""
    found = prepared(TEXTS, tmp_path)
    assert words(found) == ["the quick fox", "the lazy dog", "quick quick dog"]
    facts = found.facts
    assert (facts.texts, facts.duplicates, facts.empty, facts.skipped) == (3, 2, 2, 0)
    assert facts.tokens == len(found.texts.ids)
    assert found.pairs is None
    distinct = text_hashes(["the quick fox", "the lazy dog", "quick quick dog"])
    assert facts.fingerprint == hashlib.sha256(distinct.tobytes()).hexdigest()


def test_pieces_are_counted(tmp_path: Path) -> None:
    """A slow loop: how often each piece occurs, and in how many texts."""
    found = prepared(TEXTS, tmp_path)
    texts = [found.texts[index].tolist() for index in range(len(found.texts))]
    vocabulary = found.tokenizer.vocabulary
    assert vocabulary.counts.tolist() == [sum(text.count(id) for text in texts) for id in range(len(vocabulary))]
    assert found.texts_with.tolist() == [sum(id in text for text in texts) for id in range(len(vocabulary))]


def test_two_columns_are_pairs(tmp_path: Path) -> None:
    """A closed form: a pair counts once, as a whole; half of one is none; both sides share a vocabulary."""
    table = pa.table(
        {
            "title": ["fox", "dog", "fox", "fox", "", None, "cat"],
            "body": ["the quick fox", "the lazy dog", "the quick fox", "another fox", "alone", "nobody", ""],
        }
    )
    found = prepared(table, tmp_path, pair=("title", "body"))
    assert words(found) == ["fox", "dog", "fox"]
    assert words(found, "pairs") == ["the quick fox", "the lazy dog", "another fox"]
    assert (found.facts.texts, found.facts.duplicates, found.facts.empty) == (3, 1, 3)
    assert found.pairs is not None
    assert found.facts.tokens == len(found.texts.ids) + len(found.pairs.ids)
    fox = found.tokenizer.vocabulary.subwords.index("fox")
    assert found.tokenizer.vocabulary.counts[fox] == 4
    assert found.texts_with[fox] == 4


def test_a_pair_turned_round_is_another(tmp_path: Path) -> None:
    """A closed form: title and body are not the same as body and title."""
    table = pa.table({"title": ["the fox", "a dog"], "body": ["a dog", "the fox"]})
    assert prepared(table, tmp_path, pair=("title", "body")).facts.texts == 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "holds no distinct texts with words"),
        (["", "  "], r"holds no distinct texts with words \(0 repeats, 2 empty\)"),
        (["one text"], "holds 1 distinct text with words"),
        (["same"] * 9, r"holds 1 distinct text with words \(8 repeats, 0 empty\)"),
        (["\x00", "\u200b", "\ufeff"], "holds no distinct texts"),
    ],
)
def test_fewer_than_two_texts_are_refused(tmp_path: Path, texts: list[str], message: str) -> None:
    """Bad input: what was found, and what contrastive learning needs, also where no word is left after tokenising."""
    with pytest.raises(InputError, match=message + ".*at least 2"):
        prepared(texts, tmp_path)


def prepared_of_beginnings(texts: Any, work: Path, **options: Any) -> Prepared:
    """With a vocabulary of the first seven characters of each text."""
    work.mkdir()
    reading = Reading(work / "spool.arrow", longest=7)
    reading.read(read(texts, **options))
    return prepare(reading, work, log=silent)


def test_a_text_without_a_known_piece_is_left_out(tmp_path: Path) -> None:
    """A closed form: unknown words are in no text; a text of nothing else is left out and counted, with its pair."""
    texts = ["the fox", "       ξένος", "the dog ξένος", " ", "\u200b"]
    found = prepared_of_beginnings(texts, tmp_path / "texts")
    assert words(found) == ["the fox", "the dog"]
    assert (found.facts.unknown, found.facts.empty) == (1, 2)
    assert found.facts.left_out == "0 repeats, 2 empty, 1 of unknown characters alone"
    unknown = found.tokenizer.vocabulary.subwords.index(UNKNOWN)
    assert unknown not in found.texts.ids
    assert found.tokenizer.vocabulary.counts[unknown] == found.texts_with[unknown] == 0
    table = pa.table({"title": ["fox", "       ξ", "dog"], "body": ["the fox", "lost", "the dog"]})
    paired = prepared_of_beginnings(table, tmp_path / "pairs", pair=("title", "body"))
    assert words(paired) == ["fox", "dog"]
    assert words(paired, "pairs") == ["the fox", "the dog"]


@pytest.mark.parametrize(
    "texts",
    [
        ["acgtacca" * 20, "ttgacatg" * 20, "gattacat" * 20],
        ["วันนี้อากาศดีมากเราจึงไปเดินเล่น" * 4, "ร้านกาแฟเปิดตอนเช้าทุกวัน" * 5, "รถไฟมาสายเพราะฝนตกหนัก" * 5],
        ["aGVsbG8gd29ybGQ" * 9, "ZnJlZSBwcml6ZQ" * 9, "eyJpZCI6IDF9Cg" * 9],
    ],
    ids=["a sequence", "Thai", "base64"],
)
def test_texts_of_long_words_are_trained_on(tmp_path: Path, texts: list[str]) -> None:
    """A closed form: words of more than a hundred characters are words, and none of them is empty."""
    found = prepared(texts, tmp_path)
    assert (found.facts.texts, found.facts.empty, found.facts.unknown) == (3, 0, 0)
    assert [text.replace(" ", "") for text in words(found)] == [text.lower() for text in texts]


def test_nothing_but_the_ids_stays(tmp_path: Path) -> None:
    """A closed form: the spooled texts are gone when the ids are there."""
    prepared(TEXTS, tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {
        "text0.ids",
        "text0.offsets",
        "text1.ids",
        "counts.npy",
        "kept.npy",
        "tokenizer.json",
        "prepared.json",
    }


def test_stages_are_logged(tmp_path: Path) -> None:
    """A closed form: stages that take long are logged, and what an earlier run kept is not done again."""
    lines: list[str] = []
    run_prepare(TEXTS, tmp_path, None, lines.append, False)
    assert lines == ["reading", "learning the vocabulary", "tokenising"]
    lines.clear()
    run_prepare(TEXTS, tmp_path, None, lines.append, True)
    assert lines == ["reading"]


@pytest.mark.parametrize("paired", [False, True])
def test_resumed_is_uninterrupted(tmp_path: Path, paired: bool) -> None:
    """Two paths that must agree: the first run, and a second that finds its ids."""
    table = pa.table({"title": TEXTS, "body": [f"{text} more" for text in TEXTS]})
    options = {"pair": ("title", "body")} if paired else {"text": "title"}
    first = prepared(table, tmp_path, **options)
    again = run_prepare(table, tmp_path, None, silent, True, **options)
    assert again.facts == first.facts
    assert words(again) == words(first)
    assert (again.pairs is None) == (first.pairs is None) == (not paired)
    assert again.texts_with.tolist() == first.texts_with.tolist()
    assert again.tokenizer.vocabulary.counts.tolist() == first.tokenizer.vocabulary.counts.tolist()
    assert again.tokenizer.reference.to_str() == first.tokenizer.reference.to_str()


@pytest.mark.parametrize(
    ("texts", "vocabulary"),
    [([*TEXTS, "a new one"], None), (TEXTS[::-1], None), (TEXTS, 50)],
    ids=["more", "order", "size"],
)
def test_a_changed_corpus_is_not_resumed(tmp_path: Path, texts: list[str], vocabulary: int | None) -> None:
    """Bad input: ids of another corpus, or of another vocabulary, are not taken for these."""
    prepared(TEXTS, tmp_path)
    with pytest.raises(InputError, match=r"changed since the run .* began"):
        run_prepare(texts, tmp_path, vocabulary, silent, True)


def test_a_run_killed_while_tokenising_begins_again(tmp_path: Path) -> None:
    """Two paths that must agree: with what a killed run left half-written, and from nothing."""
    whole = prepared(TEXTS, tmp_path / "whole")
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("text0.ids", "text0.offsets", "text1.offsets", "spool.arrow", "tokenizer.json"):
        (killed / name).write_bytes(b"half")
    found = run_prepare(TEXTS, killed, None, silent, True)
    assert words(found) == words(whole)
    assert found.facts == whole.facts


def test_a_store_cut_short_is_refused(tmp_path: Path) -> None:
    """Bad input: ids that are not whole are named, with what to do."""
    prepared(TEXTS, tmp_path)
    (tmp_path / "text0.ids").write_bytes(b"")
    with pytest.raises(LikewiseError, match="train again without --resume"):
        run_prepare(TEXTS, tmp_path, None, silent, True)


def test_batches_change_nothing(tmp_path: Path) -> None:
    """Two paths that must agree to the byte: all texts in one batch, and a few at a time."""
    texts = [f"text number {number % 40} of the {number % 7}" for number in range(300)]
    whole = prepared(texts, tmp_path / "whole")
    batches = pa.table({"text": texts}).to_batches(max_chunksize=7)
    few = prepared(pa.Table.from_batches(batches), tmp_path / "few")
    assert few.texts.ids.tolist() == whole.texts.ids.tolist()
    assert few.texts.offsets.tolist() == whole.texts.offsets.tolist()
    assert few.tokenizer.reference.to_str() == whole.tokenizer.reference.to_str()
    assert few.facts.fingerprint == whole.facts.fingerprint


def sample_of(texts: list[str], work: Path, **limits: int) -> set[str]:
    whole = Reading(work / "spool.arrow", **limits)
    batches = pa.table({"text": texts}).to_batches(max_chunksize=100)
    whole.read(read(pa.Table.from_batches(batches)))
    return {text for part in whole.sample() for text in part}


def test_the_sample_is_bounded_and_does_not_depend_on_the_order(tmp_path: Path) -> None:
    """Laws: at most so many bytes, those texts whose hashes are smallest, in whatever order they come."""
    texts = [f"text number {number}" for number in range(1000)]
    sample = sample_of(texts, tmp_path, sample_bytes=4000)
    assert 500 < sum(len(text) + 8 for text in sample) <= 4000
    hashes = dict(zip(texts, text_hashes(texts).tolist(), strict=True))
    largest = max(hashes[text] for text in sample)
    assert sample == {text for text in texts if hashes[text] <= largest}
    shuffled = random.Random(0).sample(texts, len(texts))
    assert sample_of(shuffled, tmp_path, sample_bytes=4000) == sample


def test_a_small_corpus_is_sampled_whole(tmp_path: Path) -> None:
    """A closed form: below the limit every distinct text is in the sample."""
    assert sample_of(TEXTS, tmp_path) == {"the quick fox", "the lazy dog", "quick quick dog"}


def test_a_huge_line_leaves_room_for_the_others(tmp_path: Path) -> None:
    """A closed form: a line longer than the sample is truncated in it, and all other texts are in it as well."""
    texts = ["long " * 5000, *(f"kept{number} kept{number}" for number in range(20))]
    assert sample_of(texts, tmp_path, sample_bytes=4000, longest=200) == {text[:200] for text in texts}
    assert len(prepared(texts, tmp_path).texts[0]) == 5000


def test_characters_outside_the_sample_are_unknown(tmp_path: Path) -> None:
    """A law: what the vocabulary cannot spell is left out of the ids, so its row is never trained."""
    texts = [f"word {number} {chr(0x4E00 + number)}" for number in range(500)]
    reading = Reading(tmp_path / "spool.arrow", sample_bytes=600)
    reading.read(read(texts))
    found = prepare(reading, tmp_path, log=silent)
    assert found.tokenizer.vocabulary.subwords.index(UNKNOWN) not in found.texts.ids
    assert found.facts.texts == 500
    assert "word" in found.tokenizer.vocabulary.subwords
    assert np.diff(found.texts.offsets).min() >= 1


def test_what_is_kept_is_plain(tmp_path: Path) -> None:
    """A closed form: the record next to the ids is JSON, with the size of the vocabulary and the facts."""
    found = prepared(TEXTS, tmp_path, 77)
    record = json.loads((tmp_path / "prepared.json").read_text(encoding="utf-8"))
    assert record == {"key": {"size": 77}, "facts": vars(found.facts)}
