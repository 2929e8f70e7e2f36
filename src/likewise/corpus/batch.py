"""What reading yields: some thousand texts with their ids, as Arrow arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int64

from likewise.corpus.columns import Chosen

__all__ = ["MOST_BYTES", "MOST_CHARACTERS", "MOST_ROWS", "TextBatch", "bounded", "text_batch"]

MOST_ROWS = 8192
MOST_BYTES = 1 << 26
MOST_CHARACTERS = MOST_BYTES // 4  # a character takes four bytes at the most

SEPARATOR = ". "  # between the columns that make one text: the end of a sentence in most scripts


@dataclass(frozen=True)
class TextBatch:
    """Some texts of a corpus, 8,192 at the most and, unless one text alone is longer, about 64 MB at the most.

    Attributes:
        ids: what each text is called, `string`, without nulls.
        texts: the texts, `large_string`, without nulls; a text may be empty.
        pairs: what belongs to each text, `large_string`, where two columns were asked for.
        columns: the other columns of the source, where they were asked for and there are some.
    """

    ids: pa.Array
    texts: pa.Array
    pairs: pa.Array | None = None
    columns: pa.RecordBatch | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def slice(self, start: int, length: int) -> "TextBatch":
        """The rows from `start` on, without a copy."""
        return replace(
            self,
            ids=self.ids.slice(start, length),
            texts=self.texts.slice(start, length),
            pairs=None if self.pairs is None else self.pairs.slice(start, length),
            columns=None if self.columns is None else self.columns.slice(start, length),
        )


def text_batch(chosen: Chosen, columns: Mapping[str, pa.Array], rows: Int64[np.ndarray, " rows"]) -> TextBatch:
    """Put the columns of a source in their places.

    Args:
        chosen: which column is what.
        columns: by name; those of texts are `large_string`, that of ids is of strings without nulls.
        rows: the number of each row in its corpus, from 0: its id where no column is.
    """
    others = None
    if chosen.others:
        names = list(chosen.others)
        others = pa.RecordBatch.from_arrays([columns[name] for name in names], names=names)
    return TextBatch(
        ids=pa.array(rows).cast(pa.string()) if chosen.id is None else columns[chosen.id].cast(pa.string()),
        texts=_joined([columns[name] for name in chosen.text]),
        pairs=None if chosen.pair is None else pc.fill_null(columns[chosen.pair], ""),
        columns=others,
    )


def bounded(batch: TextBatch) -> Iterator[TextBatch]:
    """The batch in as many parts as its bytes ask for."""
    size = batch.texts.nbytes + (0 if batch.pairs is None else batch.pairs.nbytes)
    if size <= MOST_BYTES or len(batch) == 1:
        yield batch
        return
    half = len(batch) // 2
    yield from bounded(batch.slice(0, half))
    yield from bounded(batch.slice(half, len(batch) - half))


def _joined(columns: list[pa.Array]) -> pa.Array:
    texts = pc.fill_null(columns[0], "")
    separator = pa.scalar(SEPARATOR, pa.large_string())
    for column in columns[1:]:
        # Arrow's own way of skipping what is missing loses the rows in which everything is.
        added = pc.fill_null(column, "")
        both = pc.binary_join_element_wise(texts, added, separator)
        texts = pc.if_else(_empty(texts), added, pc.if_else(_empty(added), texts, both))
    return texts


def _empty(texts: pa.Array) -> pa.Array:
    return pc.equal(pc.binary_length(pc.utf8_trim_whitespace(texts)), 0)
