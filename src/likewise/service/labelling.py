"""Labelling sessions over HTTP: create, label, undo, see the estimate rise, correct, and save as a classifier.

A request names a session, never a path: sessions and the classifiers that are saved from them are next to the index.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from likewise.applications.classify.label_log import EstimatePoint, Labelled
from likewise.applications.classify.labelling import ActiveLearningSession, Candidate, DoubtfulLabel, Prediction
from likewise.applications.classify.metrics import AccuracyEstimate
from likewise.index.collection import Collection
from likewise.service.routing import LINES, Route
from likewise.service.served import Service
from likewise.service.sessions import CLASSIFIER, in_session, sessions_of

TAG = "Labelling"
MAX_SHOWN = 20_000  # characters of a text that is returned

Text = TypeVar("Text", bound=Prediction | DoubtfulLabel)
Id = Annotated[str, msgspec.Meta(max_length=1_000)]
Revision = Annotated[int, msgspec.Meta(ge=0)]
ClassNames = Annotated[list[str], msgspec.Meta(max_length=1_000)]


class SessionPath(msgspec.Struct, kw_only=True):
    """A session.

    Attributes:
        name: of the session.
    """

    name: str


class CreateSession(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new session.

    Attributes:
        name: 1 to 64 of a-z, 0-9, - and _.
        classes: 2 to 200 names.
    """

    name: str
    classes: ClassNames


class SetClasses(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The classes from now on.

    Attributes:
        classes: all of them; only one that no text has may be left out.
        revision: that the labels must have; any if missing.
    """

    classes: ClassNames
    revision: Revision | None = None


class GiveLabel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A label of one text or of many.

    Attributes:
        ids: of the texts, at most 1,000.
        label: a class; null to skip them.
        revision: that the labels must have; any if missing.
    """

    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=1_000)]
    label: str | None
    revision: Revision | None = None


class Undo(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Undo the last action.

    Attributes:
        revision: that the labels must have; any if missing.
    """

    revision: Revision | None = None


class NextQuery(SessionPath, kw_only=True):
    """How many texts, `k`, to label next."""

    k: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10


class RestQuery(SessionPath, kw_only=True):
    """A page of the texts without a label.

    Attributes:
        order: "surest" or "least_sure" first.
        label: only those predicted as this; all if missing.
        after: how many were on the pages before.
        limit: how many to return.
    """

    order: Literal["surest", "least_sure"] = "surest"
    label: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class SimilarQuery(SessionPath, kw_only=True):
    """A text whose like is to be labelled.

    Attributes:
        id: of the text.
        k: how many.
    """

    id: Id
    k: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20


class MistakesQuery(SessionPath, kw_only=True):
    """How many doubtful labels, `limit`, to return."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class ClassCount(msgspec.Struct):
    """A class.

    Attributes:
        name: of it.
        labelled: number of texts that were given it.
    """

    name: str
    labelled: int


class SessionSummary(msgspec.Struct, kw_only=True):
    """A session, or what it became by a change.

    Attributes:
        name: of it.
        revision: raised by every change.
        classes: in their order.
        labelled: number of texts with a label.
        ids: of the texts whose label was undone.
    """

    name: str
    revision: int
    classes: list[ClassCount]
    labelled: int
    ids: list[str] = []


class SessionList(msgspec.Struct):
    """The sessions of the index.

    Attributes:
        sessions: by name.
    """

    sessions: list[SessionSummary]


class SessionState(SessionSummary, kw_only=True):
    """How far a session is.

    Attributes:
        skipped: number of texts that were skipped.
        texts: number of texts from which the next ones are chosen.
        sampled: whether the index has more, of which these are a random sample.
        estimate: of the classifier that the labels make, on texts like the labelled ones; null if there are too few.
        curve: estimates after fewer labels.
    """

    skipped: int
    texts: int
    sampled: bool
    estimate: AccuracyEstimate | None
    curve: list[EstimatePoint]


class NextTexts(msgspec.Struct):
    """Texts to label next.

    Attributes:
        items: the most useful first.
    """

    items: list[Candidate]


class UnlabelledTexts(msgspec.Struct):
    """Texts without a label.

    Attributes:
        items: the texts, with what is predicted.
        total: of how many these are a page.
    """

    items: list[Prediction]
    total: int


class Mistakes(msgspec.Struct):
    """Labels that are probably wrong: cross-validation predicts another one with confidence.

    Attributes:
        items: the surest first.
        total: of how many these are the first.
    """

    items: list[DoubtfulLabel]
    total: int


class Saved(msgspec.Struct):
    """A classifier that was saved, and that the server uses from now on.

    Attributes:
        folder: its name, in the folder of the sessions next to the index.
        labelled: number of labelled texts that it was fitted on.
        estimate: of it.
    """

    folder: str
    labelled: int
    estimate: AccuracyEstimate | None


async def sessions(service: Service, _: Any, __: Request) -> SessionList:
    """List the sessions of the index."""

    def find(_: Collection) -> SessionList:
        found = sessions_of(service)
        return SessionList([SessionSummary(**_counts(name, found.log(name).read())) for name in found.names()])

    return await service.read(find)


async def create(service: Service, body: CreateSession, _: Request) -> SessionState:
    """Start a session: which classes a person will give to texts of the index."""
    return await service.read(
        lambda index: _state(body.name, sessions_of(service).create(body.name, body.classes, index))
    )


async def state(service: Service, query: SessionPath, _: Request) -> SessionState:
    """Return counts, the estimate of the accuracy with its interval, and how it rose."""
    return await in_session(service, query.name, lambda session, _: _state(query.name, session))


async def set_classes(service: Service, body: SetClasses, request: Request) -> SessionSummary:
    """Add classes, order them anew, or leave out those that no text has."""
    return await _change(service, request, lambda session, _: session.log.set_classes(body.classes, body.revision))


async def upcoming(service: Service, query: NextQuery, _: Request) -> NextTexts:
    """Return the texts to label next: diverse ones, then those that the classifier is uncertain of."""
    return await in_session(
        service, query.name, lambda session, index: NextTexts(_shortened(session.suggest(index, query.k)))
    )


async def label(service: Service, body: GiveLabel, request: Request) -> SessionSummary:
    """Give texts a label, or skip them, as one action; it is on the disk when this is answered."""
    return await _change(
        service, request, lambda session, index: session.label(index, body.ids, body.label, body.revision)
    )


async def undo(service: Service, body: Undo, request: Request) -> SessionSummary:
    """Undo the last action, whoever did it; give `revision` to be sure which."""
    return await _change(service, request, lambda session, _: session.log.undo(body.revision))


async def rest(service: Service, query: RestQuery, _: Request) -> UnlabelledTexts:
    """Return the texts without a label, sorted by the confidence of what is predicted, a page at a time."""

    def find(session: ActiveLearningSession, _: Collection) -> UnlabelledTexts:
        found = session.ranking(surest_first=query.order == "surest", label=query.label)
        return UnlabelledTexts(_shortened(found[query.after : query.after + query.limit]), len(found))

    return await in_session(service, query.name, find)


async def mistakes(service: Service, query: MistakesQuery, _: Request) -> Mistakes:
    """Return labels that are probably wrong, by cross-validation."""

    def find(session: ActiveLearningSession, _: Collection) -> Mistakes:
        found = session.doubtful_labels()
        return Mistakes(_shortened(found[: query.limit]), len(found))

    return await in_session(service, query.name, find)


async def similar(service: Service, query: SimilarQuery, _: Request) -> UnlabelledTexts:
    """Return texts without a label that are like a text, to label them alike."""

    def find(session: ActiveLearningSession, index: Collection) -> UnlabelledTexts:
        found = session.similar(index, query.id, query.k)
        return UnlabelledTexts(_shortened(found), len(found))

    return await in_session(service, query.name, find)


async def labels(service: Service, query: SessionPath, _: Request) -> Response:
    """Return all labels as JSON lines with id, text and label, which `likewise classify fit` reads."""

    def find(_: Collection) -> bytes:
        found = sessions_of(service).log(query.name).read()
        rows = ({"id": id, "text": found.texts[id], "label": label} for id, label in found.labels.items() if label)
        return b"".join(orjson.dumps(row) + b"\n" for row in rows)

    return Response(await service.read(find), media_type=LINES)


async def save(service: Service, query: SessionPath, _: Request) -> Saved:
    """Save the classifier that the labels make, and use it for `POST /classify` from now on, in all processes."""

    def find(index: Collection) -> Saved:
        found = sessions_of(service).save(query.name, index)
        labelled = sum(sessions_of(service).log(query.name).read().counts().values())
        return Saved(f"{query.name}{CLASSIFIER}", labelled, found.estimate_)

    return await service.read(find)


async def _change(
    service: Service, request: Request, change: Callable[[ActiveLearningSession, Collection], Any]
) -> SessionSummary:
    """Change labels, and return what they are then; a list that the change returns is of undone ids."""
    name = str(request.path_params["name"])

    def apply(session: ActiveLearningSession, index: Collection) -> SessionSummary:
        changed = change(session, index)
        return SessionSummary(**_counts(name, session.log.read()), ids=changed if isinstance(changed, list) else [])

    return await in_session(service, name, apply)


def _counts(name: str, labelled: Labelled) -> dict[str, Any]:
    counts = labelled.counts()
    classes = [ClassCount(each, count) for each, count in counts.items()]
    return {"name": name, "revision": labelled.revision, "classes": classes, "labelled": sum(counts.values())}


def _state(name: str, session: ActiveLearningSession) -> SessionState:
    found = session.progress()
    return SessionState(
        name=name, revision=found.revision, labelled=sum(found.counts.values()), skipped=found.skipped,
        classes=[ClassCount(each, count) for each, count in found.counts.items()], texts=found.texts,
        sampled=found.sampled, estimate=found.estimate, curve=found.curve,
    )  # fmt: skip


def _shortened(found: Sequence[Text]) -> list[Text]:
    return [replace(each, text=each.text[:MAX_SHOWN]) if len(each.text) > MAX_SHOWN else each for each in found]


def _route(method: str, path: str, handler: Any, summary: str, **more: Any) -> Route:
    if method != "GET" and path:
        more = {"query": SessionPath, **more}
    more = {"access": "read" if method == "GET" else "write", "statuses": (404, 409), **more}
    return Route(method=method, path=f"/labelling{path}", handler=handler, summary=summary, tag=TAG, **more)


ROUTES = (
    _route("GET", "", sessions, "List labelling sessions", response=SessionList),
    _route(
        "POST", "", create, "Start a labelling session", body=CreateSession, response=SessionState,
        example={"name": "mood", "classes": ["positive", "negative"]},
    ),
    _route("GET", "/{name}", state, "How far a session is", query=SessionPath, response=SessionState),
    _route(
        "PUT", "/{name}/classes", set_classes, "Change the classes", body=SetClasses, response=SessionSummary,
        example={"classes": ["positive", "negative", "mixed"]},
    ),
    _route("GET", "/{name}/next", upcoming, "What to label next", query=NextQuery, response=NextTexts),
    _route(
        "POST", "/{name}/labels", label, "Label texts", body=GiveLabel, response=SessionSummary,
        example={"ids": ["17"], "label": "positive", "revision": 0},
    ),
    _route("GET", "/{name}/labels", labels, "All labels", query=SessionPath, media_type=LINES),
    _route("POST", "/{name}/undo", undo, "Undo the last label", body=Undo, response=SessionSummary, example={}),
    _route("GET", "/{name}/rest", rest, "The rest by confidence", query=RestQuery, response=UnlabelledTexts),
    _route("GET", "/{name}/mistakes", mistakes, "Labels to check", query=MistakesQuery, response=Mistakes),
    _route("GET", "/{name}/similar", similar, "Texts to label alike", query=SimilarQuery, response=UnlabelledTexts),
    _route("POST", "/{name}/save", save, "Save the classifier and serve it", query=SessionPath, response=Saved),
)  # fmt: skip
