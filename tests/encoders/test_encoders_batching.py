"""Buckets of texts of similar length, and padding."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.encoders.transformer.batching import buckets, distinct_texts, encode_padded, padded
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

SPECIAL = SpecialTokens(first=(101,), last=(102, 103), longest=8, padding=0, mask_token=104)
SOME = st.lists(st.lists(st.integers(1, 9), max_size=9), min_size=1, max_size=9)
REPEATING = st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=30)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 200))
def test_every_text_is_in_one_bucket_and_buckets_hold_few_tokens(lengths, tokens):
    """Laws: a partition; padded sizes within the budget, except for a longer text by itself; lengths fall."""
    found = buckets(np.array(lengths, np.int64), tokens)
    assert sorted(row for bucket in found for row in bucket) == list(range(len(lengths)))
    ordered = [lengths[row] for bucket in found for row in bucket]
    assert ordered == sorted(ordered, reverse=True)
    for bucket in found:
        assert len(bucket) == 1 or len(bucket) * max(1, *(lengths[row] for row in bucket)) <= tokens


@settings(max_examples=30)
@given(REPEATING, st.integers(1, 6))
def test_equal_texts_are_found(rows, max_content_length):
    """A slow loop: the first text with the same beginning."""
    first, group = distinct_texts(Ragged.of(rows), max_content_length)
    beginnings = [tuple(row[:max_content_length]) for row in rows]
    assert [beginnings.index(beginning) for beginning in beginnings] == [first[number] for number in group]
    assert len(first) == len(set(beginnings))


@settings(max_examples=30)
@given(SOME)
def test_padding_by_a_slow_loop(texts):
    ids, mask = padded(Ragged.of(texts), SPECIAL, SPECIAL.max_content_length)
    width = ids.shape[1]
    for row, text in enumerate(texts):
        tokens = [101, *text[: SPECIAL.max_content_length], 102, 103]
        assert ids[row].tolist() == tokens + [0] * (width - len(tokens))
        assert mask[row].tolist() == [position < len(tokens) for position in range(width)]
    assert mask.any(0).all()


@settings(max_examples=30)
@given(SOME, st.integers(1, 40))
def test_each_distinct_text_is_encoded_once_and_rows_keep_their_order(texts, tokens):
    seen = []

    def encode(batch):
        seen.extend(map(tuple, np.where(batch.mask, batch.ids, -1).tolist()))
        return (batch.ids * batch.mask).sum(1, keepdims=True).astype(np.float32)

    out = np.empty((len(texts), 1), np.float32)
    assert encode_padded(Ragged.of(texts), SPECIAL, encode, tokens=tokens, out=out) is out
    beginnings = [tuple(text[: SPECIAL.max_content_length]) for text in texts]
    assert out[:, 0].tolist() == [sum(beginning) + 306 for beginning in beginnings]
    assert len(seen) == len(set(beginnings))
