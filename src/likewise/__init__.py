"""Contrastive learning for text nobody labelled, and what it is good for."""

import os
from typing import TYPE_CHECKING, Any

from likewise.errors import InputError, LikewiseError

if TYPE_CHECKING:
    from likewise.applications.answer import Answer, answer
    from likewise.applications.classify.classifier import Classifier
    from likewise.applications.classify.features import TextEncoder
    from likewise.applications.duplicates.find import duplicates
    from likewise.applications.duplicates.probability import duplicate_probability
    from likewise.applications.recommend.recommender import Recommender
    from likewise.evaluation.compare import compare
    from likewise.evaluation.evaluate import Evaluation, evaluate
    from likewise.index.collection import Collection
    from likewise.index.hybrid import Hit
    from likewise.model.embedder import TextModel
    from likewise.model.model import Model
    from likewise.service.explore import explore
    from likewise.training.distill import distill
    from likewise.training.recipe import Recipe
    from likewise.training.train import train

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Classifier",
    "Collection",
    "Evaluation",
    "Hit",
    "InputError",
    "LikewiseError",
    "Model",
    "Recipe",
    "Recommender",
    "TextEncoder",
    "__version__",
    "answer",
    "compare",
    "distill",
    "duplicate_probability",
    "duplicates",
    "evaluate",
    "explore",
    "load",
    "train",
]

# OpenMP's threads would otherwise spin while BLAS works, and take its cores: a training step is three times as slow
# then. Read when the first OpenMP library is loaded, so it stands here; a value set from outside is left alone.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PROCESS = os.getpid()  # that loaded the package: in a fork of it, threads of OpenMP are gone

_PLACES = {
    "Answer": "likewise.applications.answer",
    "Classifier": "likewise.applications.classify.classifier",
    "Collection": "likewise.index.collection",
    "Evaluation": "likewise.evaluation.evaluate",
    "Hit": "likewise.index.hybrid",
    "Model": "likewise.model.model",
    "Recipe": "likewise.training.recipe",
    "answer": "likewise.applications.answer",
    "TextEncoder": "likewise.applications.classify.features",
    "Recommender": "likewise.applications.recommend.recommender",
    "compare": "likewise.evaluation.compare",
    "distill": "likewise.training.distill",
    "duplicate_probability": "likewise.applications.duplicates.probability",
    "duplicates": "likewise.applications.duplicates.find",
    "evaluate": "likewise.evaluation.evaluate",
    "explore": "likewise.service.explore",
    "train": "likewise.training.train",
}


def load(path: "str | os.PathLike[str]", *, backend: str | None = None, dim: int | None = None) -> "TextModel":
    """Read a model folder that `Model.save` or `likewise train` wrote.

    Args:
        path: the folder.
        backend: what a transformer runs on: `torch`, or `onnx` or `onnx-int8` once it was exported; what is installed
            if None, torch first.
        dim: of the vectors of a static model, at most as many as were trained: shorter ones are quicker and worse. None
            for all.

    Raises:
        InputError: it is no model folder, a file of it is missing or damaged, or it has no such backend or dimensions.
        LikewiseError: what it runs on is not installed.
    """
    from likewise.model.load import load_model

    return load_model(os.fspath(path), backend=backend, dim=dim)


def __getattr__(name: str) -> Any:
    # Numba takes half a second to import: nobody pays that who only asks for the version.
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'likewise' has no attribute {name!r}")
