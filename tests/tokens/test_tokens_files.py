import json

import numpy as np
import pytest
from tokens_oracles import assert_same

from likewise.errors import InputError
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, reference_of


def test_saved_and_loaded(tokenizer: Tokenizer, tmp_path) -> None:
    """Two paths that must agree: before saving and after; the file is what `tokenizers` itself writes."""
    tokenizer.save(tmp_path / "tokenizer.json")
    counts = np.arange(len(tokenizer.vocabulary))
    loaded = Tokenizer.load(tmp_path / "tokenizer.json", counts)
    texts = ["The quick déçu 数据库 😀", ""]
    assert_same(loaded.encode(texts), tokenizer.encode(texts))
    assert loaded.vocabulary.subwords == tokenizer.vocabulary.subwords
    assert loaded.vocabulary.counts is counts
    assert loaded.reference.to_str() == (tmp_path / "tokenizer.json").read_text(encoding="utf-8")


def _changed(**changes: object) -> str:
    tokenizer = json.loads(reference_of([UNKNOWN, "a", "b"]).to_str())
    for place, value in changes.items():
        *path, last = place.split("__")
        inner = tokenizer
        for name in path:
            inner = inner[name]
        inner[last] = value
    return json.dumps(tokenizer)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"", "is not a tokenizer"),
        (b"\xff\xfe", "is not a tokenizer"),
        (b"{}", "is not a tokenizer"),
        (_changed().encode()[:-9], "is not a tokenizer"),
        (_changed(normalizer=None).encode(), "splits texts in a way"),
        (_changed(pre_tokenizer={"type": "Whitespace"}).encode(), "splits texts in a way"),
        (_changed(model__max_input_chars_per_word=50).encode(), "splits texts in a way"),
        (_changed(model__continuing_subword_prefix="@@").encode(), "splits texts in a way"),
        (_changed(model__vocab={UNKNOWN: 0, "a": 1, "b": 7}).encode(), "splits texts in a way"),
        (_changed(model__vocab={"a": 0, "b": 1}).encode(), "splits texts in a way"),
        (_changed(model__vocab={}).encode(), "splits texts in a way"),
    ],
)
def test_a_foreign_or_damaged_file_is_refused(tmp_path, written: bytes, message: str) -> None:
    """Bad input: a tokenizer that splits in another way would give other ids without a word."""
    path = tmp_path / "tokenizer.json"
    path.write_bytes(written)
    with pytest.raises(InputError, match=message):
        Tokenizer.load(path)


def test_a_special_token_in_the_file_is_refused(tmp_path) -> None:
    """Bad input: with an added token, a text could write that token's name."""
    reference = reference_of([UNKNOWN, "a", "b"])
    reference.add_special_tokens([UNKNOWN])
    (tmp_path / "tokenizer.json").write_text(reference.to_str(), encoding="utf-8")
    with pytest.raises(InputError, match="splits texts in a way"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_counts_of_another_vocabulary_are_refused(tokenizer: Tokenizer, tmp_path) -> None:
    """Bad input: as many counts as subwords, or none."""
    tokenizer.save(tmp_path / "tokenizer.json")
    with pytest.raises(InputError, match="subwords, but there are counts of 3"):
        Tokenizer.load(tmp_path / "tokenizer.json", np.arange(3))


def test_a_missing_file_is_refused(tmp_path) -> None:
    """Bad input: the path and the reason, in one line."""
    with pytest.raises(InputError, match=r"tokenizer\.json cannot be read: No such file"):
        Tokenizer.load(tmp_path / "tokenizer.json")


@pytest.mark.parametrize(
    "written", ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "<s>", "##the", "the##", "[unk]", "[[UNK]]"]
)
def test_no_text_injects_a_special_token(tokenizer: Tokenizer, written: str) -> None:
    """A law: the name of a token in a text is read letter by letter, as if there were spaces around its brackets."""
    marks = str.maketrans({mark: f" {mark} " for mark in "[]<>#"})
    found, spaced = (
        tokenizer.encode([written, written.translate(marks)])[0],
        tokenizer.encode([written.translate(marks)])[0],
    )
    assert found.tolist() == spaced.tolist()
    alphabet = "[]<>#unklcsepadmth"
    known = Tokenizer(reference_of([UNKNOWN, *alphabet, *("##" + letter for letter in alphabet)]))
    ids = known.encode([written])[0].tolist()
    assert ids
    assert known.vocabulary.subwords.index(UNKNOWN) not in ids
    subwords = [known.vocabulary.subwords[id] for id in ids]
    assert "".join(subword[2:] if len(subword) == 3 else subword for subword in subwords) == written.lower()
