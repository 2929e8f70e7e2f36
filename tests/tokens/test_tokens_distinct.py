import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from likewise.tokens.distinct import SeenTexts, text_hashes


@given(st.lists(st.text(max_size=6)))
def test_hashes_differ_where_texts_differ(texts: list[str]) -> None:
    """A law: equal texts have equal hashes and others have not, wherever they lie in an array."""
    hashes = text_hashes(texts)
    assert len(set(hashes.tolist())) == len(set(texts))
    alone = [int(text_hashes([text])[0]) for text in texts]
    assert hashes.tolist() == alone
    assert text_hashes(pa.array(["x", *texts]).slice(1)).tolist() == alone


def test_a_hash_is_fnv_1a_mixed_as_in_murmur_hash_3() -> None:
    """A slow loop, typed from the two definitions in unbounded integers."""
    limit = (1 << 64) - 1

    def slow(text: str) -> int:
        hashed = 0xCBF29CE484222325
        for byte in text.encode():
            hashed = ((hashed ^ byte) * 0x100000001B3) & limit
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            hashed = ((hashed ^ (hashed >> 33)) * factor) & limit
        return hashed ^ (hashed >> 33)

    texts = ["", "a", "the quick", "数据库"]
    assert text_hashes(texts).tolist() == [slow(text) for text in texts]


@given(st.lists(st.lists(st.integers(0, 5) | st.integers(2**64 - 3, 2**64 - 1), max_size=6), max_size=6))
def test_the_set_is_a_set(batches: list[list[int]]) -> None:
    """Two paths that must agree: Python's set, and ours; the hash 0 is free there and counts as 1."""
    seen, slow = SeenTexts(), set()
    for batch in batches:
        new = []
        for hashed in batch:
            new.append(max(hashed, 1) not in slow)
            slow.add(max(hashed, 1))
        assert seen.add(np.array(batch, np.uint64)).tolist() == new
        assert len(seen) == len(slow)


def test_the_set_grows(rng=np.random.default_rng(0)) -> None:  # noqa: B008
    """Two paths that must agree where the set has to grow more than once in one call."""
    hashes = rng.integers(1, 2**64, 20_000, np.uint64)
    seen = SeenTexts()
    assert seen.add(hashes[:10]).all()
    assert not seen.add(hashes)[:10].any()
    assert len(seen) == len(np.unique(hashes))
    assert not seen.add(hashes).any()
