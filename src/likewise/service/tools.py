"""The tools of an assistant: what each takes and returns, with limits, whatever the protocol that carries them.

An assistant reads what tools return as part of its prompt. So texts come as snippets with ids, `read` returns one text
at a time, and descriptions name columns but never show values: whoever wrote a text must not write instructions.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from likewise.applications.answer import Answer
from likewise.applications.snippets import Result, with_snippets
from likewise.corpus.encoding import well_formed
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.columns import json_columns
from likewise.index.hybrid import Hit
from likewise.service.served import Service

MAX_HITS, MAX_QUERY, MAX_TEXTS, MAX_TEXT, MAX_ID = 50, 10_000, 100, 20_000, 1_000
SNIPPET, PASSAGE, PART = 300, 800, 20_000  # characters of a hit, of the passage of an answer, and that `read` returns
MAX_VALUE, MAX_NAME, MAX_NAMES = 200, 60, 50  # of columns: characters of a value and of a name, and how many
MAX_LABELS = 5  # with their probabilities

Query = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_QUERY)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID, description="The id of a text, from a hit.")]
Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_HITS, description="How many hits.")]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Mode = Annotated[
    Literal["hybrid", "vector", "text"],
    msgspec.Meta(description="By meaning and words (hybrid), by meaning alone (vector), by words alone (text: BM25)."),
]
Filter = Annotated[
    Annotated[str, msgspec.Meta(max_length=MAX_QUERY)] | None,
    msgspec.Meta(description='A filter on columns: price < 10 and brand = "acme"; also or, not, in, !=, <=, >=.'),
]


class SearchArguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `search` takes."""

    query: Annotated[Query, msgspec.Meta(description="What to find, in words or as a sentence.")]
    k: Count = 10
    mode: Mode = "hybrid"
    where: Filter = None


class SimilarArguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `similar` takes."""

    id: Annotated[
        Annotated[str, msgspec.Meta(max_length=MAX_ID)] | None,
        msgspec.Meta(description="The id of a text of the index, from a hit."),
    ] = None
    text: Annotated[Text | None, msgspec.Meta(description="Or a text that is not in the index.")] = None
    k: Count = 10
    mode: Mode = "hybrid"
    where: Filter = None


class AnswerArguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `answer` takes."""

    question: Annotated[Query, msgspec.Meta(description="A question, in words.")]
    confidence: Annotated[
        Share, msgspec.Meta(description="From which a sentence counts as an answer: the probability that it is right.")
    ] = 0.5
    passages: Annotated[int, msgspec.Meta(ge=1, le=20, description="How many texts are read.")] = 8
    where: Filter = None


class ReadArguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `read` takes."""

    id: Id
    start: Annotated[int, msgspec.Meta(ge=0, description="The first character; next_start of the part before.")] = 0


class ClassifyArguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `classify` takes."""

    texts: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=MAX_TEXTS, description="The texts, in a list.")]
    threshold: Annotated[Share, msgspec.Meta(description="Labels less probable than this are left out.")] = 0.0


class Found(msgspec.Struct, kw_only=True):
    """A text that was found: its id for `read`, its score, a snippet, its length in characters, and its columns."""

    id: str
    score: float
    snippet: str
    characters: int
    columns: dict[str, Any]


class Hits(msgspec.Struct):
    """Texts, best first."""

    hits: list[Found]


class Evidence(msgspec.Struct, kw_only=True):
    """A sentence that may answer, how well it fits from 0 to 1, and the text it is from."""

    sentence: str
    score: float
    id: str
    passage: str
    columns: dict[str, Any]


class Answered(msgspec.Struct, kw_only=True):
    """The sentence that answers, or null; and the best sentence of each text that was read."""

    found: bool
    answer: str | None
    confidence: float
    evidence: list[Evidence]


class Part(msgspec.Struct, kw_only=True):
    """A text from the character `start` on; `next_start` is null at its end."""

    id: str
    text: str
    start: int
    characters: int
    next_start: int | None
    columns: dict[str, Any]


class Label(msgspec.Struct, kw_only=True):
    """The labels of a text, several only if the classifier gives several, and the most probable ones."""

    labels: list[str]
    probability: float
    probabilities: dict[str, float]


class Labels(msgspec.Struct):
    """One for each text, in order."""

    results: list[Label]


@dataclass(frozen=True)
class Tool:
    """A tool.

    Attributes:
        call: takes the service and checked arguments, and returns a `result`.
        arguments: their type.
        result: its type.
        title: its name for people.
        description: what it does and when to use it, for the assistant; what the index holds is added.
        classifier: whether it needs a classifier.
    """

    call: Callable[[Service, Any], Awaitable[Any]]
    arguments: Any
    result: Any
    title: str
    description: str
    classifier: bool = False


async def search(service: Service, given: SearchArguments) -> Hits:
    """Search by meaning and words."""
    return await service.read(lambda index: _hits(index, given.query, _search(index, given.query, given)))


async def similar(service: Service, given: SimilarArguments) -> Hits:
    """Find what resembles a text.

    Raises:
        InputError: neither an id nor a text was given, or both; or there is no such id.
    """
    if (given.id is None) == (not given.text):
        raise InputError("expected either id, of a text of the index, or text, but not both")

    def find(index: Collection) -> Hits:
        if given.id is None:
            return _hits(index, given.text or "", _search(index, given.text or "", given))
        entry = _entry(index, given.id)
        return _hits(index, entry.text, index.like(entry.id, given.k, given.mode, given.where or None))

    return await service.read(find)


async def answer(service: Service, given: AnswerArguments) -> Answered:
    """Answer a question with a sentence of the index."""
    question = well_formed(given.question)
    found: Answer = await service.answer(
        lambda answerer: answerer.answer(question, given.where or None), given.confidence, given.passages
    )
    return Answered(
        found=found.found,
        answer=found.text,
        confidence=found.confidence,
        evidence=[
            Evidence(
                sentence=each.sentence, score=float(each.score), id=each.hit.id,
                passage=_around(each.hit.text, each.start, each.end), columns=_columns(each.hit.columns),
            )
            for each in found.evidence
        ],
    )  # fmt: skip


async def read(service: Service, given: ReadArguments) -> Part:
    """Return a text, or the part of a long one that begins at a character.

    Raises:
        InputError: there is no such id, or the text ends before `start`.
    """
    entry = await service.read(lambda index: _entry(index, given.id))
    end = given.start + PART
    if given.start and given.start >= len(entry.text):
        raise InputError(f"start is {given.start}, but the text has {len(entry.text)} characters: give a smaller start")
    return Part(
        id=entry.id, text=entry.text[given.start : end], start=given.start, characters=len(entry.text),
        next_start=end if end < len(entry.text) else None, columns=_columns(entry.columns),
    )  # fmt: skip


async def classify(service: Service, given: ClassifyArguments) -> Labels:
    """Predict the label of each text."""

    def predict() -> Labels:
        classifier = service.classifier()
        names, found = [str(each) for each in classifier.classes_.tolist()], []
        likely = classifier.predict_proba([well_formed(text) for text in given.texts])
        for row, labels in zip(likely, classifier.labels_of(likely, given.threshold), strict=True):
            best = sorted(range(len(names)), key=lambda place, row=row: -row[place])[:MAX_LABELS]  # type: ignore[misc]
            shares = {names[place]: round(float(row[place]), 4) for place in best}
            found.append(Label(labels=[str(each) for each in labels], probability=float(row[best[0]]),
                               probabilities=shares))  # fmt: skip
        return Labels(found)

    return await service.compute(predict)


TOOLS = {
    "search": Tool(
        search, SearchArguments, Hits, "Search",
        "Find texts by meaning and by their words, best first. Each hit has a snippet; read returns the whole text.",
    ),
    "similar": Tool(
        similar, SimilarArguments, Hits, "Similar texts",
        "Find texts that resemble one of the index (id), or any other (text).",
    ),
    "answer": Tool(
        answer, AnswerArguments, Answered, "Answer",
        "Find the sentence that answers a question, with a confidence. If found is false, nothing here answers it: do "
        "not present the evidence as an answer.",
    ),
    "read": Tool(
        read, ReadArguments, Part, "Read a text",
        f"Return the text with an id, at most {PART:,} characters of it; go on at next_start.",
    ),
    "classify": Tool(
        classify, ClassifyArguments, Labels, "Classify",
        f"Predict the label, or labels, of each of up to {MAX_TEXTS} texts, with probabilities.", classifier=True,
    ),
}  # fmt: skip


def _search(index: Collection, query: str, given: SearchArguments | SimilarArguments) -> list[Hit]:
    return index.search(well_formed(query), given.k, given.mode, given.where or None)


def _entry(index: Collection, id: str) -> Any:
    entry = index.get(well_formed(id))
    if entry is None:
        raise InputError(f"no text has the id {shown(id)!r}: use an id from search, similar or answer")
    return entry


def _hits(index: Collection, query: str, hits: list[Hit]) -> Hits:
    return Hits([_found(each) for each in with_snippets(index, well_formed(query), hits, SNIPPET)])


def _found(result: Result) -> Found:
    hit = result.hit
    return Found(
        id=hit.id, score=float(hit.score), snippet=result.snippet, characters=len(hit.text),
        columns=_columns(hit.columns),
    )  # fmt: skip


def _around(text: str, start: int, end: int) -> str:
    """Return the passage around a sentence; the sentence alone if that is as long."""
    room = max(0, PASSAGE - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    return f"{'… ' if first else ''}{text[first:last].strip()}{' …' if last < len(text) else ''}"


def _columns(columns: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that have a value, shortened."""
    found = {}
    for name, value in json_columns(columns).items():
        if value is not None:
            long = isinstance(value, str) and len(value) > MAX_VALUE
            found[name] = f"{value[:MAX_VALUE]}…" if long else value
    return found


def describe_index(index: Collection) -> str:
    """Say how many texts the index has, and the names of its columns."""
    found = index.describe()
    columns = f"columns for filters: {_listed(found.columns)}" if found.columns else "no columns"
    return f"The index has {found.texts:,} {'text' if found.texts == 1 else 'texts'}; {columns}."


def describe_labels(service: Service) -> str:
    """Name the labels of the classifier."""
    return f"Labels: {_listed(service.classifier().classes_.tolist())}."


def _listed(names: Iterable[Any]) -> str:
    """Name the first of several things, and how many more there are."""
    shortened = [shown(str(name)) for name in names]
    more = f" and {len(shortened) - MAX_NAMES} more" if len(shortened) > MAX_NAMES else ""
    return f"{', '.join(shortened[:MAX_NAMES])}{more}"


def shown(name: str) -> str:
    """Return a name on one line, without characters that cannot be seen."""
    line = " ".join("".join(each if each.isprintable() else " " for each in name).split())
    return line if len(line) <= MAX_NAME else f"{line[: MAX_NAME - 1]}…"
