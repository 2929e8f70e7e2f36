"""Features of a text: its embedding, next to TF-IDF of its words and word pairs, with negated words marked.

An embedding smooths over words that it has not learned to distinguish. With the words themselves as features, a single
decisive word is not lost (Wang and Manning 2012 show how far word pairs go).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.labels import check_texts
from likewise.arrays import Float32, Float64, Int64
from likewise.model.embedder import unit_vectors
from likewise.training.train import load_or_train

# Scripts without spaces between words are split into characters: a pair of them is about a word.
UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
TOKEN = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:['’][^\W{UNSPACED}]+)*|[.,;:!?()]")
PUNCTUATION = frozenset(".,;:!?()")
NEGATION_WORDS = (
    "not no never none nothing nobody neither nor cannot without hardly barely dont doesnt didnt isnt wasnt arent wont "
    "cant couldnt wouldnt shouldnt hasnt havent hadnt "  # English, also without the apostrophe
    "nicht kein keine keinen keiner nie niemals ohne ne pas jamais sans rien no nunca jamás sin ni non mai senza niet "
    "geen nooit zonder não nem sem inte aldrig ikke"
)
NEGATIONS = frozenset(NEGATION_WORDS.split())
NEGATION_SCOPE = 3  # words after a negation, or up to punctuation (Pang et al. 2002 take all up to punctuation)

MAX_TERMS = 200_000
MANY_LABELLED = 2_000  # labelled texts from which on a term has to occur in several of them
MIN_TEXTS = 3  # that contain a term

BATCH = 8_192  # texts that are encoded at once
MIN_NGRAM_WEIGHT, FULL_WEIGHT_LABELS = 0.5, 64  # labels a class from which on n-grams weigh as much as the embedding


def word_ngrams(text: str) -> list[str]:
    """Split a text into lower-case words, pairs of adjacent words, and marked words in the scope of a negation.

    >>> word_ngrams("Not good")
    ['not', 'good', 'not good', 'not_good']
    """
    tokens = TOKEN.findall(text.lower())
    words = [token for token in tokens if token not in PUNCTUATION]
    pairs = [
        f"{first} {second}"
        for first, second in pairwise(tokens)
        if first not in PUNCTUATION and second not in PUNCTUATION
    ]
    return [*words, *pairs, *_negated(tokens)]


def _negated(tokens: Sequence[str]) -> Iterator[str]:
    left = 0
    for token in tokens:
        if token in NEGATIONS or token.endswith(("n't", "n’t")):
            left = NEGATION_SCOPE
        elif token in PUNCTUATION:
            left = 0
        elif left:
            left -= 1
            yield f"not_{token}"


class TfidfNgrams:
    """TF-IDF over a fixed set of terms, rows of unit length.

    Attributes:
        terms: the columns.
        idf: weight of each term.
    """

    def __init__(self, terms: Sequence[str], idf: Float64[np.ndarray, " terms"]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self.terms, self.idf = list(terms), idf
        self._vectorizer = CountVectorizer(analyzer=word_ngrams, vocabulary=self.terms) if self.terms else None

    def transform(self, texts: Sequence[str]) -> Any:
        """Return a sparse (texts, terms) matrix; a text without any of the terms is a row of zeros."""
        from scipy.sparse import csr_array

        if self._vectorizer is None or not texts:
            return csr_array((len(texts), len(self.terms)))
        return self.weigh(self._vectorizer.transform(texts))

    def weigh(self, counts: Any) -> Any:
        """Turn counts of the terms into (1 + ln count) idf, rows scaled to unit length."""
        from scipy.sparse import csr_array
        from sklearn.preprocessing import normalize

        rows = csr_array(counts, dtype=np.float64, copy=True)
        rows.data = (1 + np.log(rows.data)) * self.idf[rows.indices]
        return normalize(rows) if rows.shape[0] and rows.shape[1] else rows


class NgramCounts:
    """Counts of all terms in labelled and unlabelled texts, from which features are selected.

    Args:
        texts: with labels.
        unlabelled: further texts.
    """

    def __init__(self, texts: Sequence[str], unlabelled: Sequence[str] = ()) -> None:
        from scipy.sparse import csr_array
        from sklearn.feature_extraction.text import CountVectorizer

        self._labelled = len(texts)
        vectorizer = CountVectorizer(analyzer=word_ngrams)
        try:
            self._counts = csr_array(vectorizer.fit_transform([*texts, *unlabelled]))
            self._terms = vectorizer.get_feature_names_out()
        except ValueError:  # there is no word at all
            self._counts, self._terms = csr_array((self._labelled + len(unlabelled), 0)), np.zeros(0, object)
        self._document_frequency = _document_frequency(self._counts)

    def select(
        self, *, with_unlabelled: bool = False, max_terms: int = MAX_TERMS, many_labelled: int = MANY_LABELLED
    ) -> tuple[TfidfNgrams, Any]:
        """Select terms, and return them with the (texts, terms) rows of all texts, the labelled ones first.

        Args:
            with_unlabelled: also select terms of several unlabelled texts.
            max_terms: number of terms, the most frequent ones first.
            many_labelled: labelled texts from which on a term has to occur in several of them.
        """
        labelled = _document_frequency(self._counts[: self._labelled])
        selected = labelled >= (1 if self._labelled < many_labelled else MIN_TEXTS)
        if with_unlabelled:
            selected |= self._document_frequency - labelled >= MIN_TEXTS
        columns = np.flatnonzero(selected)
        if len(columns) > max_terms:
            columns = np.sort(columns[np.argsort(-self._document_frequency[columns], kind="stable")[:max_terms]])
        idf = np.log((1 + self._counts.shape[0]) / (1 + self._document_frequency[columns])) + 1
        found = TfidfNgrams(self._terms[columns].tolist(), np.asarray(idf, np.float64))
        return found, found.weigh(self._counts[:, columns])


def _document_frequency(counts: Any) -> Int64[np.ndarray, " terms"]:
    return np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.int64)


def ngram_weight(labels: int, classes: int) -> float:
    """Length of the n-gram block relative to the embedding: a few labels show few of the words that matter.

    A quarter of the cube root of the labels a class, between a half and one.
    """
    return float(np.clip((labels / classes / FULL_WEIGHT_LABELS) ** (1 / 3), MIN_NGRAM_WEIGHT, 1.0))


@dataclass(frozen=True)
class Features:
    """The embedding and the n-grams of a text, side by side.

    Attributes:
        encoder: an object with `encode`.
        ngrams: None for the embedding alone.
        weight: length of the n-gram block, where the embedding has length 1.
    """

    encoder: Any
    ngrams: TfidfNgrams | None
    weight: float = 1.0

    def embed(self, texts: Sequence[str]) -> Float32[np.ndarray, "texts dim"]:
        """Encode texts as unit vectors; a blank text is a row of zeros."""
        parts = [
            unit_vectors(self.encoder, list(texts[start : start + BATCH]), None)
            for start in range(0, len(texts), BATCH)
        ]
        if not parts:
            return unit_vectors(self.encoder, ["empty"], None)[:0].astype(np.float32)
        embeddings = np.concatenate(parts).astype(np.float32)
        embeddings[[not text.strip() for text in texts]] = 0
        return embeddings

    def transform(self, texts: Sequence[str], embeddings: Any = None, ngrams: Any = None) -> Any:
        """Return one row a text, dense without n-grams and sparse with them.

        Args:
            texts: any texts.
            embeddings: of these, if they were computed before.
            ngrams: rows of n-grams of these, if they were computed before.
        """
        from scipy.sparse import csr_array, hstack

        dense = (self.embed(texts) if embeddings is None else embeddings).astype(np.float64)
        if self.ngrams is None:
            return dense
        rows = self.ngrams.transform(texts) if ngrams is None else ngrams
        return csr_array(hstack([csr_array(dense), self.weight * rows]))


class TextEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Embeddings of texts as a scikit-learn transformer.

    Without a model, `fit` trains one on its texts, so that each fold of a cross-validated pipeline trains on its own
    texts and nothing leaks; with a model, `fit` learns nothing.

    Parameters:
        model: an encoder with `encode(texts)`, or a model folder; None trains a static model in `fit`.
        seed: of the training.
        progress: show on standard error how the training goes.

    Attributes:
        model_: the encoder.
        n_features_out_: length of a vector.
    """

    def __init__(self, model: Any = None, *, seed: int = 0, progress: bool = False) -> None:
        self.model = model
        self.seed = seed
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "TextEncoder":
        """Train a model on texts if none was given.

        Args:
            X: texts.
            y: ignored.

        Raises:
            InputError: an element of `X` is not a string, or there are too few texts to train on.
        """
        self.model_ = load_or_train(self.model, check_texts(X), seed=self.seed, progress=self.progress)
        self.n_features_out_ = int(Features(self.model_, None).embed([]).shape[1])
        return self

    def transform(self, X: Any) -> Float32[np.ndarray, "texts dim"]:
        """Encode texts as unit vectors; a blank text is a row of zeros."""
        if not hasattr(self, "model_"):
            raise NotFittedError("this TextEncoder is not fitted: call fit(texts)")
        return Features(self.model_, None).embed(check_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return `likewise0`, `likewise1`, …: the column names of `set_output`."""
        return np.array([f"likewise{place}" for place in range(self.n_features_out_)], object)

    def __sklearn_clone__(self) -> "TextEncoder":
        return type(self)(**self.get_params(deep=False))  # models are shared, as nothing here changes them

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, requires_fit=True, input_tags=replace(tags.input_tags, string=True, two_d_array=False))
