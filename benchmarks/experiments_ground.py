"""What an experiment starts from and ends in: a corpus under some stems and vocabulary, and how well it is searched."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import bm25s
import numpy as np
from negatives_corpora import mrr
from retrieval import Retrieval, ndcg
from scipy.sparse import csr_matrix

from likewise.corpus.read import read
from likewise.encoders.static import StaticEncoder
from likewise.index.hybrid import fuse
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import UNKNOWN
from likewise.training.dataset import Examples
from likewise.training.prepare import Prepared, prepare
from likewise.training.recipe import Recipe, Settings, derived

__all__ = ["EPOCHS", "Found", "Ground", "Lab", "Pool", "pooled"]

K, CANDIDATES = 10, 200  # found, and joined from either side, as the index does
DIM = 768
EPOCHS = {"cranfield": 30, "scifact": 6, "npl": 6, "askubuntu_dups": 2}
OWN = {"askubuntu_dups"}  # a query is a document itself, whose own row is left out, and one hit is enough

Stemmer = Callable[[Prepared], np.ndarray]
"""Gives the piece that stands for each piece."""

Pool = Callable[[StaticEncoder, Ragged], np.ndarray]
"""Gives the vectors of documents."""


@dataclass(frozen=True)
class Found:
    """How well each query was answered.

    Attributes:
        vector: the measure of each query, by cosine.
        hybrid: the same, by cosine and words together.
    """

    vector: np.ndarray
    hybrid: np.ndarray


class Lab:
    """A corpus whose words are made one by some stemmer, as training and searching take it.

    Attributes:
        prepared: for training.
        documents: ids of what is searched.
        queries: ids of what is asked.
    """

    def __init__(self, ground: "Ground", prepared: Prepared, stems: np.ndarray) -> None:
        self.ground = ground
        unknown = prepared.tokenizer.vocabulary.subwords.index(UNKNOWN)

        def ids(texts: Sequence[str]) -> Ragged:
            known = prepared.tokenizer.encode(list(texts)).without(unknown)
            return Ragged(stems[known.ids].astype(np.int32), known.offsets)

        self.documents, self.queries = ids(ground.data.texts), ids([*ground.data.queries.values()])
        texts = ids(list(dict.fromkeys(ground.data.texts)))
        texts = texts.take(np.flatnonzero(texts.lengths > 0))
        owners = np.repeat(np.arange(len(texts)), texts.lengths)
        texts_with = np.bincount(np.unique(owners * len(stems) + texts.ids) % len(stems), minlength=len(stems))
        counted = replace(prepared.vocabulary, counts=np.bincount(texts.ids, minlength=len(stems)))
        self.prepared = replace(
            prepared, texts=texts, stems=stems.astype(np.int32), vocabulary=counted, texts_with=texts_with,
            facts=replace(prepared.facts, texts=len(texts)),
        )  # fmt: skip
        self._examples: dict[int, Examples] = {}

    def settings(self, seed: int, **changes: object) -> Settings:
        """Those of the default recipe for the corpus, with half its dimensions, fewer epochs, and some changes."""
        recipe = Recipe(dim=DIM, epochs=self.ground.epochs, vocabulary=len(self.prepared.stems), seed=seed)
        return replace(derived(recipe, self.prepared.facts.texts), **changes)

    def examples(self, settings: Settings) -> Examples:
        """The corpus under some settings."""
        if settings.seed not in self._examples:
            self._examples = {settings.seed: Examples(self.prepared, self.settings(settings.seed))}
        return self._examples[settings.seed].under(settings)

    def found(
        self,
        encoder: StaticEncoder,
        *,
        documents: Pool = StaticEncoder.encode_documents,
        feedback: float = 0.0,
    ) -> Found:
        """How well an encoder answers.

        Args:
            encoder: of stems.
            documents: how it encodes documents.
            feedback: how much of the mean of the three best documents is added to a query before it is asked again.
        """
        rows, queries = documents(encoder, self.documents), encoder.encode(self.queries)
        if feedback:
            best = np.argpartition(-self.ground.others_only(queries @ rows.T), 3, axis=1)[:, :3]
            queries = _unit(queries + feedback * _unit(rows[best].mean(axis=1)))
        return self.ground.judged(queries @ rows.T)


def pooled(
    encoder: StaticEncoder,
    texts: Ragged,
    *,
    counted: Callable[[np.ndarray], np.ndarray] = np.sqrt,
    length_prior: float = 1.0,
    apart: bool = True,
) -> np.ndarray:
    """Documents as `encode_documents` has them, but for one thing.

    Args:
        encoder: of stems.
        texts: the documents.
        counted: the number of times that a stem is in a text, to what it counts.
        length_prior: times that of the encoder.
        apart: whether each part is brought to its length by itself, rather than all together.
    """
    sums, pooling, begin = _counts(texts, len(encoder.weights), counted) @ encoder.weights, encoder.documents, 0
    if not apart:
        return _unit(sums, length_prior * sum(pooling.length_priors))
    parts = []
    for dim, share, weight in zip(pooling.dims, pooling.shares, pooling.length_priors, strict=True):
        parts.append(share * _unit(sums[:, begin : begin + dim], length_prior * weight))
        begin += dim
    return np.concatenate(parts, axis=1) / np.float32(np.linalg.norm(pooling.shares))


class Ground:
    """A corpus with its judgements, on which the experiments compare.

    Args:
        data: the documents and the judgements.
        epochs: of a run; None is as many as `EPOCHS` has for the corpus.

    Attributes:
        measure: `MRR@10` or `nDCG@10`.
        seconds: of the processor, spent in training so far.
    """

    def __init__(self, data: Retrieval, epochs: int | None = None) -> None:
        self.data, self.epochs = data, epochs or EPOCHS[data.name]
        self.own = data.name in OWN
        self.measure = "MRR@10" if self.own else "nDCG@10"
        self.seconds = 0.0
        self._prepared: dict[int | None, Prepared] = {}
        self._labs: dict[tuple[str, int | None], Lab] = {}

    def lab(self, name: str, stemmer: Stemmer, vocabulary: int | None = None) -> Lab:
        """The corpus under a stemmer, which is known by its name, and a vocabulary."""
        key = (name, vocabulary)
        if key not in self._labs:
            prepared = self._read(vocabulary)
            self._labs[key] = Lab(self, prepared, np.asarray(stemmer(prepared)))
        return self._labs[key]

    def words(self, stem: Mapping[str, str] | Callable[[str], str] | None, *, english: bool = False) -> np.ndarray:
        """BM25 of each query and document.

        It is computed as the index does (SQLite's FTS5: k1 1.2, b 0.75, nothing for a word of more than half of the
        texts), or as it often is for English: without its stop words, k1 1.5.

        Args:
            stem: what stands for a word.
            english: the second of the two.
        """
        of = stem.get if isinstance(stem, Mapping) else lambda word, _: stem(word) if stem else word
        ways = {"stopwords": "en" if english else [], "show_progress": False, "return_ids": False}
        ways["stemmer"] = lambda words: [of(word, word) for word in words]
        index = bm25s.BM25(k1=1.5) if english else bm25s.BM25(k1=1.2, b=0.75, method="robertson")
        index.index(bm25s.tokenize(self.data.texts, **ways), show_progress=False)
        queries = bm25s.tokenize([*self.data.queries.values()], **ways)
        none = np.zeros(len(self.data.ids), np.float32)
        known = [[word for word in words if word in index.vocab_dict] for words in queries]
        return np.stack([index.get_scores(words) if words else none for words in known]).astype(np.float32)

    @cached_property
    def word_scores(self) -> np.ndarray:
        """BM25 as the index computes it, with the stems that were learned."""
        return self.others_only(self.words(self._read(None).word_stems))

    @cached_property
    def _best_words(self) -> np.ndarray:
        return _best(self.word_scores, CANDIDATES)

    def others_only(self, scores: np.ndarray) -> np.ndarray:
        """The scores, with that of a query's own row below all others."""
        rows, columns = self._own_rows
        scores[rows, columns] = -2.0
        return scores

    def judged(self, cosines: np.ndarray) -> Found:
        """How good two rankings are: by the cosines, and by those and the words."""
        cosines = self.others_only(cosines)
        near, joined = _best(cosines, CANDIDATES), []
        for row, words, one, other in zip(cosines, self.word_scores, near, self._best_words, strict=True):
            places = np.union1d(one, other)
            places = places[row[places] > -1.5]
            near_places, means = row[places].astype(np.float64)[None], np.array([row.mean()], np.float64)
            fused = fuse([0.5], near_places, means, words[places].astype(np.float64))
            joined.append(places[np.argsort(-fused, kind="stable")[:K]])
        order = np.take_along_axis(near, np.argsort(-np.take_along_axis(cosines, near, 1), axis=1, kind="stable"), 1)
        return Found(self.scored(order[:, :K]), self.scored(joined))

    def scored(self, places: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """The measure of each query, of the documents that were found, best first."""
        found = [[self.data.ids[place] for place in row] for row in places]
        score = mrr if self.own else ndcg
        pairs = zip(self.data.queries, found, strict=True)
        return np.array([score({query: ids}, self.data.judged, K) for query, ids in pairs])

    def answered_by_words(self, scores: np.ndarray) -> np.ndarray:
        """The measure of each query, of a search by words alone."""
        scores = self.others_only(scores)
        near = _best(scores, K)
        return self.scored(np.take_along_axis(near, np.argsort(-np.take_along_axis(scores, near, 1), axis=1), 1))

    @cached_property
    def _own_rows(self) -> tuple[np.ndarray, np.ndarray]:
        places = {id: place for place, id in enumerate(self.data.ids)} if self.own else {}
        both = [(row, places[query]) for row, query in enumerate(self.data.queries) if query in places]
        return tuple(np.array(both, np.int64).reshape(-1, 2).T)

    def _read(self, vocabulary: int | None) -> Prepared:
        if vocabulary not in self._prepared:
            with tempfile.TemporaryDirectory() as place:
                corpus = read(self.data.texts)
                self._prepared[vocabulary] = prepare(corpus, Path(place), vocabulary, log=lambda _: None)
        return self._prepared[vocabulary]


def _best(scores: np.ndarray, k: int) -> np.ndarray:
    return np.argpartition(-scores, min(k, scores.shape[1] - 1), axis=1)[:, :k]


def _counts(texts: Ragged, vocab: int, saturation: Callable[[np.ndarray], np.ndarray]) -> csr_matrix:
    ids = texts.ids[texts.offsets[0] : texts.offsets[-1]].copy()
    counts = csr_matrix((np.ones(len(ids), np.float32), ids, texts.offsets - texts.offsets[0]), (len(texts), vocab))
    counts.sum_duplicates()
    counts.data = saturation(counts.data).astype(np.float32)
    return counts


def _unit(vectors: np.ndarray, length_prior: float = 0.0) -> np.ndarray:
    squares = np.sum(np.square(vectors), axis=1, keepdims=True)
    return vectors / np.maximum(np.sqrt(squares + np.float32(length_prior)), 1e-12)
