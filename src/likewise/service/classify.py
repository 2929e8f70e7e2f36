"""Classification: the label of each text with its probability, or none where that is too low."""

from typing import Annotated, Any

import msgspec
from starlette.requests import Request

from likewise.corpus.encoding import well_formed
from likewise.corpus.values import label_text
from likewise.service.embeddings import checked_texts
from likewise.service.routing import Route
from likewise.service.served import Service

TAG = "Classification"
LabelValue = str | int | float | bool
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ClassifyRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Texts to classify.

    Attributes:
        texts: the texts.
        threshold: the lowest probability of a label that is given; if missing every text gets one, or those labels
            whose probability is high enough for them where a text can have several.
    """

    texts: list[str]
    threshold: Share | None = None


class Classified(msgspec.Struct, kw_only=True):
    """The class of a text.

    Attributes:
        label: the most probable of its labels; null if it is given none.
        labels: those it is given: one, or any number if the classifier was fitted on several labels a text; none whose
            probability is below the threshold.
        probability: of the most probable label, calibrated on held-out labels.
        probabilities: of each label, whose name is its text.
        abstained: whether the threshold left no label.
    """

    label: LabelValue | None
    labels: list[LabelValue]
    probability: float
    probabilities: dict[str, float]
    abstained: bool


class ClassifyResponse(msgspec.Struct):
    """The classes, in the order of the texts.

    Attributes:
        results: one for each text.
    """

    results: list[Classified]


async def classify(service: Service, body: ClassifyRequest, _: Request) -> ClassifyResponse:
    """Predict the label of each text, or its labels; none below the threshold, rather than one that is often wrong."""
    texts = [well_formed(text) for text in checked_texts(service, body.texts, "texts", empty=True)]
    return await service.compute(_classified, service, texts, body.threshold or 0.0)


def _classified(service: Service, texts: list[str], threshold: float) -> ClassifyResponse:
    classifier = service.classifier()
    labels: list[Any] = classifier.classes_.tolist()
    names = [label_text(label) for label in labels]
    if len(set(names)) < len(names):  # 1 and 1.0 are one label, "1" and 1 never meet in a classifier
        names = list(map(str, labels))
    results = []
    likely = classifier.predict_proba(texts)
    for row, given, without in zip(
        likely.tolist(), classifier.labels_of(likely, threshold), classifier.labels_of(likely), strict=True
    ):
        best = max(given, key=lambda label, row=row: row[labels.index(label)], default=None)  # type: ignore[misc]
        results.append(
            Classified(
                label=best,
                labels=list(given),
                probability=max(row),
                probabilities=dict(zip(names, row, strict=True)),
                abstained=bool(without) and not given,
            )
        )
    return ClassifyResponse(results)


ROUTES = (
    Route(
        method="POST", path="/classify", handler=classify, summary="Classify texts", tag=TAG, body=ClassifyRequest,
        response=ClassifyResponse, statuses=(404,),
        example={"texts": ["it broke after a week", "works as it should"], "threshold": 0.8},
    ),
)  # fmt: skip
