import numpy as np
import pytest
from report_cards import topical_texts

from likewise.corpus.read import read
from likewise.errors import InputError
from likewise.model.model import Model
from likewise.report.sample import take_sample


def test_the_sample_kept_with_the_model(model):
    """Two paths that agree: vectors are those of the model, row by row."""
    sample = take_sample(model)
    assert sample.texts == model.sample
    np.testing.assert_array_equal(sample.vectors, model.encode(list(model.sample)))
    assert sample.words[0] == frozenset(model.sample[0].split())
    assert sample.unknown == 0


def test_texts_without_a_known_word_are_counted(model):
    word = model.sample[0].split()[0]
    sample = take_sample(model, ["☃☃", word, "Ж", word.upper() + "!", word])
    assert sorted(sample.texts) == sorted([word.upper() + "!", word])
    assert sample.unknown == 2
    assert set(sample.words) == {frozenset([word])}


def test_repeats_of_the_kept_sample_are_shown_once(model):
    word = model.sample[0].split()[0]
    assert len(take_sample(Model(model.tokenizer, model.encoder, None, [word, word]))) == 1


def test_of_many_texts_a_thousand_are_drawn_whatever_their_order(model):
    """A law: the same texts in another order, in other batches, with repeats: the same sample."""
    texts = topical_texts(9000)
    drawn = take_sample(model, texts)
    assert len(drawn) == len(set(drawn.texts)) == 1000
    assert take_sample(model, texts[::-1] + texts[:500]).texts == drawn.texts
    assert set(drawn.texts) < set(texts)
    rows = [texts.index(text) for text in drawn.texts]
    assert 4000 < np.mean(rows) < 5000  # from the whole file: 4,500 but for a standard error of 82


def test_a_corpus_that_was_opened_is_taken_as_it_is(model, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("key,body\n1,abc def\n2,abc\n")
    sample = take_sample(model, read(path, text="body"))
    assert len(sample) + sample.unknown == 2


def test_long_texts_are_cut(model):
    assert take_sample(model, ["word " * 1000]).texts in (("word " * 100,), ())


@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_a_file_without_text_is_refused(model, texts):
    with pytest.raises(InputError, match="holds no text: give a file of texts"):
        take_sample(model, texts)


@pytest.mark.parametrize("text", ["\ud800 lone", "\x00", "a\u2028b"])
def test_hard_texts_are_read(model, text):
    word = model.sample[0].split()[0]
    sample = take_sample(Model(model.tokenizer, model.encoder, None, [f"{text} {word}"]))
    assert sample.texts == (f"{text} {word}",)
    assert word in sample.words[0]


def test_a_model_without_a_sample_has_no_texts(model):
    sample = take_sample(Model(model.tokenizer, model.encoder))
    assert (len(sample), sample.vectors.shape, sample.unknown) == (0, (0, model.dim), 0)
