"""`read`: open any source of texts as a corpus, a stream of batches."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import Wanted
from likewise.corpus.encoding import checked_name
from likewise.corpus.objects import object_source
from likewise.corpus.paths import path_source
from likewise.corpus.source import Reading, Source
from likewise.errors import InputError

__all__ = ["Corpus", "read"]

ON_ERROR = ("raise", "skip")


class Corpus:
    """Texts that are read batch by batch, any number of times unless they come from a pipe or an iterator.

    Attributes:
        name: the file or object, for messages.
    """

    def __init__(self, source: Source, wanted: Wanted, *, encoding: str | None, skip: bool) -> None:
        self.name = source.name
        self._source, self._wanted, self._encoding, self._skip = source, wanted, encoding, skip
        self._reading: Reading | None = None

    @property
    def skipped(self) -> int:
        """Rows that the latest pass has skipped so far because they cannot be read."""
        return 0 if self._reading is None else self._reading.skipped

    @property
    def numbered(self) -> bool | None:
        """Whether the ids are row numbers; None before the first batch of the first pass is read."""
        return None if self._reading is None else self._reading.numbered

    def __iter__(self) -> Iterator[TextBatch]:
        """Begin a pass.

        Raises:
            InputError: a row or the whole source cannot be read, or cannot be read again.
        """
        if self._reading is not None and not self._source.again:
            raise InputError(f"{self.name} can be read only once: save it to a file or a list to read it again")
        self._reading = Reading(self._wanted, encoding=self._encoding, skip=self._skip)
        return self._source.batches(self._reading)


def read(
    source: Any,
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    pair: Sequence[str] | None = None,
    columns: bool = False,
    encoding: str | None = None,
    on_error: str = "raise",
) -> Corpus:
    """Open a source of texts as a corpus. Contents and columns are read when the corpus is iterated.

    Args:
        source: a path to a file (txt, CSV, TSV, JSONL, JSON, Parquet, Arrow, each also .gz or .zst) or to a folder of
            them, `-` for standard input; strings or dicts in a list or an iterator; an Arrow array, table or reader; a
            pandas or polars frame or series; a `datasets.Dataset`.
        text: the column that holds the texts, or several that are joined with ". "; chosen if there is only one.
        id: the column of ids; if None the one called `id` or `_id`, or else the row number, from 0.
        pair: two columns whose texts belong together, instead of `text`.
        columns: keep the other columns.
        encoding: the encoding of text files; if None, detected as UTF-8, UTF-16 or Latin-1.
        on_error: `raise` at a row that cannot be read, or `skip` and count it.

    Raises:
        InputError: there is no such file, it holds no texts, or an argument is invalid.
    """
    if on_error not in ON_ERROR:
        raise InputError(f"on_error is {on_error!r}, and has to be one of {', '.join(ON_ERROR)}")
    if encoding is not None:
        checked_name(encoding)
    wanted = Wanted.of(text, id, pair, columns=columns)
    if isinstance(source, Corpus):
        if wanted != Wanted():
            raise InputError(f"the corpus {source.name} has its columns already: choose them where it is read")
        return source
    found = path_source(os.fsdecode(source)) if isinstance(source, str | os.PathLike) else object_source(source)
    return Corpus(found, wanted, encoding=encoding, skip=on_error == "skip")
