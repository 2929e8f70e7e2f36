"""Compiled loops run in any process: forked, beside other threads, and where no folder can hold their machine code."""

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numba
import pytest

from likewise import jit

SOURCE = Path(jit.__file__).parent
MODULE = """
import numpy as np
from numba import prange
from likewise.jit import compiled

@compiled(parallel=True)
def squares(numbers, out):
    for row in prange(len(numbers)):
        out[row] = numbers[row] * numbers[row]

@compiled()
def total(numbers):
    return numbers.sum()
"""
FORKS_AND_THREADS = """
import os, sys, numba, numpy as np
from concurrent.futures import ThreadPoolExecutor
from loops import squares

numbers = np.arange(100_000.0)
def is_right(_):
    out = np.zeros(len(numbers))
    squares(numbers, out)
    return (out == numbers**2).all()

with ThreadPoolExecutor(8) as pool:
    assert all(pool.map(is_right, range(300)))
child = os.fork()
if child == 0:
    os._exit(0 if is_right(0) else 3)
assert os.waitpid(child, 0)[1] == 0
assert is_right(0) and numba.threading_layer() == sys.argv[1]
"""
FORK_AFTER_OTHERS = """
import os, likewise, faiss, numpy as np
points = np.random.default_rng(0).random((2000, 8), np.float32)
faiss.Kmeans(8, 16, niter=2).train(points)
child = os.fork()
if child == 0:
    from loops import squares
    out = np.zeros(9)
    squares(np.arange(9.0), out)
    faiss.Kmeans(8, 16, niter=2).train(points)
    os._exit(0 if out[3] == 9 else 3)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def loops(tmp_path: Path) -> ModuleType:
    """A module of compiled loops that nothing was compiled of yet."""
    file = tmp_path / "loops.py"
    file.write_text(MODULE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("loops", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["omp", "workqueue"])
def test_forks_and_threads(loops: ModuleType, tmp_path: Path, layer: str) -> None:
    """A law: the same numbers in a fork and among threads, whatever numba's threads are."""
    path = os.pathsep.join([str(tmp_path), str(SOURCE.parent)])
    subprocess.run(
        [sys.executable, "-c", FORKS_AND_THREADS, layer],
        env={**os.environ, "PYTHONPATH": path, "NUMBA_NUM_THREADS": "2", "NUMBA_THREADING_LAYER": layer},
        check=True,
        timeout=100,
    )


@pytest.mark.slow
def test_a_fork_after_other_libraries_used_openmp(loops: ModuleType, tmp_path: Path) -> None:
    """A law: it does not wait for their threads, which are gone."""
    path = os.pathsep.join([str(tmp_path), str(SOURCE.parent)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", FORK_AFTER_OTHERS], env=environment, check=True, timeout=100)


def test_every_loop_is_compiled_this_way() -> None:
    """A rule: what numba caches or runs in parallel by itself does not survive a fork or a read-only folder."""
    kernels = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path != Path(jit.__file__)]
    assert sum("@compiled(parallel=True" in text for text in kernels) >= 6
    assert [text for text in kernels if re.search(r"njit\([^)]*(cache|parallel)=|^@jit", text)] == []


def without_a_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the folder of the source nor the user's can hold a cache; the superuser too cannot write below a file."""
    shutil.rmtree(folder / "__pycache__")
    (folder / "__pycache__").write_text("")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder / "__pycache__"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")


def test_without_a_place_the_temporary_folder_is_one(
    loops: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_place(tmp_path, monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cache = jit._cache_of(loops.total.py_func)
    folder = tmp_path / f"likewise-numba-{os.getuid()}"
    assert cache and Path(cache.cache_path).parent == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert numba.config.CACHE_DIR == ""


@pytest.mark.parametrize("planted", ["open to others", "a link", "a file", "of another user", "no folder at all"])
def test_a_temporary_folder_of_others_is_not_trusted(
    loops: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """Bad input: whoever can put a file there could run code as this user; so nothing is kept, with a warning."""
    without_a_place(tmp_path, monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"likewise-numba-{os.getuid()}"
    if planted == "a file":
        folder.touch()
    elif planted == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    elif planted == "no folder at all":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "__pycache__"))
    else:
        folder.mkdir()
        folder.chmod(0o777 if planted == "open to others" else 0o700)
        if planted == "of another user":
            owner = os.getuid()
            monkeypatch.setattr(os, "getuid", lambda: owner + 1)
            folder.rename(tmp_path / f"likewise-numba-{owner + 1}")
    with pytest.warns(RuntimeWarning, match="let NUMBA_CACHE_DIR be a folder that may be written"):
        assert jit._cache_of(loops.total.py_func) is None


@pytest.mark.slow
def test_a_cache_that_is_damaged_or_full_costs_time_only(
    loops: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input: compiled anew, and kept again where it can be."""
    import numpy as np

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    numbers = np.arange(10.0)
    with monkeypatch.context() as patch:
        patch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
        assert loops.total(numbers) == 45
    assert not list((tmp_path / "__pycache__").glob("*.nbc"))
    for damage in (b"", b"\x80"):
        again = jit._cached(loops.total.py_func)
        assert again(numbers) == 45
        kept = list((tmp_path / "__pycache__").glob("*.nb[ic]"))
        assert len(kept) == 2
        for file in kept:
            file.write_bytes(damage)
