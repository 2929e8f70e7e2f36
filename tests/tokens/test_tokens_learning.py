import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers import models, pre_tokenizers, trainers
from tokens_oracles import TEXTS

from likewise.tokens.learning import BLANK, FRONT, marked_words
from likewise.tokens.vocabulary import with_bert_steps

HARD = ["", " ", "a", "½", "ﷺ" * 40, "e\u0301", "中文 and ﬃ", "😀" * 3, "x" * 250, "!?" * 30, "한국어", "\U00030000z"]


def by_reference(texts: list[str]) -> list[str]:
    reference = with_bert_steps(Reference(models.BPE()))
    split = [reference.pre_tokenizer.pre_tokenize_str(reference.normalizer.normalize_str(text)) for text in texts]
    return ["".join(f"{FRONT}{word} " for word, _ in words) for words in split]


@given(st.lists(TEXTS, max_size=6))
def test_words_of_any_text(texts: list[str]) -> None:
    """Two paths that must agree: the compiled loops, and the normaliser and pre-tokenizer of `tokenizers`."""
    assert [words for some in marked_words([texts]) for words in some] == by_reference(texts)


@pytest.mark.parametrize("parts", [[HARD], [HARD[:5], HARD[5:]], HARD])
def test_words_of_hard_texts(parts: list[list[str] | str]) -> None:
    """Two paths that must agree: no room for a normal form, characters beyond the table; all at a time or alone."""
    assert [words for some in marked_words(parts) for words in some] == by_reference(HARD)


def test_the_vocabulary_is_that_of_tokenizers(python_docs: list[str]) -> None:
    """Two paths that must agree: words split by compiled loops, and all by the trainer of `tokenizers`."""
    whole, split = with_bert_steps(Reference(models.BPE())), Reference(models.BPE())
    mark = pre_tokenizers.Metaspace(replacement=FRONT, prepend_scheme="always", split=False)
    whole.pre_tokenizer = pre_tokenizers.Sequence([whole.pre_tokenizer, mark])
    split.pre_tokenizer = pre_tokenizers.CharDelimiterSplit(BLANK)
    for reference, texts in ((whole, python_docs), (split, marked_words([python_docs]))):
        reference.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=1200, min_frequency=2, show_progress=False))
    assert whole.get_vocab() == split.get_vocab()
