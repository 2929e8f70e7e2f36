"""Words. Oracles: a slow loop over the pieces, a law of equal words, closed forms of small texts."""

from hypothesis import given
from views_oracles import CONTINUES, GOLDEN, WHOLE, mixed, texts_of_pieces, words_of

from likewise.tokens.ragged import Ragged
from likewise.views.words import find_words, from_zero


@given(texts_of_pieces)
def test_words_are_those_of_the_slow_loop(texts):
    """A slow loop: where words begin, how many a text has, and the hash of their pieces in Python integers."""
    found = find_words(Ragged.of(texts), CONTINUES)
    starts, types, counts, here = [], [], [], 0
    for text in texts:
        words = words_of(text)
        counts.append(len(words))
        for word in words:
            hashed = 0
            for subword in word:
                hashed = mixed((hashed + (subword + 1) * GOLDEN) & WHOLE)
            starts.append(here)
            types.append(hashed)
            here += len(word)
    assert (found.starts.tolist(), found.types.tolist(), found.counts.tolist()) == (starts, types, counts)


@given(texts_of_pieces)
def test_equal_words_and_only_they_have_equal_types(texts):
    """A law: types are equal where the pieces are."""
    words = [tuple(word) for text in texts for word in words_of(text)]
    types = find_words(Ragged.of(texts), CONTINUES).types.tolist()
    assert len(set(zip(words, types, strict=True))) == len(set(words)) == len(set(types))


def test_a_piece_that_continues_begins_a_word_at_the_front_of_a_text():
    """A closed form: 2 and 5 continue; [2, 5, 0, 2] is the words (2, 5) and (0, 2)."""
    found = find_words(Ragged.of([[2, 5, 0, 2], [], [2]]), CONTINUES)
    assert found.starts.tolist() == [0, 2, 4]
    assert found.offsets.tolist() == [0, 2, 2, 3]


def test_a_slice_begins_at_zero_and_read_only_ids_are_copied():
    texts = Ragged.of([[1, 3], [4, 6, 7]])
    texts.ids.setflags(write=False)
    part = from_zero(texts.slice(1, 2))
    assert part.offsets.tolist() == [0, 3]
    assert part.ids.tolist() == [4, 6, 7]
    assert part.ids.flags.writeable
