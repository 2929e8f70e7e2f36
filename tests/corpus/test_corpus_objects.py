"""Objects in memory: lists, iterators, Arrow, data frames, datasets."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from corpus_reading import columns, complaint, ids, skipping, texts

from likewise.corpus.batch import Reading, TextBatch
from likewise.corpus.columns import Wanted
from likewise.corpus.read import read
from likewise.corpus.rows import record_batches, text_rows

TEXTS = ["one é", "", "three"]
RECORDS = [{"id": row, "text": text, "price": row / 2} for row, text in enumerate(TEXTS)]
TABLE = pa.table({"id": [0, 1, 2], "text": TEXTS, "price": [0.0, 0.5, 1.0]})


class Stream:
    """Anything that gives an Arrow stream, and nothing else."""

    def __init__(self, held: Any) -> None:
        self._held = held

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._held.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "held",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        [np.str_(text) for text in TEXTS],
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS).dictionary_encode(),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
        TABLE,
        TABLE.to_batches()[0],
        {"text": TEXTS, "n": [1, 2, 3]},
        {"text": np.array(TEXTS)},
        RECORDS,
        Stream(TABLE),
    ],
    ids=lambda held: type(held).__name__,
)
def test_objects_are_read_as_often_as_one_likes(held: Any) -> None:
    corpus = read(held)
    assert texts(corpus) == TEXTS
    if not isinstance(held, Stream):
        assert texts(corpus) == TEXTS
    assert corpus.name == f"the {type(held).__name__}"
    assert corpus.skipped == 0


@pytest.mark.parametrize("held", [iter(TEXTS), (text for text in TEXTS), iter(RECORDS), TABLE.to_reader()])
def test_streams_are_read_once(held: Any) -> None:
    corpus = read(held)
    assert texts(corpus) == TEXTS
    assert "can be read only once: save it to a file or a list" in complaint(corpus)


@pytest.mark.parametrize("held", [TABLE, RECORDS, Stream(TABLE), TABLE.to_reader()])
def test_ids_and_columns_come_along(held: Any) -> None:
    batch = next(iter(read(held, columns=True)))
    assert batch.ids.to_pylist() == ["0", "1", "2"]
    assert batch.columns is not None
    assert batch.columns.to_pydict() == {"price": [0.0, 0.5, 1.0]}


@pytest.mark.parametrize("held", [[], (), iter(()), {"text": []}, pa.array([], pa.string()), TABLE.slice(0, 0)])
def test_nothing_is_no_error(held: Any) -> None:
    assert texts(held) == []


@pytest.mark.parametrize("held", [5, None, b"bytes", bytearray(b"x"), object(), 1.5])
def test_what_holds_no_texts(held: Any) -> None:
    assert f"texts cannot be read from the {type(held).__name__}" in complaint(held)


def test_a_list_that_mixes_things() -> None:
    mixed = ["a", None, float("nan"), 5, b"b", "half \udce9", {"text": "c"}, "d"]
    assert "row 4: column 'text' holds 5 (int), a string is needed" in complaint(mixed)
    assert skipping(mixed) == (["a", "", "", "d"], 4)
    assert ids(mixed, on_error="skip") == ["0", "1", "2", "7"]
    assert "U+DCE9" in complaint(["half \udce9"])
    assert skipping([{"text": "a"}, "b", 5, {7: "c"}, {"text": float("nan")}]) == (["a", "b", ""], 2)
    assert skipping([5, 6]) == ([], 2)
    assert skipping([{7: "a"}]) == ([], 1)


def test_columns_of_a_dict_of_different_lengths() -> None:
    assert "no columns of equal length" in complaint({"text": ["a"], "n": [1, 2]})


def test_typed_columns_that_hold_no_strings() -> None:
    assert "has no column of strings" in complaint(pa.array([1, 2]))
    assert "column 'price' holds double, texts have to be strings" in complaint(TABLE, text="price")


def test_a_stream_of_strings_is_a_stream_of_texts() -> None:
    assert texts(Stream(pa.chunked_array([TEXTS]))) == TEXTS


def test_a_reader_that_fails_midway() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches()[0]
        raise pa.ArrowInvalid("the wire broke\nin two")

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    assert complaint(reader).endswith("cannot be read as Arrow: the wire broke")


def test_errors_of_an_iterator_are_its_own() -> None:
    def items() -> Iterator[str]:
        yield "a"
        raise FileNotFoundError("mine")

    with pytest.raises(FileNotFoundError, match="mine"):
        texts(items())


@pytest.mark.parametrize(
    ("batched", "row"), [(text_rows, "x" * 40), (record_batches, {"text": "x" * 40, "n": 1})], ids=["texts", "records"]
)
def test_long_texts_make_small_batches(batched: Callable[..., Iterator[TextBatch]], row: object) -> None:
    rows = ((number, 40, row) for number in range(7))
    assert [len(batch) for batch in batched(rows, Reading(Wanted()), max_characters=100)] == [3, 3, 1]


def test_an_endless_iterator_is_streamed() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "again"

    batches = iter(read(endless()))
    assert len(next(batches)) == len(next(batches)) == 8192


def test_pandas() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"text": ["a", None, "c"], "n": [1, 2, 3]})
    assert texts(frame) == ["a", "", "c"]
    assert columns(frame) == {"n": [1, 2, 3]}
    assert texts(frame["text"]) == ["a", "", "c"]
    assert texts(frame["text"].astype("category")) == ["a", "", "c"]
    assert texts(pd.Index(["a", "b"])) == ["a", "b"]
    some = frame.set_index(pd.Index(["x", "y", "z"]))
    assert columns(some) == {"n": [1, 2, 3]}
    assert ids(some.rename_axis("id")) == ["x", "y", "z"]
    assert "did you mean 'text'" in complaint(frame, text="txt")


def test_pandas_columns_that_mix_types() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"text": pd.Series(["a", 5, None, pd.NA, "e"], dtype=object), "n": range(5)})
    assert "row 2: column 'text' holds 5 (int)" in complaint(frame)
    assert skipping(frame) == (["a", "", "", "e"], 1)
    assert columns(frame, on_error="skip") == {"n": [0, 2, 3, 4]}
    assert skipping(frame["text"]) == (["a", "", "", "e"], 1)


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"text": ["a", None, "a long text that is not inlined"], "n": [1, 2, 3]})
    assert texts(frame) == ["a", "", "a long text that is not inlined"]
    assert columns(frame) == {"n": [1, 2, 3]}
    assert texts(frame["text"]) == texts(frame)
    assert texts(frame.with_columns(pl.col("text").cast(pl.Categorical))) == texts(frame)
    assert "texts cannot be read from the LazyFrame" in complaint(frame.lazy())


def test_datasets() -> None:
    datasets = pytest.importorskip("datasets")
    held = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "n": [1, 2, 3]})
    assert texts(held) == ["a", "b", "c"]
    assert texts(held.select([2, 0])) == ["c", "a"]
    assert columns(held) == {"n": [1, 2, 3]}
    streamed = held.to_iterable_dataset()
    assert texts(streamed) == ["a", "b", "c"]
    assert texts(held["text"]) == ["a", "b", "c"]
    assert "several splits, 'train', 'test'" in complaint(datasets.DatasetDict(train=held, test=held))
    assert "did you mean 'text'" in complaint(streamed, text="txt")
