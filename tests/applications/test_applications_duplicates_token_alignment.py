"""The tokens that are aligned: subwords, and words with a digit whole."""

import numpy as np
import pyarrow as pa
import pytest

from likewise.applications.duplicates.similarity import LEVELS, LONGEST, AlignmentTokens
from likewise.tokens.vocabulary import CONTINUATION


@pytest.fixture(scope="module")
def tokens(docs_model):
    return AlignmentTokens.of_model(docs_model)


def of(tokens, *texts):
    return [ids.tolist() for ids in map(tokens.of(pa.array(texts, pa.large_string())).__getitem__, range(len(texts)))]


def slow(tokens, text):
    """Word by word: tokens as they are, and of a word with a digit its weight."""
    vocabulary = tokens.model.tokenizer.vocabulary
    words = []
    for id in tokens.model.tokenizer.encode([text])[0].tolist():
        if words and vocabulary.continues[id]:
            words[-1].append(id)
        else:
            words.append([id])
    plain, weights = [], []
    for word in words:
        spelt = "".join(vocabulary.tokens[id].removeprefix(CONTINUATION) for id in word)
        if not any(map(str.isdigit, spelt)):
            plain += word
            continue
        rarity = min(float(tokens.rarities[word].sum()), float(tokens.most))
        weights.append(rarity**2 * min(max(len(spelt) - 1, 1), LONGEST))
    return sorted(plain), sorted(weights)


@pytest.mark.parametrize("text", ["", "the file is opened", "python 3.11 and dscs730b", "a1 2b 777777777777777 ##3 _4"])
def test_words_with_digits_are_whole(tokens, text):
    """Two ways that must agree: the compiled loop and a slow one; of weights up to the width of a level."""
    known = len(tokens.rows)
    found, (plain, weights) = of(tokens, text)[0], slow(tokens, text)
    assert found == sorted(found)
    assert [id for id in found if id < known] == plain
    counted = sorted(float(tokens.weights[known + (id - known) % LEVELS]) for id in found if id >= known)
    step = float(tokens.most) * LONGEST**0.5 / (LEVELS - 1)
    assert np.allclose(np.sqrt(counted), np.sqrt(weights), atol=step / 2 + 1e-5)


def test_a_code_is_itself_alone(tokens):
    """Laws: the same word has the same number wherever it stands, another word another, whatever tokens they share."""
    one, again, other, plain = of(tokens, "kdl52xbr6", "the kdl52xbr6 is", "kdl52xbr7", "the is")
    assert len(one) == 1 and one[0] in again and one != other
    assert sorted([*plain, *one]) == again


def test_repeats_stay(tokens):
    """A law: what stands there twice is there twice, words with digits too."""
    once, twice = of(tokens, "list 2024", "2024 list list 2024")
    assert sorted(once * 2) == twice
