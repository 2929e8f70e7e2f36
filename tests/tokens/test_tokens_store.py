import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged
from likewise.tokens.store import TokenWriter, open_tokens

BATCHES = st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), max_size=4)


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
