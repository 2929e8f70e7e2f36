"""What a user adds becomes rows: a few thousand texts at a time, with their ids and columns."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.index.columns import well_formed
from likewise.index.file_columns import FileColumns

__all__ = ["CHUNK", "Rows", "checked_ids", "rows_of_corpus", "rows_of_texts"]

CHUNK = 8192


@dataclass(frozen=True)
class Rows:
    """Texts to be added.

    Attributes:
        texts: the texts.
        ids: one a text, or None: the record gives the next integers.
        columns: by name, one value a text.
    """

    texts: list[str]
    ids: list[str] | None
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.texts)


def rows_of_texts(texts: Any, ids: Any, columns: Mapping[str, Any]) -> Iterator[Rows]:
    """Rows of texts, ids and columns given side by side: lists, or Arrow, numpy or pandas columns.

    Raises:
        InputError: the lengths differ, or a text is no string.
    """
    texts = _listed(texts, "texts")
    ids = None if ids is None else checked_ids(_listed(ids, "ids"))
    listed = {name: _listed(values, f"column {name!r}") for name, values in columns.items()}
    for name, values in [("ids", ids), *((f"values of column {name!r}", values) for name, values in listed.items())]:
        if values is not None and len(values) != len(texts):
            raise InputError(f"{len(texts)} texts and {len(values)} {name} were given: one of each a text is expected")
    for first in range(0, len(texts), CHUNK):
        part = slice(first, first + CHUNK)
        yield Rows(
            _checked_texts(texts[part], first),
            None if ids is None else ids[part],
            {name: values[part] for name, values in listed.items()},
        )


def rows_of_corpus(corpus: Iterable[Any], *, empty: bool) -> Iterator[Rows]:
    """Rows of a stream of `TextBatch`: anything with `ids`, `texts` and `columns` as Arrow arrays, or None.

    Args:
        corpus: the stream; a `Corpus` also tells whether its ids are only the numbers of its rows.
        empty: whether the index holds no text yet. In one that does, the row numbers of another file would replace its
            texts, so they are not taken for ids then.
    """
    first, columns = 0, FileColumns(getattr(corpus, "name", ""))
    for batch in corpus:
        named = batch.ids is not None and (empty or not getattr(corpus, "numbered", False))
        ids = checked_ids(batch.ids.to_pylist()) if named else None
        yield Rows(_checked_texts(batch.texts.to_pylist(), first), ids, columns.values(batch.columns))
        first += len(batch.texts)


def checked_ids(ids: list[Any]) -> list[str]:
    """Ids as text; integers are taken for it.

    Raises:
        InputError: an id is neither.
    """
    checked = []
    for id in ids:
        if isinstance(id, str):
            checked.append(well_formed(id))
        elif isinstance(id, (int, np.integer)) and not isinstance(id, bool):
            checked.append(str(id))
        else:
            raise InputError(f"an id is text or an integer, {id!r} was given (a {type(id).__name__})")
    return checked


def _listed(values: Any, what: str) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise InputError(f"{what}: a list with one value a text was expected, a {type(values).__name__} was given")
    for way in ("to_pylist", "tolist"):  # Arrow; numpy, pandas
        if hasattr(values, way):
            return list(getattr(values, way)())
    return list(values)


def _checked_texts(texts: list[Any], first: int) -> list[str]:
    for row, text in enumerate(texts, first):
        if not isinstance(text, str):
            raise InputError(f"text {row} is a {type(text).__name__}: strings are expected; an empty text is ''")
    return [well_formed(text) for text in texts]
