"""What the tests of reading share: write a file, read it all, say what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from likewise.corpus.read import Corpus, read
from likewise.errors import InputError


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of that content; text is written as UTF-8, its line ends as they are."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


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
    """What reading a source to its end says, in one line."""
    with pytest.raises(InputError) as reporting_errors:
        texts(source, **wishes)
    assert "\n" not in str(reporting_errors.value)
    return str(reporting_errors.value)


def skipping(source: Any, **wishes: Any) -> tuple[list[str], int]:
    """The texts that can be read, and how many rows cannot."""
    corpus = read(source, on_error="skip", **wishes)
    return texts(corpus), corpus.skipped
