"""Compare encoders on texts that nobody labelled: which of them serves these texts?"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from likewise.applications.confidence import words_of
from likewise.arrays import Float, Float64
from likewise.corpus.read import read
from likewise.errors import InputError
from likewise.evaluation.baselines import (
    BM25,
    EXTRA,
    LSA,
    LSA_DIM,
    NAMES,
    TFIDF,
    UNTRAINED,
    Comparison,
    System,
    Tfidf,
    Vectors,
    encode_texts,
    installed,
)
from likewise.evaluation.bootstrap import Row, SystemScores, draw_counts, with_intervals
from likewise.evaluation.evaluate import Evaluation
from likewise.evaluation.retrieval import bm25_scorer, vector_scorer
from likewise.evaluation.unlabelled import LONGEST, UnlabelledTests, make_tests
from likewise.evaluation.unseen import without_held_out
from likewise.model.embedder import document_vectors, query_vectors
from likewise.model.load import load_embedder, name_of
from likewise.model.model import Model
from likewise.training.progress import Messages

HELD_OUT, HELD_OUT_SHARE = 1_000, 1 / 3  # texts that the tests are made of: at most, and of all that there are
POOL = 5_000  # texts among which those of the questions are to be found
FEWEST = 6  # texts, without which there is nothing to compare on
SHORT = 16  # words of a text on average, below which the tests say little: docs/compare.md
LOWEST = 1e-9  # mean reciprocal rank, whose logarithm is taken
TASK, SCORE, QUESTIONS, LEAD = "comparison without labels", "score", "questions", "leads"

EVERY = slice(None)  # queries, which are scored at once

Similarity: TypeAlias = Callable[[Sequence[str], Sequence[str]], Float[np.ndarray, "queries documents"]]


def compare(
    models: Mapping[str, Any] | Sequence[Any],
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    baselines: bool = True,
    seed: int = 0,
    encoding: str | None = None,
    header: bool = True,
    on_error: str = "raise",
    progress: bool = True,
) -> Evaluation:
    """Compare encoders for search on unlabelled texts, with intervals, beside the same baselines.

    The score is the geometric mean of two tests on held-out texts (`evaluation.unlabelled`), mean reciprocal ranks:
    made questions that have to find their texts, and beginnings that have to find what follows them. A model of
    Likewise that was trained on these texts is represented by the same recipe, trained without the held-out ones.

    Args:
        models: each as `likewise.evaluate` takes it, in a list, or by the name to show.
        texts: whatever `corpus.read` takes: all texts that are to be searched, or new ones of their kind.
        text: the column that holds the text, or several that are joined.
        baselines: whether BM25, TF-IDF, LSA and, for a static model, the untrained encoder are added.
        seed: of the held-out texts, the tests, the baselines and the resamples.
        encoding: of a text file; detected if None.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.
        on_error: what to do with a row that cannot be read: `raise`, or `skip` and count it.
        progress: write progress to standard error.

    Returns:
        One row a model or baseline, the best first; `difference` is the score of the best minus that of the row.

    Raises:
        InputError: a model or the texts cannot be used.
    """
    began, named = time.perf_counter(), _named(models)
    corpus = read(texts, text=text, ids=False, encoding=encoding, header=header, on_error=on_error)
    distinct = list(dict.fromkeys(each for batch in corpus for each in batch.texts.to_pylist() if (each or "").strip()))
    if len(distinct) < FEWEST:
        raise InputError(
            f"{corpus.name} holds {len(distinct)} distinct texts: to compare models, give at least {FEWEST}"
        )
    rng = np.random.default_rng(seed)
    held_out = np.sort(rng.permutation(len(distinct))[: min(HELD_OUT, int(HELD_OUT_SHARE * len(distinct)))])
    chosen = set(held_out.tolist())
    training = [each for row, each in enumerate(distinct) if row not in chosen]
    others = [training[row] for row in np.sort(rng.permutation(len(training))[: POOL - len(held_out)]).tolist()]
    tests = make_tests([distinct[row] for row in held_out.tolist()], others, rng)
    if not tests.questions and not tests.leads:
        raise InputError(f"the texts of {corpus.name} are too short: to compare models, give texts of some words")
    with Messages(shown=progress) as messages:
        contest = Contest(distinct, training, tests, seed, messages)
        scored, absent, notes = contest.scores(named, baselines=baselines)
    found = with_intervals(
        scored, lambda rng: draw_counts(tests.held_out, rng), tests.held_out, rng, absent=absent, notes=notes,
        counts={"texts": len(distinct), "held-out texts": tests.held_out},
    )  # fmt: skip
    remarks = (*_ties(found.rows), *_short(tests), *found.notes)
    seconds = time.perf_counter() - began
    return Evaluation(TASK, corpus.name, SCORE, found.rows, found.counts, remarks, seed, found.resamples, seconds)


@dataclass(frozen=True)
class Contest:
    """What models are compared on.

    Attributes:
        texts: all texts.
        training: those that are not held out.
        tests: made of those that are.
        seed: of the baselines.
        messages: progress on standard error.
    """

    texts: list[str]
    training: list[str]
    tests: UnlabelledTests
    seed: int
    messages: Messages

    def scores(self, models: Mapping[str, Any], *, baselines: bool) -> tuple[list[SystemScores], list[Row], list[str]]:
        """Score models and baselines.

        Returns:
            Their scores, the best first; rows of those that cannot be compared; notes.

        Raises:
            InputError: there is nothing to compare.
        """
        scored, absent, notes = list[SystemScores](), list[Row](), list[str]()
        static: Model | None = None
        for name, given in models.items():
            model, note = without_held_out(given, self.texts, self.training, partial(self._log, name))
            if model is None:
                absent.append(Row(name, note=note))
                continue
            notes += [f"{name} {note}"] if note else []
            static = model if static is None and isinstance(model, Model) else static
            scored.append(self._scored(name, self._by_vectors(model, name)))
        for name, similarity in self._baselines(static) if baselines else ():
            if isinstance(similarity, str):
                absent.append(Row(name, note=similarity))
            else:
                scored.append(self._scored(name, similarity))
        if not scored:
            raise InputError("; ".join(f"{row.name}: {row.note}" for row in absent))
        return sorted(scored, key=lambda each: -each.values[SCORE]), absent, notes

    def _scored(self, name: str, similarity: Similarity) -> SystemScores:
        tests = self.tests
        self._log(name, f"{len(tests.questions):,} questions, {len(tests.leads):,} leads")
        pairs = ((tests.questions, tests.documents), (tests.leads, tests.rests))
        found = tests.score(*(similarity(*pair) if pair[0] else np.zeros((0, len(pair[1]))) for pair in pairs))
        present = np.isfinite(found).astype(np.float64)
        found = np.nan_to_num(found)

        def resampled(counts: Any) -> Float64[np.ndarray, " metrics"]:
            # A geometric mean: a model has to pass both tests, and one is much harder. NaN where a test has no text.
            weights = counts @ present
            means = np.divide(counts @ found, weights, out=np.full(2, np.nan), where=weights > 0)
            score = np.exp(np.log(np.maximum(means[weights > 0], LOWEST)).mean()) if weights.any() else np.nan
            return np.array([score, *means])

        values = resampled(np.ones(len(found)))
        return SystemScores(
            name, dict(zip((SCORE, QUESTIONS, LEAD), values.tolist(), strict=True)), resampled, [(0.0, 1.0)] * 3
        )

    def _log(self, name: str, line: str) -> None:
        self.messages.log(f"{name}: {line}")

    def _by_vectors(self, model: Any, name: str) -> Similarity:
        def similarity(queries: Sequence[str], documents: Sequence[str]) -> Float[np.ndarray, "queries documents"]:
            found, searched = (
                encode_texts(model, some, name, self.messages, encode)
                for some, encode in ((queries, query_vectors), (documents, document_vectors))
            )
            return vector_scorer(found, searched)(EVERY)

        return similarity

    def _baselines(self, static: Model | None) -> Iterator[tuple[str, Similarity | str]]:
        """Yield the similarity of each baseline, or why it cannot run."""
        if installed("bm25s"):
            yield NAMES[BM25], lambda queries, documents: bm25_scorer(queries, documents)(EVERY)
        else:
            yield NAMES[BM25], f"not installed: {EXTRA}"
        tfidf, unseen = Tfidf.fit(self.texts), Tfidf.fit(self.training)
        if tfidf is None or unseen is None:
            yield NAMES[TFIDF], "the texts hold no words"
            return
        lsa = unseen.lsa(LSA_DIM, self.seed)  # which learns what stands together; the IDF of TF-IDF is of all texts
        yield NAMES[TFIDF], _by(tfidf.transform)
        yield NAMES[LSA], _by(lsa)
        if static is not None:
            untrained = Comparison("", static, (UNTRAINED,), self.seed, self.messages).systems([], [])[-1]
            if isinstance(untrained, System):
                yield untrained.name, _by(untrained.vectors)


def _by(vectors: Vectors) -> Similarity:
    """The similarity by the vectors of a baseline."""
    return lambda queries, documents: vector_scorer(vectors(queries), vectors(documents))(EVERY)


def _named(models: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Models by the names of their rows, all loaded before anything takes time.

    Raises:
        InputError: there is none, or one of them cannot be used.
    """
    if isinstance(models, Mapping):
        named = dict(models)
    else:
        named = {}
        for model in [models] if isinstance(models, str) else models:
            name, number = name_of(model), 2
            while name in named or name in NAMES.values():
                name, number = f"{name_of(model)} ({number})", number + 1
            named[name] = model
    if not named:
        raise InputError("there is no model to compare: give one or more")
    return {name: load_embedder(model) for name, model in named.items()}


def _short(tests: UnlabelledTests) -> list[str]:
    """A warning where the texts are too short for the tests to say much."""
    rng = np.random.default_rng(0)  # places to cut scripts without spaces, which the number of words hardly depends on
    words = np.mean([sum(1 for _ in words_of(text[:LONGEST], rng)) for text in tests.documents[: tests.held_out]])
    if words >= SHORT:
        return []
    return [
        f"the texts have {words:.0f} words on average: of texts so short these tests say little, so do not trust them"
    ]


def _ties(rows: Sequence[Row]) -> list[str]:
    """Which rows may be as good as the first."""
    ties = [row.name for row in rows if row.difference is not None and row.difference.low <= 0]
    return (
        [f"{rows[0].name} may be no better than {' or '.join(ties)}: the difference is within chance"] if ties else []
    )
