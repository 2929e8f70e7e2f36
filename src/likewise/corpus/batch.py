"""The batches that reading yields, and one pass over a corpus.

A batch holds up to 8,192 texts with their ids, as Arrow arrays. A pass counts the rows, keeps the columns the same from
file to file, and skips or refuses rows that cannot be read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from likewise.arrays import Int64
from likewise.corpus.columns import Chosen, Wanted, choose
from likewise.errors import InputError

MAX_ROWS = 8192
MAX_BYTES = 1 << 26
MAX_CHARACTERS = MAX_BYTES // 4  # a character takes at most four bytes

SEPARATOR = ". "  # between joined columns: the end of a sentence in most scripts
SKIP = 'or skip such rows with --on-error skip (on_error="skip")'


@dataclass(frozen=True)
class TextBatch:
    """Some texts of a corpus: at most 8,192, and at most about 64 MB unless a single text is longer.

    Attributes:
        ids: the id of each text, `string`, without nulls.
        texts: the texts, `large_string`, without nulls; a text may be empty.
        pairs: the second text of each row, `large_string`; None unless two columns were requested.
        columns: the other columns of the source; None unless they were requested and exist.
        rows: the number of each row in its corpus, from 0; None where they are not rows of a source.
    """

    ids: pa.Array
    texts: pa.Array
    pairs: pa.Array | None = None
    columns: pa.RecordBatch | None = None
    rows: Int64[np.ndarray, " rows"] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def slice(self, start: int, length: int) -> "TextBatch":
        """Return `length` rows from `start` on, without a copy."""
        return replace(
            self,
            ids=self.ids.slice(start, length),
            texts=self.texts.slice(start, length),
            pairs=None if self.pairs is None else self.pairs.slice(start, length),
            columns=None if self.columns is None else self.columns.slice(start, length),
            rows=None if self.rows is None else self.rows[start : start + length],
        )


def text_batch(chosen: Chosen, columns: Mapping[str, pa.Array], rows: Int64[np.ndarray, " rows"]) -> TextBatch:
    """Build a batch from the columns of a source.

    Args:
        chosen: the role of each column.
        columns: the columns by name; those of texts are `large_string`, that of ids holds strings without nulls.
        rows: the number of each row in its corpus, from 0; the id where no column holds ids.
    """
    others = None
    if chosen.others:
        names = list(chosen.others)
        others = pa.RecordBatch.from_arrays([columns[name] for name in names], names=names)
    return TextBatch(
        ids=pa.array(rows).cast(pa.string()) if chosen.id is None else columns[chosen.id].cast(pa.string()),
        texts=_joined([columns[name] for name in chosen.text]),
        pairs=None if chosen.pair is None else columns[chosen.pair].fill_null(""),
        columns=others,
        rows=rows,
    )


def bounded(batch: TextBatch, *, max_bytes: int = MAX_BYTES) -> Iterator[TextBatch]:
    """Halve a batch until each part has at most `max_bytes` bytes of text, or one row."""
    size = batch.texts.nbytes + (0 if batch.pairs is None else batch.pairs.nbytes)
    if size <= max_bytes or len(batch) == 1:
        yield batch
        return
    half = len(batch) // 2
    yield from bounded(batch.slice(0, half), max_bytes=max_bytes)
    yield from bounded(batch.slice(half, len(batch) - half), max_bytes=max_bytes)


def _joined(columns: list[pa.Array]) -> pa.Array:
    """Join columns row by row with `SEPARATOR`, leaving empty values out."""
    texts = columns[0].fill_null("")
    if len(columns) == 1:
        return texts
    import pyarrow.compute as pc  # takes long to import, and a search needs none of it

    separator = pa.scalar(SEPARATOR, pa.large_string())
    for column in columns[1:]:
        # Not null_handling="skip": with it, Arrow drops the rows in which every value is null.
        added = column.fill_null("")
        both = pc.binary_join_element_wise(texts, added, separator)
        texts = pc.if_else(_empty(texts), added, pc.if_else(_empty(added), texts, both))
    return texts


def _empty(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.equal(pc.binary_length(pc.utf8_trim_whitespace(texts)), 0)


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be used.

    Attributes:
        reason: what is wrong with it.
        remedy: what the user can do instead of skipping it.
    """

    reason: str
    remedy: str = "fix it"


def repeated_id(id: str) -> Problem:
    """Return the problem of a row whose id an earlier row has."""
    remedy = "fix it, or number the texts instead with --no-id (ids=False)"
    return Problem(f"the id {id!r} occurs twice, and an id names one text", remedy)


class Reading:
    """The state of one pass, shared by all files of a corpus.

    Attributes:
        id_remedy: what the user can do about an id that cannot be used, instead of skipping its row.
        encoding: the encoding that the user named; None to detect it.
        header: whether the first row of a CSV or TSV file names the columns; they are numbered from 1 if not.
        source: the file or object being read, for messages.
        decoded_as: the encoding of the current file, for messages; None where nothing is decoded.
        rows: rows read so far in the whole corpus, usable or not; the default id of the next one.
        skipped: rows that were skipped because they cannot be read.
        numbered: whether the ids are row numbers; None before the columns are chosen.
        names: the columns of the latest file, needed or not.
    """

    id_remedy = "fix it, or number the rows instead with --no-id (ids=False)"

    def __init__(self, wanted: Wanted, *, encoding: str | None = None, skip: bool = False, header: bool = True) -> None:
        self.encoding = encoding
        self.header = header
        self.source = ""
        self.decoded_as: str | None = None
        self.rows = 0
        self.skipped = 0
        self.numbered: bool | None = None
        self.names: tuple[str, ...] = ()
        self._wanted = wanted
        self._skip = skip
        self._first = 0

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that the user named, or that the first file decided."""
        wanted = self._wanted
        return (*(wanted.text or ()), *(wanted.pair or ()), *((wanted.id,) if wanted.id else ()))

    def begin(self, source: str) -> None:
        """Continue with another file; messages count its rows from 1."""
        self.source, self._first, self.decoded_as = source, self.rows, None

    def choose(self, names: Sequence[str], strings: Sequence[str] | None = None) -> Chosen:
        """Choose the columns of the current file: in a later file, the same as in the first."""
        chosen = choose(self._wanted, names, strings, self.source)
        self.numbered, self.names = chosen.id is None, tuple(names)
        text = None if self._wanted.pair else chosen.text
        self._wanted = replace(self._wanted, text=text, id=chosen.id or self._wanted.id, settled=chosen.id is None)
        return chosen

    def reject(self, row: int, problem: Problem, *, line: int | None = None) -> None:
        """Skip a row, or raise an error that names it.

        Args:
            row: its number in the corpus, from 0.
            problem: why it cannot be used.
            line: the line of the file where it begins, from 1, if that differs from the number of the row.

        Raises:
            InputError: bad rows are not skipped.
        """
        here = row - self._first + 1
        place = f"row {here}" if line is None else f"row {here} (line {line})"
        self.refuse(f"{self.source}, {place}: {problem.reason}; {problem.remedy}")

    def refuse(self, message: str) -> None:
        """Count one skipped row, or raise an error with this message.

        Raises:
            InputError: bad rows are not skipped.
        """
        if not self._skip:
            raise InputError(f"{message}, {SKIP}")
        self.skipped += 1


@dataclass(frozen=True)
class Source:
    """Something that texts can be read from.

    Attributes:
        name: for messages.
        again: whether it can be read more than once.
        batches: reads it from the beginning.
    """

    name: str
    again: bool
    batches: Callable[[Reading], Iterator[TextBatch]]
