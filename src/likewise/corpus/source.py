"""One pass over a corpus: where it stands, and what becomes of a row that cannot be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import Chosen, Wanted, choose
from likewise.errors import InputError

__all__ = ["Problem", "Reading", "Source"]


SKIP = 'or leave such rows out with --on-error skip (on_error="skip")'


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be used.

    Attributes:
        says: what is wrong with it.
        remedy: what could be done instead of leaving it out.
    """

    says: str
    remedy: str = "mend it"


class Reading:
    """State of one pass, shared by all files of a corpus.

    Attributes:
        encoding: the encoding that the user named; None to find out.
        source: name of the file or object being read, for messages.
        decoded_as: how the present file is decoded, for messages; None where nothing is decoded.
        rows: rows met so far in the whole corpus, readable or not: the default id of the next one.
        skipped: rows that were left out because they cannot be read.
        numbered: whether the ids are numbers of rows; None before the columns are chosen.
    """

    def __init__(self, wanted: Wanted, *, encoding: str | None = None, skip: bool = False) -> None:
        self.encoding = encoding
        self.source = ""
        self.decoded_as: str | None = None
        self.rows = 0
        self.skipped = 0
        self.numbered: bool | None = None
        self._wanted = wanted
        self._skip = skip
        self._first = 0

    def begin(self, source: str) -> None:
        """Go on with another file, whose rows are counted anew in messages."""
        self.source, self._first, self.decoded_as = source, self.rows, None

    def choose(self, names: Sequence[str], strings: Sequence[str] | None = None) -> Chosen:
        """Find the columns of the present file: in a later file, the same as in the first."""
        chosen = choose(self._wanted, names, strings, self.source)
        self.numbered = chosen.id is None
        text = None if self._wanted.pair else chosen.text
        self._wanted = replace(self._wanted, text=text, id=chosen.id, settled=True)
        return chosen

    def reject(self, row: int, problem: Problem, *, line: int | None = None) -> None:
        """Leave a row out, or refuse the corpus because of it.

        Args:
            row: its number in the corpus, from 0.
            problem: why it cannot be used.
            line: where it begins in the file, from 1, where that is another number than its own.

        Raises:
            InputError: rows are not to be left out.
        """
        here = row - self._first + 1
        place = f"row {here}" if line is None else f"row {here} (line {line})"
        self.refuse(f"{self.source}, {place}: {problem.says}; {problem.remedy}")

    def refuse(self, message: str) -> None:
        """Leave out what the message is about, or refuse the corpus with it.

        Raises:
            InputError: nothing is to be left out.
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
        batches: reads it from its beginning.
    """

    name: str
    again: bool
    batches: Callable[[Reading], Iterator[TextBatch]]
