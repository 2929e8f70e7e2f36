import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged, TokenWriter, open_tokens

TEXTS = st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=6)
BATCHES = st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), max_size=4)


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_what_was_written_is_read(tmp_path, batches: list[list[list[int]]]) -> None:
    """Two paths that must agree: all texts in memory, and appended batch by batch; counts by a slow loop."""
    texts = [text for batch in batches for text in batch]
    with TokenWriter(tmp_path / "text0", 10) as writer:
        for batch in batches:
            padded = Ragged.of([[1, 2], *batch, [3]])
            writer.append(padded.slice(1, 1 + len(batch)))
    stored, wanted = open_tokens(tmp_path / "text0"), Ragged.of(texts)
    assert stored.ids.tolist() == wanted.ids.tolist()
    assert stored.offsets.tolist() == wanted.offsets.tolist()
    assert writer.counts.tolist() == [sum(text.count(id) for text in texts) for id in range(10)]
    assert writer.texts_with.tolist() == [sum(id in text for text in texts) for id in range(10)]


def test_ids_are_memory_mapped(tmp_path) -> None:
    """A closed form: the ids stay on disk, and cannot be changed."""
    with TokenWriter(tmp_path / "text0", 10) as writer:
        writer.append(Ragged.of([[1, 2, 3]]))
    stored = open_tokens(tmp_path / "text0")
    assert isinstance(stored.ids, np.memmap)
    assert not stored.ids.flags.writeable


@pytest.mark.parametrize("damage", ["no ids", "no offsets", "ids cut", "offsets cut", "offsets empty"])
def test_a_store_that_is_not_whole_is_refused(tmp_path, damage: str) -> None:
    """Bad input: what a killed run may leave is named, with what to do."""
    with TokenWriter(tmp_path / "text0", 10) as writer:
        writer.append(Ragged.of([[1, 2, 3], [4]]))
    ids, offsets = tmp_path / "text0.ids", tmp_path / "text0.offsets"
    {
        "no ids": ids.unlink,
        "no offsets": offsets.unlink,
        "ids cut": lambda: ids.write_bytes(ids.read_bytes()[:-4]),
        "offsets cut": lambda: offsets.write_bytes(offsets.read_bytes()[:-8]),
        "offsets empty": lambda: offsets.write_bytes(b""),
    }[damage]()
    with pytest.raises(LikewiseError, match="train again without --resume"):
        open_tokens(tmp_path / "text0")
