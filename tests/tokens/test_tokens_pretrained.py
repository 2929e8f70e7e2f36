"""Tokenizers of pretrained encoders: where words begin in each kind, and which special tokens they add."""

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from likewise.errors import InputError
from likewise.tokens.learning import learn_reference
from likewise.tokens.pretrained import PretrainedTokenizer, SpecialTokens, special_tokens_of

TEXTS = ["the quick brown foxes jumped over the lazy dogs", "a fox is not a dog, and dogs are no foxes"] * 20


def byte_level() -> Tokenizer:
    """As that of RoBERTa."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()[:40]
    trainer = trainers.BpeTrainer(
        vocab_size=120, show_progress=False, initial_alphabet=alphabet, special_tokens=["<s>"]
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A <s>", special_tokens=[("<s>", 0)])
    return tokenizer


def metaspace() -> Tokenizer:
    """As those of SentencePiece."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=60, show_progress=False, unk_token="<unk>", special_tokens=["<unk>"])
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


@pytest.mark.parametrize("made", [byte_level, metaspace, lambda: learn_reference([TEXTS], 80)])
def test_words_begin_at_the_marks_of_the_tokenizer(made):
    """A law for each kind: as many words as white space separates, where nothing else splits words."""
    tokenizer = PretrainedTokenizer(made(), 0)
    ids = tokenizer.encode(["the quick brown foxes jumped", "dogs are foxes", ""])
    counts = [1 + int((~tokenizer.vocabulary.continues[ids[row][1:]]).sum()) for row in range(2)]
    assert counts == [5, 3] and len(ids[2]) == 0


def test_without_marks_every_token_is_a_word():
    tokenizer = PretrainedTokenizer(Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a")), 0)
    assert not tokenizer.vocabulary.continues.any()


def test_ids_are_those_of_the_reference_and_not_truncated():
    """Two paths that agree: in chunks, and one text at a time by the reference."""
    plain = byte_level()
    reference = Tokenizer.from_str(plain.to_str())
    reference.enable_truncation(4)
    reference.enable_padding(length=9)
    tokenizer = PretrainedTokenizer(reference, 0)
    ids = tokenizer.encode(TEXTS[:8], chunk_texts=3)
    expected = [plain.encode(text, add_special_tokens=False).ids for text in TEXTS[:8]]
    assert [ids[row].tolist() for row in range(8)] == expected
    assert len(tokenizer.encode([])) == 0


def test_special_tokens_are_those_of_the_template():
    assert special_tokens_of(byte_level(), longest=20, padding=1, mask_token=2) == SpecialTokens((0,), (0,), 20, 1, 2)
    assert special_tokens_of(metaspace(), longest=20, padding=1, mask_token=2).max_content_length == 20
    with pytest.raises(InputError, match="a length of 2 tokens has no room"):
        special_tokens_of(byte_level(), longest=2, padding=1, mask_token=2)


def test_a_template_that_changes_the_text_is_refused():
    reference = byte_level()
    reference.post_processor = processors.TemplateProcessing(single="<s>", special_tokens=[("<s>", 0)])
    with pytest.raises(InputError, match="changes a text when it adds its special tokens"):
        special_tokens_of(reference, longest=20, padding=1, mask_token=2)


def test_a_word_that_wordpiece_makes_unknown_is_cut():
    """A closed form: a long word becomes subwords, and no text without one changes; cutting twice changes nothing."""
    plain = learn_reference([TEXTS], 80)
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    before = plain.encode("foxes " + "dog" * 50, add_special_tokens=False).tokens
    tokenizer = PretrainedTokenizer(Tokenizer.from_str(plain.to_str()), 0)
    after = [tokenizer.vocabulary.subwords[id] for id in tokenizer.encode(["foxes " + "dog" * 50])[0]]
    assert before[-1] == "[UNK]" and "[UNK]" not in after
    assert "".join(subword.removeprefix("##") for subword in after) == "foxes" + "dog" * 50
    assert [tokenizer.encode([text])[0].tolist() for text in TEXTS] == [plain.encode(text).ids for text in TEXTS]
    assert PretrainedTokenizer(Tokenizer.from_str(tokenizer.reference.to_str()), 0).reference.to_str() == (
        tokenizer.reference.to_str()
    )
