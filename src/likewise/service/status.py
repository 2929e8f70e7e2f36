"""Whether the server runs, what it serves, and its metrics."""

from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from likewise import __version__
from likewise.applications.map.text_map import FILE as MAP
from likewise.index.collection import Collection
from likewise.service.metrics import CONTENT_TYPE
from likewise.service.problems import Problem
from likewise.service.routing import ACCESS, RANKS, Route
from likewise.service.served import Service


class Health(msgspec.Struct):
    """That the process answers.

    Attributes:
        status: "ok".
    """

    status: Literal["ok"]


class ColumnStatus(msgspec.Struct):
    """A column of the index.

    Attributes:
        name: its name.
    """

    name: str


class IndexStatus(msgspec.Struct, kw_only=True):
    """The index.

    Attributes:
        texts: how many it has.
        columns: that filters, facets and hits can use.
        generation: how many writes there were.
        model: class and fingerprint of its model.
        dim: length of a stored vector.
        kind: "exact" or "approximate" search by vector.
        recall: at 10, of search by vector.
        bytes: size on disk.
    """

    texts: int
    columns: list[ColumnStatus]
    generation: int
    model: str
    dim: int
    kind: str
    recall: float
    bytes: int


class ClassifierStatus(msgspec.Struct):
    """The classifier.

    Attributes:
        labels: that it gives.
    """

    labels: list[Any]


class RecommenderStatus(msgspec.Struct):
    """The recommender.

    Attributes:
        items: how many there are.
        users: how many have a history.
    """

    items: int
    users: int


class DuplicatesStatus(msgspec.Struct):
    """The texts that others are compared with.

    Attributes:
        texts: how many there are.
    """

    texts: int


class JobStatus(msgspec.Struct):
    """The job that is running, or the next one.

    Attributes:
        id: of it.
        kind: what it does.
        state: "queued" or "running".
    """

    id: str
    kind: str
    state: str


class AccessStatus(msgspec.Struct):
    """What this client may do.

    Attributes:
        keys: whether the server has keys.
        read: whether this client may read.
        write: whether it may write.
    """

    keys: bool
    read: bool
    write: bool


class Status(msgspec.Struct, kw_only=True):
    """What is served; null where something is not, or this client may not read.

    Attributes:
        name: of what is served, and of the model.
        version: of Likewise.
        index: the index.
        classifier: the classifier.
        recommender: the recommender.
        duplicates: the texts that others are compared with.
        jobs: whether jobs can be ordered.
        job: the job that is running, or the next one.
        map: whether the index has a map.
        access: what this client may do.
    """

    name: str
    version: str
    index: IndexStatus | None
    classifier: ClassifierStatus | None
    recommender: RecommenderStatus | None
    duplicates: DuplicatesStatus | None
    map: bool
    jobs: bool = False
    job: JobStatus | None = None
    access: AccessStatus


async def health(_: Service, __: Any, ___: Request) -> Health:
    """Say that the process answers."""
    return Health("ok")


async def ready(service: Service, _: Any, __: Request) -> Health:
    """Say that everything is open; 503 until then."""
    if not service.started or not service.has_model:
        raise Problem(503, "nothing can be answered yet: try again in some seconds", {"Retry-After": "2"})
    return Health("ok")


async def metrics(service: Service, _: Any, __: Request) -> Response:
    """Return the metrics of this process in the format of Prometheus."""
    if service.has_index:
        found = await service.read(Collection.describe)
        service.metrics.texts.set(found.texts)
        service.metrics.index_bytes.set(found.bytes)
    return Response(service.metrics.render(), media_type=CONTENT_TYPE)


async def status(service: Service, _: Any, request: Request) -> Status:
    """Say what is served."""
    rank = RANKS[request.scope.get(ACCESS, "none")]
    access = AccessStatus(service.settings.api_key_file is not None, rank >= 1, rank >= 2)
    if not access.read:
        return Status(
            name=service.settings.name, version=__version__, index=None, classifier=None, recommender=None,
            duplicates=None, map=False, access=access,
        )  # fmt: skip
    index = await service.read(_index_status) if service.has_index else None
    classifier, recommender, store = await service.compute(
        lambda: [service.optional(name) for name in ("classifier", "recommender", "duplicates")]
    )
    job = None if service.queue is None else await service.compute(service.queue.first)
    return Status(
        name=service.settings.name,
        version=__version__,
        index=index,
        classifier=classifier and ClassifierStatus(classifier.classes_.tolist()),
        recommender=recommender
        and RecommenderStatus(len(recommender.state_.item_ids), len(recommender.state_.user_ids)),
        duplicates=None if store is None else DuplicatesStatus(len(store)),
        jobs=service.queue is not None,
        job=None if job is None else JobStatus(job.id, job.kind, job.state),
        map=service.has_index and (service.index_path / MAP).is_file(),
        access=access,
    )


def _index_status(index: Collection) -> IndexStatus:
    found = index.describe()
    return IndexStatus(
        texts=found.texts, columns=[ColumnStatus(name) for name in found.columns], generation=found.generation,
        model=found.model, dim=found.dim, kind=found.kind, recall=found.recall, bytes=found.bytes,
    )  # fmt: skip


ROUTES = (
    Route(method="GET", path="/health", handler=health, summary="Is it alive?", access="none", response=Health),
    Route(method="GET", path="/ready", handler=ready, summary="Can it answer?", access="none", response=Health),
    Route(method="GET", path="/metrics", handler=metrics, summary="Metrics", media_type=CONTENT_TYPE),
    Route(method="GET", path="/status", handler=status, summary="What is served", access="none", response=Status),
)
