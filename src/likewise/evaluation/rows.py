"""Rows of a file or an object as labelled data: scored pairs, labelled pairs, or texts with classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from likewise.corpus.batch import Problem, Reading, Source, TextBatch
from likewise.corpus.columns import TEXT, Chosen, Wanted, choose
from likewise.corpus.values import equal_but_for_case, is_missing, label_text
from likewise.errors import InputError
from likewise.evaluation.data import Duplicates, Labelled, Similarity

ALL, TRAIN, TEST = "all", "train", "test"
TEST_SPLITS = (TEST, "dev", "valid", "validation", "val")  # the first that exists is the test set
PAIRS = (("text1", "text2"), ("sentence1", "sentence2"), ("question1", "question2"))
SCORES = ("score", "similarity_score")
LABEL, SPLIT = "label", "split"
LABELS = {"1": 1, "True": 1, "0": 0, "False": 0}


@dataclass(frozen=True)
class ReadOptions:
    """How data is read. Columns that are None are found by their usual names.

    Attributes:
        text: columns that make a text, joined in this order.
        label: column of classes, or of 1 for duplicates and 0 for others.
        text1: column of one text of each pair.
        text2: column of the other.
        score: column of similarity scores.
        split: the split to evaluate on; `test` if it exists, else all.
        encoding: of text files; None detects it.
        skip: leave unusable rows out and count them.
        header: whether the first row of a CSV or TSV file names the columns.
    """

    text: tuple[str, ...] | None = None
    label: str | None = None
    text1: str | None = None
    text2: str | None = None
    score: str | None = None
    split: str | None = None
    encoding: str | None = None
    skip: bool = False
    header: bool = True

    def __post_init__(self) -> None:
        if (self.text1 is None) != (self.text2 is None):
            raise InputError("pairs have two columns of texts: give both --text1 and --text2 (text1=..., text2=...)")
        if self.text is not None and self.text1 is not None:
            raise InputError("give either --text and --label (classes), or --text1 and --text2 (pairs), not both")

    @property
    def has_columns(self) -> bool:
        """Whether the user named any column."""
        return any((self.text, self.label, self.text1, self.score))


class ColumnChooser(Reading):
    """A pass over files that chooses the columns of each file when it sees their names.

    Args:
        decide: maps the names of the columns and that of the source to the wanted columns.
        options: how data is read.
    """

    id_remedy = "fix it"

    def __init__(self, decide: Callable[[Sequence[str], str], Wanted], options: ReadOptions) -> None:
        super().__init__(Wanted(), encoding=options.encoding, skip=options.skip, header=options.header)
        self._decide = decide

    def choose(self, names: Sequence[str], strings: Sequence[str] | None = None) -> Chosen:
        """Find the columns of the present file."""
        self._wanted = self._decide(names, self.source)
        return super().choose(names, strings)


def read_rows(
    sources: Sequence[tuple[Source, str | None]], options: ReadOptions, *, name: str, task: str | None = None
) -> Similarity | Duplicates | Labelled:
    """Read scored pairs, pairs with 0 or 1, or texts with classes, depending on the columns.

    Args:
        sources: what to read, and the split that a whole source belongs to.
        options: how to read it.
        name: of the data.
        task: what to read it for; None decides by the columns.

    Raises:
        InputError: a column is missing, a row cannot be used, or there are too few.
    """
    table = _Table(task, options)
    reading = ColumnChooser(table.decide, options)
    for source, split in sources:
        for batch in source.batches(reading):
            table.add(batch, split, reading)
    if not table.first:
        raise InputError(f"{name} holds no rows: give a file with one row for each text or pair")
    notes = [unusable(name, reading)] if reading.skipped else []
    if table.kind == "labelled":
        return _labelled(table, name, options.split, notes)
    chosen_splits, note = select_split(table.splits, options.split, name, "pairs")
    chosen = [row for row, split in enumerate(table.splits) if split in chosen_splits]
    others = [row for row, split in enumerate(table.splits) if split not in chosen_splits]
    first, second = ([side[row] for row in chosen] for side in (table.first, table.second))
    values = [table.values[row] for row in chosen]
    background = [side[row] for row in others for side in (table.first, table.second)]
    kind = Similarity if table.kind == "similarity" else Duplicates
    return kind(first, second, values, background, name, (*notes, *note))


def select_split(splits: Sequence[str], wanted: str | None, name: str, what: str) -> tuple[set[str], list[str]]:
    """Choose the splits to evaluate on, with a note about the others.

    Args:
        splits: the split of each row.
        wanted: a split or `all`; None takes `test` if it exists, else all.
        name: of the data.
        what: the rows are, for the note.

    Raises:
        InputError: the wanted split does not exist.
    """
    found = list(dict.fromkeys(splits))
    if wanted is not None and wanted != ALL and wanted not in found:
        raise InputError(f"{name} has no split {wanted!r}: use {', '.join(map(repr, found))}, or 'all'")
    split = wanted or (TEST if TEST in found else ALL)
    chosen = set(found) if split == ALL else {split}
    unused = sum(each not in chosen for each in splits)
    others = ", ".join(each for each in found if each not in chosen)
    return chosen, [f"evaluated on split {split}; {unused:,} {what} of {others} are not used"] if unused else []


def value_columns(batch: TextBatch) -> dict[str, list[Any]]:
    """The columns of a batch that hold no texts, by name; a batch of JSON may lack some."""
    columns = batch.columns
    return {} if columns is None else {name: columns.column(name).to_pylist() for name in columns.schema.names}


def unusable(name: str, reading: Reading) -> str:
    """A note with the number of unusable rows of a source."""
    return f"{name}: {reading.skipped:,} unusable rows were left out"


@dataclass
class _Table:
    """The roles of the columns of a source, and the rows read so far."""

    task: str | None
    options: ReadOptions
    kind: str = ""
    value: str = ""
    split: str | None = None
    first: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)

    def decide(self, names: Sequence[str], source: str) -> Wanted:
        """Which columns to read, and what kind of data they are."""
        options = self.options
        self.split = SPLIT if SPLIT in names else None
        pair = (options.text1, options.text2) if options.text1 and options.text2 else None
        pair = pair or next((pair for pair in PAIRS if set(pair) <= set(names)), None)
        pairs = options.text is None and pair is not None and self.task not in ("classification", "clustering")
        if pairs or self.task in ("similarity", "duplicates"):
            if pair is None:
                raise InputError(_no_column(source, names, "pairs of texts", "--text1 and --text2", "text1 and text2"))
            score = options.score or next((name for name in SCORES if name in names), None)
            scored = self.task == "similarity" or (self.task is None and score is not None and options.label is None)
            self.kind = "similarity" if scored else "duplicates"
            self.value = (score if scored else options.label) or LABEL
            self._require(names, source, "scores or labels of the pairs", "--score" if scored else "--label")
            return Wanted(None, None, pair, others=True, settled=True)
        self.kind, self.value = "labelled", options.label or LABEL
        self._require(names, source, "labels to evaluate with", "--label")
        left = [name for name in names if name not in (self.value, self.split)]
        text = options.text or ((TEXT,) if TEXT in left else (left[0],) if len(left) == 1 else None)
        if text is None:
            raise InputError(_no_column(source, left, "texts", "--text", TEXT))
        return Wanted(text, None, None, others=True, settled=True)

    def add(self, batch: TextBatch, split: str | None, reading: Reading) -> None:
        """Add the rows of a batch; `split` is theirs if there is no column for it."""
        columns = value_columns(batch)
        texts = batch.texts.to_pylist()
        pairs = texts if batch.pairs is None else batch.pairs.to_pylist()
        missing = [None] * len(texts)
        splits = columns.get(self.split or "", [split] * len(texts))
        parse = {"similarity": _score, "duplicates": _duplicate, "labelled": _label}[self.kind]
        rows = zip(batch.ids.to_pylist(), texts, pairs, columns.get(self.value, missing), splits, strict=True)
        for row, first, second, given, row_split in rows:
            value = parse(given, self.value)
            if isinstance(value, Problem):
                reading.reject(int(row), value)
                continue
            self.first.append(first)
            self.second.append(second)
            self.values.append(value)
            self.splits.append(ALL if row_split is None else str(row_split))

    def _require(self, names: Sequence[str], source: str, what: str, flag: str) -> None:
        if self.value in (self.options.label, self.options.score):
            choose(Wanted((self.value,)), names, None, source)  # refuses an unknown name and suggests the nearest
        if self.value not in names:
            raise InputError(_no_column(source, names, what, flag, self.value))


def _labelled(table: _Table, name: str, split: str | None, notes: list[str]) -> Labelled:
    found = set(table.splits)
    if split is not None and split not in found | {ALL}:
        select_split(table.splits, split, name, "texts")
    tested = split or next((each for each in TEST_SPLITS if each in found), None)
    if tested in (None, ALL, TRAIN) or TRAIN not in found:
        kept = [row for row, each in enumerate(table.splits) if split in (None, ALL, each)]
        test = None
        notes.append("no training and test split in the data: a random quarter of each class is the test set")
    else:
        kept = [row for row, each in enumerate(table.splits) if each in (TRAIN, tested)]
        test = [table.splits[row] == tested for row in kept]
        notes.append(f"trained on split {TRAIN}, tested on split {tested}")
    notes += [f"labels {a!r} and {b!r} differ only by case or blanks" for a, b in equal_but_for_case(table.values)[:3]]
    within = set(kept)
    background = [text for row, text in enumerate(table.first) if row not in within]
    texts, labels = [table.first[row] for row in kept], [table.values[row] for row in kept]
    return Labelled(texts, labels, test, background, name, tuple(notes))


def _no_column(source: str, names: Sequence[str], what: str, flag: str, usual: str) -> str:
    columns = ", ".join(map(repr, names))
    return f"{source} has no {what}: there is no column {usual}; name yours with {flag}; its columns are {columns}"


def _score(value: Any, column: str) -> float | Problem:
    try:
        score = float(value)
    except (TypeError, ValueError):
        return Problem(f"column {column!r} holds {_shown(value)}, a score is a number")
    if isfinite(score) and not isinstance(value, bool):
        return score
    return Problem(f"column {column!r} holds {_shown(value)}, a score is a finite number")


def _duplicate(value: Any, column: str) -> int | Problem:
    label = LABELS.get(str(_label(value, column)))
    if label is None:
        return Problem(
            f"column {column!r} holds {_shown(value)}, 1 for duplicates or 0 for others is expected",
            f"mend it, or use the column as scores with --score {column}",
        )
    return label


def _label(value: Any, column: str) -> str | Problem:
    if is_missing(value):
        return Problem(f"it has no label in column {column!r}")
    try:
        return label_text(value)
    except ValueError as error:
        return Problem(f"column {column!r} {error}")


def _shown(value: Any) -> str:
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
