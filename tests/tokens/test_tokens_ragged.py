import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.tokens.ragged import Ragged

TEXTS = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6)


def listed(texts: Ragged) -> list[list[int]]:
    return [texts[index].tolist() for index in range(len(texts))]


@given(TEXTS)
def test_of_and_back(texts: list[list[int]]) -> None:
    """A law: what was put in comes out."""
    ragged = Ragged.of(texts)
    assert listed(ragged) == texts
    assert ragged.lengths.tolist() == [len(text) for text in texts]
    assert ragged.ids.dtype == np.int32
    assert ragged.offsets.dtype == np.int64


@given(TEXTS, st.integers(0, 6), st.integers(0, 6), st.data())
def test_slices_and_takes(texts: list[list[int]], first: int, length: int, data: st.DataObject) -> None:
    """Two paths that must agree: lists of Python, and ragged arrays, of which a slice may begin anywhere."""
    first = min(first, len(texts))
    last = min(first + length, len(texts))
    part, wanted = Ragged.of(texts).slice(first, last), texts[first:last]
    assert listed(part) == wanted
    assert part.ids.base is None or part.ids.size == sum(map(len, texts))
    indices = data.draw(st.lists(st.integers(0, len(wanted) - 1), max_size=8)) if wanted else []
    assert listed(part.take(np.array(indices, np.int64))) == [wanted[index] for index in indices]
    assert listed(part.without(3)) == [[id for id in text if id != 3] for text in wanted]
    joined = Ragged.concatenate([part, Ragged.of([[1], []]), part])
    assert listed(joined) == [*wanted, [1], [], *wanted]
    assert joined.ids.dtype == np.int32


def test_without_an_id_that_is_not_there_copies_nothing() -> None:
    """A closed form: the same object."""
    texts = Ragged.of([[1, 2], [3]])
    assert texts.without(9) is texts


def test_it_is_frozen() -> None:
    """A law: a batch that several rooms hold is changed by none of them."""
    with pytest.raises(AttributeError):
        Ragged.of([[1]]).ids = np.zeros(1, np.int32)  # type: ignore[misc]
