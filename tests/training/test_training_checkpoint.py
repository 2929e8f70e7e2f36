import errno
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from safetensors.numpy import save

from likewise.errors import LikewiseError
from likewise.training.loop import read_checkpoint, write_checkpoint

ARRAYS = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
    hypothesis_numpy.arrays(
        st.sampled_from([np.float32, np.float64, np.int64]), hypothesis_numpy.array_shapes(min_side=0)
    ),
    max_size=3,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRAYS, st.dictionaries(st.text(), PLAIN, max_size=4))
def test_what_was_written_is_read(tmp_path: Path, arrays: dict[str, np.ndarray], position: dict) -> None:
    """A law: arrays come back to the byte, values as they were; a second checkpoint replaces the first."""
    path = tmp_path / "run.safetensors"
    write_checkpoint(path, arrays, position)
    found, read_position = read_checkpoint(path)
    assert read_position == position
    assert {name: (array.dtype, array.shape, array.tobytes()) for name, array in found.items()} == {
        name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()
    }
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_there_may_be_none(tmp_path: Path) -> None:
    """A closed form: nothing there, nothing to resume."""
    assert read_checkpoint(tmp_path / "run.safetensors") is None


WHOLE = save({"weights": np.arange(6.0)}, {"position": json.dumps({"step": 3})})


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"garbage",
        WHOLE[:-1],
        WHOLE[:20],
        WHOLE + b"x",
        save({"weights": np.arange(6.0)}),
        save({"weights": np.arange(6.0)}, {"other": "{}"}),
        save({"weights": np.arange(6.0)}, {"position": "{"}),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, damaged: bytes) -> None:
    """Bad input: the file is named, with what to do."""
    path = tmp_path / "run.safetensors"
    path.write_bytes(damaged)
    with pytest.raises(LikewiseError, match=r"run\.safetensors is damaged \(.*\): train again without --resume"):
        read_checkpoint(path)


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: one error, the last checkpoint is unchanged, and nothing else is left."""
    path = tmp_path / "run.safetensors"
    write_checkpoint(path, {"weights": np.arange(3.0)}, {"step": 1})

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LikewiseError, match="the disk is full"):
        write_checkpoint(path, {"weights": np.arange(3.0)}, {"step": 2})
    assert read_checkpoint(path)[1] == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]
