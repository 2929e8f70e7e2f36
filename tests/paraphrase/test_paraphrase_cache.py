"""A corpus rewritten and kept. Witness: a run that was killed anywhere and one that was not leave the same bytes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError, LikewiseError
from likewise.paraphrase.paraphraser import _parts, rewrite_corpus

LARGE = pa.large_string()
TEXTS = [f"text {number}" if number % 7 else "" for number in range(23)]


class Drawn:
    """Puts a random number behind each text, and counts its calls."""

    def __init__(self, name="drawn", fail_at=None):
        self.name = name
        self.fail_at = fail_at
        self.calls = 0

    def __call__(self, texts, rng):
        if self.calls == self.fail_at:
            raise KeyboardInterrupt
        self.calls += 1
        return [f"{text} {rng.integers(1 << 30)}" if text else "" for text in texts]


def batches(texts=TEXTS, size=4, kind=LARGE):
    return (pa.array(texts[begin : begin + size], kind) for begin in range(0, len(texts), size))


def rewrite(folder, paraphraser=None, texts=TEXTS, size=4, kind=LARGE, **settings):
    given = {"seed": 3, "fingerprint": "abc", "part_texts": 5, **settings}
    return rewrite_corpus(batches(texts, size, kind), paraphraser or Drawn(), folder, "text0", **given)


def listed(found):
    return [text for part in found.arrays() for text in part.to_pylist()]


def contents(found):
    return {path.name: path.read_bytes() for path in sorted(found.folder.iterdir())}


def test_every_text_is_rewritten_in_its_order(tmp_path):
    found = rewrite(tmp_path)
    assert (found.parts, found.texts, found.unchanged) == (5, 23, 4)
    assert [text.rsplit(" ", 1)[0] for text in listed(found)] == TEXTS
    assert [len(part) for part in found.arrays()] == [5, 5, 5, 5, 3]
    assert {part.type for part in found.arrays()} == {pa.large_string()}
    assert len({text.split()[-1] for text in listed(found) if text}) == 19
    assert sorted(contents(found)) == [*(f"part-00000{number}.arrow" for number in range(5)), "record.json"]


@pytest.mark.parametrize(
    ("size", "kind"), [(1, pa.string()), (5, pa.large_string()), (7, pa.string()), (99, pa.string())]
)
def test_how_texts_are_batched_changes_nothing(tmp_path, size, kind):
    assert contents(rewrite(tmp_path / "a", size=size, kind=kind)) == contents(rewrite(tmp_path / "b"))


@pytest.mark.parametrize("done", range(5))
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path, done):
    """Two ways that must agree; what is done is not done again."""
    with pytest.raises(KeyboardInterrupt):
        rewrite(tmp_path / "killed", Drawn(fail_at=done))
    second = Drawn()
    logged = []
    found = rewrite(tmp_path / "killed", second, resume=True, total=23, log=lambda *at: logged.append(at))
    assert second.calls == 5 - done
    assert logged == [(5, 23), (10, 23), (15, 23), (20, 23), (23, 23)]
    assert contents(found) == contents(rewrite(tmp_path / "whole"))
    third = Drawn()
    assert rewrite(tmp_path / "killed", third) == found
    assert third.calls == 0


def test_a_process_that_is_killed_leaves_whole_parts_alone(tmp_path):
    """As above, with a process that dies in the middle of a part, of its own hand."""
    code = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_paraphrase_cache import Drawn, rewrite

class Dying(Drawn):
    def __call__(self, texts, rng):
        if self.calls == 2:
            os.kill(os.getpid(), 9)
        return super().__call__(texts, rng)

rewrite(Path({str(tmp_path / "killed")!r}), Dying())
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    (folder,) = (path for path in (tmp_path / "killed").iterdir() if path.is_dir())  # its lock is next to it
    assert sorted(path.name for path in folder.iterdir()) == ["part-000000.arrow", "part-000001.arrow", "record.json"]
    assert contents(rewrite(tmp_path / "killed")) == contents(rewrite(tmp_path / "whole"))


@pytest.mark.parametrize("damage", ["", "short", "fewer"])
def test_a_part_that_is_damaged_or_missing_is_made_again(tmp_path, damage):
    found = rewrite(tmp_path)
    whole = contents(found)
    path = found.folder / "part-000002.arrow"
    if damage == "short":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "fewer":
        path.write_bytes((found.folder / "part-000004.arrow").read_bytes())
    else:
        path.unlink()
    if damage != "fewer":
        with pytest.raises(LikewiseError, match=r"part-000002.arrow is missing or damaged: rewrite the corpus again"):
            listed(found)
    again = Drawn()
    assert contents(rewrite(tmp_path, again)) == whole
    assert again.calls == 1


@pytest.mark.parametrize(
    ("other", "named"), [({"seed": 4}, "seed"), ({"fingerprint": "x", "seed": 9}, "seed, fingerprint")]
)
def test_what_does_not_fit_is_made_anew_or_refused(tmp_path, other, named):
    first = contents(rewrite(tmp_path))
    with pytest.raises(InputError, match=rf"do not fit this run \(other {named}\): run without --resume"):
        rewrite(tmp_path, resume=True, **other)
    assert contents(rewrite(tmp_path, resume=True)) == first
    again = rewrite(tmp_path, texts=TEXTS[:6], **other)
    assert (again.parts, len(contents(again))) == (2, 3)
    assert contents(again) == contents(rewrite(tmp_path / "fresh", texts=TEXTS[:6], **other))


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"paraphraser": "drawn"', "\xff"])
def test_a_record_that_cannot_be_read_fits_nothing(tmp_path, record):
    first = rewrite(tmp_path)
    whole = contents(first)
    (first.folder / "record.json").write_text(record, encoding="latin-1")
    again = Drawn()
    assert contents(rewrite(tmp_path, again)) == whole
    assert again.calls == 5


def test_parts_without_a_record_are_made_anew(tmp_path):
    first = rewrite(tmp_path)
    whole = contents(first)
    (first.folder / "record.json").unlink()
    again = Drawn()
    assert contents(rewrite(tmp_path, again, resume=True)) == whole
    assert again.calls == 5


def test_paraphrasers_columns_and_seeds_do_not_meet(tmp_path):
    """The folders of names that look alike to a file system are apart."""
    names = ["synonyms:0.3", "synonyms|0.3", "SYNONYMS:0.3", "…", "x" * 300]
    found = [rewrite(tmp_path, Drawn(name)) for name in names]
    assert len({each.folder for each in found}) == len(names)
    assert all(each.folder.is_dir() and len(each.folder.name) < 64 for each in found)
    other = rewrite_corpus(batches(), Drawn(), tmp_path, "text1", seed=3, fingerprint="abc")
    assert other.folder.name.startswith("text1.drawn-")
    assert json.loads((found[0].folder / "record.json").read_text())["paraphraser"] == "synonyms:0.3"


def test_missing_texts_are_empty_and_no_texts_are_none(tmp_path):
    found = rewrite(tmp_path / "a", texts=[None, "a", None])
    assert [bool(text) for text in listed(found)] == [False, True, False]
    assert found.unchanged == 2
    nothing = rewrite(tmp_path / "b", texts=[])
    assert (nothing.parts, nothing.texts, nothing.unchanged, listed(nothing)) == (0, 0, 0, [])


def test_a_paraphraser_must_give_one_for_each(tmp_path):
    class Short(Drawn):
        def __call__(self, texts, rng):
            return super().__call__(texts, rng)[1:]

    with pytest.raises(LikewiseError, match=r"^drawn returned 4 texts for 5: a paraphraser must return one for each$"):
        rewrite(tmp_path, Short())


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    never = Drawn(fail_at=0)
    with pytest.raises(InputError, match=r"is not a folder you may write to"):
        rewrite(tmp_path / "file", never)


@given(
    texts=st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=40),
    sizes=st.lists(st.integers(0, 9), max_size=12),
    most=st.integers(1, 30),
)
def test_parts_depend_on_the_texts_alone(texts, sizes, most):
    """A law: cut in any way, the texts make the same parts: five each, or fewer if the last one fills them."""

    def cut():
        done = 0
        for size in sizes:
            yield pa.array(texts[done : done + size], pa.string())
            done += size
        yield pa.array(texts[done:], pa.large_string())

    parts = [part.to_pylist() for part in _parts(cut(), part_texts=5, part_bytes=most)]
    expected, part = [], []
    for text in texts:
        part.append(text or "")
        if len(part) == 5 or sum(len(each.encode()) for each in part) >= most:
            expected.append(part)
            part = []
    assert parts == [*expected, *([part] if part else [])]


def test_memory_holds_a_part_and_a_batch(tmp_path):
    """The stream is read no further than the part that is being made asks for."""
    read = []

    def stream():
        for number in range(20):
            read.append(number)
            yield pa.array([f"text {number}"] * 5)

    class Watching(Drawn):
        def __call__(self, texts, rng):
            assert len(read) == self.calls + 1
            return super().__call__(texts, rng)

    found = rewrite_corpus(stream(), Watching(), tmp_path, "text0", seed=0, fingerprint="", part_texts=5)
    assert found.parts == 20
    assert np.all([len(part) == 5 for part in found.arrays()])
