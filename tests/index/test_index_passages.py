"""Texts that are added in passages: replaced and removed as one."""

from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_contents import count_texts, ids_of
from index_embedders import Hashed

from likewise.applications.passages import Passages
from likewise.corpus.read import read
from likewise.errors import InputError
from likewise.index.collection import Collection

LONG = "First sentence here. Second one there. Third is about files."


class Texts:
    """A corpus of the given texts by id."""

    name, skipped, numbered = "texts", 0, False

    def __init__(self, texts):
        self.texts = texts

    def __iter__(self):
        yield SimpleNamespace(
            ids=pa.array(list(self.texts)), texts=pa.array(list(self.texts.values()), pa.large_string()), columns=None
        )


def cut(texts, length=24):
    return Passages(Texts(texts), length)


def all_ids(index):
    rows = index._record.connection.execute("SELECT id FROM texts ORDER BY row_id").fetchall()
    return [id for (id,) in rows]


def test_a_new_version_replaces_all_passages(index):
    index.add_corpus(cut({"a": LONG, "b": LONG}))
    assert all_ids(index) == ["a.1", "a.2", "a.3", "b.1", "b.2", "b.3"]
    index.add_corpus(cut({"a": "Only one now."}))
    assert all_ids(index) == ["b.1", "b.2", "b.3", "a.1"]
    assert ids_of(index.search("third files", mode="text")) == ["b.3"]
    index.add_corpus(cut({"b": LONG}, 45))  # of another length
    assert all_ids(index) == ["a.1", "b.1", "b.2"] and count_texts(index) == 3


def test_a_text_is_deleted_with_all_its_passages(index):
    index.add_corpus(cut({"a": LONG, "b": LONG}))
    assert index.delete(["a", "none"]) == 1
    assert all_ids(index) == ["b.1", "b.2", "b.3"]
    assert index.delete("b.2") == 1  # a single passage, by its own id
    assert all_ids(index) == ["b.1", "b.3"]
    assert index.delete(["b", "b.1"]) == 1 and len(index) == count_texts(index) == 0


def test_a_whole_text_and_its_passages_replace_each_other(index):
    index.add([LONG], ids=["a"])
    index.add_corpus(cut({"a": LONG}))
    assert all_ids(index) == ["a.1", "a.2", "a.3"]
    index.add([LONG], ids=["a"])
    assert all_ids(index) == ["a"] and index.delete("a") == 1


def test_ids_that_resemble_those_of_passages(index):
    index.add_corpus(cut({"1": LONG, "1.1": LONG}))
    assert all_ids(index) == ["1.1", "1.2", "1.3", "1.1.1", "1.1.2", "1.1.3"]
    index.add_corpus(cut({"1": "Only one now."}))
    assert all_ids(index) == ["1.1.1", "1.1.2", "1.1.3", "1.1"]
    assert index.delete("1.1") == 1  # the text of this id, rather than the passage of another
    assert all_ids(index) == ["1.1"] and index.get("1.1").text == "Only one now."


def test_an_id_names_one_text(index):
    index.add(["a text of its own"], ids=["a.2"])
    with pytest.raises(InputError, match=r"the id 'a\.2' would name both a text and a passage of 'a'") as refused:
        index.add_corpus(cut({"a": LONG}))
    assert "\n" not in str(refused.value) and all_ids(index) == ["a.2"]
    index.add_corpus(cut({"b": LONG}))
    with pytest.raises(InputError, match=r"the id 'b\.2' would name both a text and a passage of 'b'"):
        index.add(["x"], ids=["b.2"])
    assert index.get("b.2").text == "Second one there."


def test_row_numbers_of_another_file_are_no_ids(tmp_path, index):
    for name, words in (("a", "One here. Two there."), ("b", "Three here. Four there.")):
        (tmp_path / f"{name}.csv").write_text(f'text\n"{words}"\nmore\n')
        index.add_corpus(Passages(read(str(tmp_path / f"{name}.csv"), columns=True), 12))
    assert all_ids(index) == ["0.1", "0.2", "1.1", "2.1", "2.2", "3.1"]
    assert [str(index.get(id).columns["document"]) for id in ("0.2", "2.2", "3.1")] == ["0", "2", "3"]
    index.add(["a whole text"])
    assert "4" in index and index.delete("2") == 1 and "2.1" not in index and "0.1" in index


writes = st.lists(
    st.tuples(
        st.sampled_from(["whole", "passages", "delete"]), st.sampled_from(["a", "b", "a.1", "1"]), st.integers(1, 4)
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(writes)
def test_an_index_holds_the_last_version_of_each_text(tmp_path_factory, writes):
    """Two paths: the index after any writes, and a dictionary of what each id names."""
    held: dict[str, list[str]] = {}
    with Collection.create(tmp_path_factory.mktemp("passages") / "a.index", Hashed()) as index:
        for how, id, count in writes:
            text = " ".join(f"Sentence {n} is here." for n in range(count))
            new = {"whole": [id], "delete": []}.get(how, [f"{id}.{n}" for n in range(1, count + 1)])
            others = {each for other, ids in held.items() if other != id for each in ids}
            if how == "delete":
                if id in held:
                    index.delete(id)
            else:
                corpus = Texts({id: text})
                write = Passages(corpus, 24) if how == "passages" else corpus
                if others & set(new):
                    with pytest.raises(InputError, match="would name both"):
                        index.add_corpus(write)
                    continue
                index.add_corpus(write)
            held[id] = new
            assert sorted(all_ids(index)) == sorted(each for ids in held.values() for each in ids)


def test_an_id_that_occurs_twice_names_its_row(tmp_path, index):
    file = tmp_path / "twice.csv"
    file.write_text(f"id,text\na,{LONG}\nb,{LONG}\na,Another text. It has two sentences.\n")
    with pytest.raises(InputError, match=r"twice.csv, row 3: the id 'a' occurs twice.*--no-id.*--on-error skip"):
        index.add_corpus(Passages(read(file, text="text", columns=True), 24))
    corpus = Passages(read(file, text="text", columns=True, on_error="skip"), 24)
    index.add_corpus(corpus)
    assert all_ids(index) == ["a.1", "a.2", "a.3", "b.1", "b.2", "b.3"] and corpus.skipped == 1
