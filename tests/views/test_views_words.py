"""Words. Oracles: a slow loop over the subwords, a law of equal words, closed forms of small texts."""

from hypothesis import given, settings
from views_oracles import CONTINUES, GOLDEN, WHOLE, mixed, texts_of_subwords, words_of

from likewise.tokens.ragged import Ragged
from likewise.views.edits import find_words, from_zero


@settings(max_examples=30)
@given(texts_of_subwords)
def test_words_are_those_of_the_slow_loop(texts):
    """A slow loop: where words begin, how many a text has, and the hash of their subwords in Python integers; and the
    law that words have equal hashes where they have equal subwords.
    """
    found = find_words(Ragged.of(texts), CONTINUES)
    starts, types, counts, here, distinct = [], [], [], 0, set()
    for text in texts:
        words = words_of(text)
        counts.append(len(words))
        for word in words:
            hashed = 0
            for subword in word:
                hashed = mixed((hashed + (subword + 1) * GOLDEN) & WHOLE)
            starts.append(here)
            types.append(hashed)
            distinct.add((tuple(word), hashed))
            here += len(word)
    assert (found.starts.tolist(), found.types.tolist(), found.counts.tolist()) == (starts, types, counts)
    assert len(distinct) == len({word for word, _ in distinct}) == len({hashed for _, hashed in distinct})


def test_a_subword_that_continues_begins_a_word_at_the_front_of_a_text():
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
