"""What the tests of reading share: write a file, read it all, return what is wrong with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from likewise.corpus.batch import Reading, Source, TextBatch
from likewise.corpus.columns import Wanted
from likewise.corpus.encoding import encoding_of
from likewise.corpus.read import Corpus, read
from likewise.corpus.streams import HEAD_SIZE, open_bytes
from likewise.errors import InputError


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of that content; text is written as UTF-8, its line ends as they are."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def limited(
    path: Path,
    reader: Callable[..., Iterator[TextBatch]],
    *,
    skip: bool = False,
    columns: bool = False,
    head_size: int = HEAD_SIZE,
    **limits: Any,
) -> Corpus:
    """A corpus of a text file that `reader` reads with other limits than those by default."""

    def batches(reading: Reading) -> Iterator[TextBatch]:
        reading.begin(str(path))
        with open_bytes(path, head_size=head_size) as stream:
            encoding = encoding_of(stream.head, None, complete=stream.complete, source=str(path))
            reading.decoded_as = encoding.name
            yield from reader(stream, encoding, reading, **limits)

    return Corpus(Source(str(path), True, batches), Wanted(others=columns), encoding=None, skip=skip)


def texts(source: Any, **wishes: Any) -> list[str]:
    """All texts of a source."""
    corpus = source if isinstance(source, Corpus) else read(source, **wishes)
    return [text for batch in corpus for text in batch.texts.to_pylist()]


def ids(source: Any, **wishes: Any) -> list[str]:
    """All ids of a source."""
    return [id for batch in read(source, **wishes) for id in batch.ids.to_pylist()]


def columns(source: Any, **wishes: Any) -> dict[str, list[Any]]:
    """The other columns of a source whose batches have the same."""
    found: dict[str, list[Any]] = {}
    for batch in read(source, columns=True, **wishes):
        for name, values in ({} if batch.columns is None else batch.columns.to_pydict()).items():
            found.setdefault(name, []).extend(values)
    return found


def complaint(source: Any, **wishes: Any) -> str:
    """The one line of the error with which reading a source to its end fails."""
    with pytest.raises(InputError) as raised:
        texts(source, **wishes)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def skipping(source: Any, **wishes: Any) -> tuple[list[str], int]:
    """The texts that can be read, and how many rows cannot."""
    corpus = source if isinstance(source, Corpus) else read(source, on_error="skip", **wishes)
    return texts(corpus), corpus.skipped
