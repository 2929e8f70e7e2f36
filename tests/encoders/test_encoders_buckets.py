import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likewise.encoders.transformer.batching import buckets, distinct_texts
from likewise.tokens.ragged import Ragged

texts = st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=30)


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 200))
def test_every_text_is_in_one_bucket_and_buckets_hold_few_tokens(lengths, tokens):
    """Laws: a partition; padded sizes within the budget, but for a text that is longer alone; lengths fall."""
    found = buckets(np.array(lengths, np.int64), tokens)
    assert sorted(row for bucket in found for row in bucket) == list(range(len(lengths)))
    ordered = [lengths[row] for bucket in found for row in bucket]
    assert ordered == sorted(ordered, reverse=True)
    for bucket in found:
        assert len(bucket) == 1 or len(bucket) * max(1, *(lengths[row] for row in bucket)) <= tokens


@given(texts, st.integers(1, 6))
def test_equal_texts_are_found(rows, room):
    """A slow loop: the first text with the same beginning."""
    first, back = distinct_texts(Ragged.of(rows), room)
    beginnings = [tuple(row[:room]) for row in rows]
    assert [beginnings.index(beginning) for beginning in beginnings] == [first[place] for place in back]
    assert len(first) == len(set(beginnings))
