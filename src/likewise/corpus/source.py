"""One pass over a corpus: count the rows, keep the columns the same, and skip or refuse rows that cannot be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import Chosen, Wanted, choose
from likewise.errors import InputError

__all__ = ["Problem", "Reading", "Source"]

SKIP = 'or skip such rows with --on-error skip (on_error="skip")'


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be used.

    Attributes:
        reason: what is wrong with it.
        remedy: what the user can do instead of skipping it.
    """

    reason: str
    remedy: str = "fix it"


class Reading:
    """The state of one pass, shared by all files of a corpus.

    Attributes:
        encoding: the encoding that the user named; None to detect it.
        source: the file or object being read, for messages.
        decoded_as: the encoding of the current file, for messages; None where nothing is decoded.
        rows: rows read so far in the whole corpus, usable or not; the default id of the next one.
        skipped: rows that were skipped because they cannot be read.
        numbered: whether the ids are row numbers; None before the columns are chosen.
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
        """Continue with another file; messages count its rows from 1."""
        self.source, self._first, self.decoded_as = source, self.rows, None

    def choose(self, names: Sequence[str], strings: Sequence[str] | None = None) -> Chosen:
        """Choose the columns of the current file: in a later file, the same as in the first."""
        chosen = choose(self._wanted, names, strings, self.source)
        self.numbered = chosen.id is None
        text = None if self._wanted.pair else chosen.text
        self._wanted = replace(self._wanted, text=text, id=chosen.id, settled=True)
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
