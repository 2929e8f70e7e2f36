"""Rows of a file or an object as labelled data: which column is what, and which rows are judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Any, TypeAlias

from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import TEXT, Chosen, Wanted, choose
from likewise.corpus.source import Problem, Reading, Source
from likewise.errors import InputError
from likewise.evaluation.data import Duplicates, Labelled, Similarity

__all__ = ["ALL", "Columns", "Roles", "Rows", "judged_split", "left_out", "others_of", "read_rows", "silent"]

ALL = "all"
TEST = "test"
TRAIN = "train"
TESTS = (TEST, "dev", "valid", "validation", "val")  # the first that there is, is tested on
PAIRS = (("text1", "text2"), ("sentence1", "sentence2"), ("question1", "question2"))
SCORES = ("score", "similarity_score")
LABEL, SPLIT = "label", "split"
TRUTHS = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0}
Rows: TypeAlias = Similarity | Duplicates | Labelled


@dataclass(frozen=True)
class Columns:
    """Columns that the user named; the others are found by their usual names.

    Attributes:
        text: those that make a text, joined in this order.
        label: of classes, or of 1 for duplicates and 0 for none.
        text1: of one text of each pair.
        text2: of the other.
        score: how similar the texts of a pair are.
    """

    text: tuple[str, ...] | None = None
    label: str | None = None
    text1: str | None = None
    text2: str | None = None
    score: str | None = None

    def __post_init__(self) -> None:
        if (self.text1 is None) != (self.text2 is None):
            raise InputError("pairs have two columns of texts: give both --text1 and --text2 (text1=..., text2=...)")
        if self.text is not None and self.text1 is not None:
            raise InputError("give either --text and --label (classes), or --text1 and --text2 (pairs), not both")

    @property
    def named(self) -> set[str | None]:
        """The columns of values that the user named."""
        return {self.label, self.score}


class Roles(Reading):
    """A pass in which the columns are chosen when they are seen.

    Args:
        decide: from the names of the columns and that of the source to what is wanted of them.
        encoding: the encoding that the user named; None to find out.
        skip: leave rows out that cannot be used.
    """

    def __init__(
        self, decide: Callable[[Sequence[str], str], Wanted], *, encoding: str | None = None, skip: bool = False
    ) -> None:
        super().__init__(Wanted(), encoding=encoding, skip=skip)
        self._decide = decide

    def choose(self, names: Sequence[str], strings: Sequence[str] | None = None) -> Chosen:
        """Find the columns of the present file."""
        self._wanted = self._decide(names, self.source)
        return super().choose(names, strings)


@dataclass
class _Layout:
    """What the columns of a source turned out to be, and the rows read so far."""

    task: str | None
    columns: Columns
    kind: str = ""
    value: str = ""
    split: str | None = None
    first: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)

    def decide(self, names: Sequence[str], source: str) -> Wanted:
        """Which columns are read, and what they make."""
        asked = self.columns
        self.split = SPLIT if SPLIT in names else None
        pair = (asked.text1, asked.text2) if asked.text1 and asked.text2 else _pair(names)
        pairs = asked.text is None and pair is not None and self.task not in ("classification", "clustering")
        if pairs or self.task in ("similarity", "duplicates"):
            if pair is None:
                raise InputError(_no_column(source, names, "pairs of texts", "--text1 and --text2", "text1 and text2"))
            scores = asked.score or next((name for name in SCORES if name in names), None)
            scored = self.task == "similarity" or (self.task is None and scores is not None and asked.label is None)
            self.kind = "similarity" if scored else "duplicates"
            self.value = (scores if scored else asked.label) or LABEL
            flag = "--score" if scored else "--label"
            _require(self.value, names, source, "scores or labels of the pairs", flag, named=self.value in asked.named)
            return Wanted(None, None, pair, others=True, settled=True)
        self.kind, self.value = "labelled", asked.label or LABEL
        _require(self.value, names, source, "labels to judge by", "--label", named=self.value in asked.named)
        left = [name for name in names if name not in (self.value, self.split)]
        text = asked.text or ((TEXT,) if TEXT in left else (left[0],) if len(left) == 1 else None)
        if text is None:
            raise InputError(_no_column(source, left, "texts", "--text", TEXT))
        return Wanted(text, None, None, others=True, settled=True)

    def take(self, batch: TextBatch, split: str | None, reading: Reading) -> None:
        """Add the rows of a batch; `split` is theirs where no column says it."""
        held = others_of(batch)
        texts = batch.texts.to_pylist()
        pairs = texts if batch.pairs is None else batch.pairs.to_pylist()
        blank = [None] * len(texts)
        splits = held.get(self.split or "", [split] * len(texts))
        read = {"similarity": _score, "duplicates": _truth, "labelled": _label}[self.kind]
        rows = zip(batch.ids.to_pylist(), texts, pairs, held.get(self.value, blank), splits, strict=True)
        for row, first, second, given, its in rows:
            value = read(given, self.value)
            if isinstance(value, Problem):
                reading.reject(int(row), value)
                continue
            self.first.append(first)
            self.second.append(second)
            self.values.append(value)
            self.splits.append(ALL if its is None else str(its))


def others_of(batch: TextBatch) -> dict[str, list[Any]]:
    """The columns of a batch that are no texts, by name; a batch of JSON may lack what others have."""
    held = batch.columns
    return {} if held is None else {name: held.column(name).to_pylist() for name in held.schema.names}


def left_out(name: str, reading: Reading) -> str:
    """How many rows of a source could not be used, as a note."""
    return f"{name}: {reading.skipped:,} unusable rows were left out"


def silent(_: str) -> None:
    """Says nothing."""


def read_rows(
    sources: Sequence[tuple[Source, str | None]],
    columns: Columns,
    *,
    name: str,
    task: str | None = None,
    split: str | None = None,
    encoding: str | None = None,
    skip: bool = False,
) -> Rows:
    """Pairs with scores, pairs with 0 or 1, or texts with classes, as the columns have it.

    Args:
        sources: what is read, and the split that a whole source belongs to.
        columns: those that the user named.
        name: of the data.
        task: what they are for; None leaves it to the columns.
        split: which rows are judged; `test` where there is one, or else all.
        encoding: of text files; None to find out.
        skip: leave rows out that cannot be used, and count them.

    Raises:
        InputError: a column is missing, a row cannot be used, or there is too little.
    """
    layout = _Layout(task, columns)
    reading = Roles(layout.decide, encoding=encoding, skip=skip)
    for source, its in sources:
        for batch in source.batches(reading):
            layout.take(batch, its, reading)
    if not layout.first:
        raise InputError(f"{name} holds no rows: give a file with a row a text, or a row a pair")
    notes = [left_out(name, reading)] if reading.skipped else []
    if layout.kind == "labelled":
        return _labelled(layout, name, split, notes)
    judged, told = judged_split(layout.splits, split, name, "pairs")
    chosen = [row for row, its in enumerate(layout.splits) if its in judged]
    others = [row for row, its in enumerate(layout.splits) if its not in judged]
    first, second = ([side[row] for row in chosen] for side in (layout.first, layout.second))
    values = [layout.values[row] for row in chosen]
    background = [side[row] for row in others for side in (layout.first, layout.second)]
    kind = Similarity if layout.kind == "similarity" else Duplicates
    return kind(first, second, values, background, name, (*notes, *told))


def judged_split(splits: Sequence[str], asked: str | None, name: str, what: str) -> tuple[set[str], list[str]]:
    """Which splits are judged, and a note where there are others.

    Raises:
        InputError: the one that was asked for is not there.
    """
    there = list(dict.fromkeys(splits))
    if asked is not None and asked != ALL and asked not in there:
        raise InputError(
            f"{name} has no split {asked!r}: there are {', '.join(map(repr, there))}, and 'all' for them all"
        )
    one = asked or (TEST if TEST in there else ALL)
    judged = set(there) if one == ALL else {one}
    left = len(splits) - sum(its in judged for its in splits)
    others = ", ".join(its for its in there if its not in judged)
    return judged, [f"judged: split {one}; {left:,} {what} of {others} were left aside"] if left else []


def _labelled(layout: _Layout, name: str, split: str | None, notes: list[str]) -> Labelled:
    there = set(layout.splits)
    if split is not None and split not in there | {ALL}:
        judged_split(layout.splits, split, name, "texts")
    tested = split or next((each for each in TESTS if each in there), None)
    if tested in (None, ALL, TRAIN) or TRAIN not in there:
        kept = [row for row, its in enumerate(layout.splits) if split in (None, ALL, its)]
        test = None
        notes.append("the data has no split of its own: a quarter of each class, drawn by the seed, is tested on")
    else:
        kept = [row for row, its in enumerate(layout.splits) if its in (TRAIN, tested)]
        test = [layout.splits[row] == tested for row in kept]
        notes.append(f"learned from split {TRAIN}, tested on split {tested}")
    within = set(kept)
    background = [text for row, text in enumerate(layout.first) if row not in within]
    texts, labels = [layout.first[row] for row in kept], [layout.values[row] for row in kept]
    return Labelled(texts, labels, test, background, name, tuple(notes))


def _pair(names: Sequence[str]) -> tuple[str, str] | None:
    return next((pair for pair in PAIRS if set(pair) <= set(names)), None)


def _require(column: str, names: Sequence[str], source: str, what: str, flag: str, *, named: bool) -> None:
    if named:
        choose(Wanted((column,)), names, None, source)  # refuses a name that is not there, and tells the nearest
    if column not in names:
        raise InputError(_no_column(source, names, what, flag, column))


def _no_column(source: str, names: Sequence[str], what: str, flag: str, usual: str) -> str:
    listed = ", ".join(map(repr, names))
    return f"{source} has no {what}: there is no column {usual}; name yours with {flag}; its columns are {listed}"


def _score(value: Any, column: str) -> float | Problem:
    try:
        score = float(value)
    except (TypeError, ValueError):
        return Problem(f"column {column!r} holds {_shown(value)}, a score is a number")
    return (
        score
        if isfinite(score) and not isinstance(value, bool)
        else Problem(f"column {column!r} holds {_shown(value)}, a score is a finite number")
    )


def _truth(value: Any, column: str) -> int | Problem:
    truth = TRUTHS.get(str(value).strip().lower())
    if truth is None:
        return Problem(
            f"column {column!r} holds {_shown(value)}, 1 for a duplicate or 0 for none is expected",
            f"mend it, or take the column for scores with --score {column}",
        )
    return truth


def _label(value: Any, column: str) -> str | Problem:
    if value is None or (isinstance(value, float) and isnan(value)) or str(value).strip() == "":
        return Problem(f"it has no label in column {column!r}")
    if isinstance(value, list | dict):
        return Problem(f"column {column!r} holds {_shown(value)}, a label is a string or a number")
    return str(value)


def _shown(value: Any) -> str:
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
