"""What texts are laid upon one another by: pieces of words, and words with a digit whole."""

import numpy as np
import pyarrow as pa
import pytest

from likewise.applications.duplicates.token_alignment import LEVELS, LONGEST, Pieces
from likewise.tokens.vocabulary import CONTINUATION


@pytest.fixture(scope="module")
def pieces(docs_model):
    return Pieces.of_model(docs_model)


def of(pieces, *texts):
    return [ids.tolist() for ids in map(pieces.of(pa.array(texts, pa.large_string())).__getitem__, range(len(texts)))]


def slow(pieces, text):
    """Word by word: pieces as they are, and of a word with a digit its weight."""
    vocabulary = pieces.model.tokenizer.vocabulary
    words = []
    for id in pieces.model.tokenizer.encode([text])[0].tolist():
        if words and vocabulary.continues[id]:
            words[-1].append(id)
        else:
            words.append([id])
    plain, weights = [], []
    for word in words:
        spelt = "".join(vocabulary.pieces[id].removeprefix(CONTINUATION) for id in word)
        if not any(map(str.isdigit, spelt)):
            plain += word
            continue
        rarity = min(float(pieces.rarities[word].sum()), float(pieces.most))
        weights.append(rarity**2 * min(max(len(spelt) - 1, 1), LONGEST))
    return sorted(plain), sorted(weights)


@pytest.mark.parametrize("text", ["", "the file is opened", "python 3.11 and dscs730b", "a1 2b 777777777777777 ##3 _4"])
def test_words_with_digits_are_whole(pieces, text):
    """Two ways that must agree: the compiled loop and a slow one; of weights up to the width of a level."""
    known = len(pieces.rows)
    found, (plain, weights) = of(pieces, text)[0], slow(pieces, text)
    assert found == sorted(found)
    assert [id for id in found if id < known] == plain
    counted = sorted(float(pieces.weights[known + (id - known) % LEVELS]) for id in found if id >= known)
    step = float(pieces.most) * LONGEST**0.5 / (LEVELS - 1)
    assert np.allclose(np.sqrt(counted), np.sqrt(weights), atol=step / 2 + 1e-5)


def test_a_code_is_itself_alone(pieces):
    """Laws: the same word has the same number wherever it stands, another word another, whatever pieces they share."""
    one, again, other, plain = of(pieces, "kdl52xbr6", "the kdl52xbr6 is", "kdl52xbr7", "the is")
    assert len(one) == 1 and one[0] in again and one != other
    assert sorted([*plain, *one]) == again


def test_repeats_stay(pieces):
    """A law: what stands there twice is there twice, words with digits too."""
    once, twice = of(pieces, "list 2024", "2024 list list 2024")
    assert sorted(once * 2) == twice
