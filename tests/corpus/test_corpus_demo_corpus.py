"""The demo corpus: some thousand distinct texts, without importing what they document."""

import re
from pathlib import Path

import pytest

from likewise.corpus.demo_corpus import pydocs
from likewise.errors import LikewiseError


def test_there_is_enough_of_it(python_docs: list[str]) -> None:
    assert len(python_docs) == len({*python_docs}) == 3000
    assert all(re.match(r"\S+: .*\w", text) for text in python_docs)


def test_it_speaks_of_what_one_would_search_for(python_docs: list[str]) -> None:
    together = "\n".join(python_docs)
    for name in ("argparse: ", "asyncio.locks.Lock: ", "collections.Counter: "):
        assert name in together
    for foreign in (">>> ", "\ntest.", "\nidlelib.", "\nsite-packages."):
        assert foreign not in together


def test_what_is_documentation(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "test").mkdir()
    (tmp_path / "pydoc_data").mkdir()
    (tmp_path / "test" / "t.py").write_text('"""This is a test and not read."""')
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "nul.py").write_bytes(b"x = 1\0")
    (tmp_path / "old.py").write_text('"""An escape that was valid once, like \\d here."""')
    (tmp_path / "package" / "__init__.py").write_text('"""What the package is good for."""')
    (tmp_path / "package" / "part.py").write_text(
        '''
class Thing:
    """A thing that does something.

    - What comes of it, in
      some more words.

    >>> this is an example of it
    1

    Too short.

    An example of how it is used:

    a = b[0] + c(1, 2) * (d / e) - {1: 2}

    +---+ a table of four words +---+
    """

    def method(self):
        """Do what things are there for."""

    def _hidden(self):
        """This is nobody's business at all."""

async def later():
    """A THING that does something."""
'''
    )
    (tmp_path / "pydoc_data" / "topics.py").write_text('topics = {"with": "The with statement is used.", 1: 2, **{}}')
    assert pydocs(tmp_path) == [
        "old: An escape that was valid once, like \\d here.",
        "package: What the package is good for.",
        "package.part.Thing: A thing that does something.",
        "package.part.Thing: What comes of it, in some more words.",
        "package.part.Thing.method: Do what things are there for.",
        "with: The with statement is used.",
    ]


def test_a_python_without_sources(tmp_path: Path) -> None:
    with pytest.raises(LikewiseError, match="without its sources"):
        pydocs(tmp_path)
