"""Words and pairs of words of a text, weighted by TF-IDF; words that a negation reaches count as words of their own.

An embedding smooths: what it has not learned to tell apart, it cannot. Beside it the words themselves are features, so
that a word that decides is not lost among its neighbours (Wang and Manning 2012 show how far pairs of words go).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from likewise.applications.classify.labels import as_texts
from likewise.model.embedder import unit_vectors
from likewise.training.train import load_or_train

__all__ = ["CountedTerms", "Features", "TextEncoder", "WordNgrams", "share_of_words", "terms_of"]


# Scripts without spaces between words count by characters: a pair of them is about a word.
UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
TOKEN = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:['’][^\W{UNSPACED}]+)*|[.,;:!?()]")
ENDS = frozenset(".,;:!?()")
NEGATION_WORDS = (
    "not no never none nothing nobody neither nor cannot without hardly barely dont doesnt didnt isnt wasnt arent wont "
    "cant couldnt wouldnt shouldnt hasnt havent hadnt "  # English, also as it is typed
    "nicht kein keine keinen keiner nie niemals ohne ne pas jamais sans rien no nunca jamás sin ni non mai senza niet "
    "geen nooit zonder não nem sem inte aldrig ikke"
)
NEGATIONS = frozenset(NEGATION_WORDS.split())
REACH = 3  # words behind a negation, unless a sign ends it before (as Pang et al. 2002, who go to the next sign)
MOST_TERMS = 200_000
ENOUGH_TEXTS = 2_000  # labelled ones from which on a term has to be in several
SEVERAL = 3  # texts


def terms_of(text: str) -> list[str]:
    """Words in lower case, pairs of neighbours, and the words that a negation reaches, marked.

    >>> terms_of("Not good")
    ['not', 'good', 'not good', 'not_good']
    """
    words = TOKEN.findall(text.lower())
    pairs = [f"{first} {second}" for first, second in pairwise(words) if first not in ENDS and second not in ENDS]
    return [*(word for word in words if word not in ENDS), *pairs, *_negated(words)]


def _negated(words: Sequence[str]) -> Iterator[str]:
    left = 0
    for word in words:
        if word in NEGATIONS or word.endswith(("n't", "n’t")):
            left = REACH
        elif word in ENDS:
            left = 0
        elif left:
            left -= 1
            yield f"not_{word}"


class WordNgrams:
    """TF-IDF of terms, unit rows.

    Attributes:
        terms: in their order.
        idf: the weight of each term.
    """

    def __init__(self, terms: Sequence[str], idf: Float64[np.ndarray, " terms"]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self.terms, self.idf = list(terms), idf
        self._counter = CountVectorizer(analyzer=terms_of, vocabulary=self.terms) if self.terms else None

    def of_texts(self, texts: Sequence[str]) -> Any:
        """A sparse row a text, of unit length; zeros where none of the terms is in it."""
        from scipy.sparse import csr_array

        if self._counter is None or not texts:
            return csr_array((len(texts), len(self.terms)))
        return self.weighted(self._counter.transform(texts))

    def weighted(self, counts: Any) -> Any:
        """The same from counts of the terms: (1 + ln count) idf, rows scaled to unit length."""
        from scipy.sparse import csr_array
        from sklearn.preprocessing import normalize

        rows = csr_array(counts, dtype=np.float64, copy=True)
        rows.data = (1 + np.log(rows.data)) * self.idf[rows.indices]
        return normalize(rows) if rows.shape[0] and rows.shape[1] else rows


class CountedTerms:
    """The terms of labelled and of unlabelled texts, counted once.

    Args:
        texts: with labels.
        unlabelled: more texts.
    """

    def __init__(self, texts: Sequence[str], unlabelled: Sequence[str] = ()) -> None:
        from scipy.sparse import csr_array
        from sklearn.feature_extraction.text import CountVectorizer

        self._labelled = len(texts)
        counter = CountVectorizer(analyzer=terms_of)
        try:
            self._counts = csr_array(counter.fit_transform([*texts, *unlabelled]))
            self._terms = counter.get_feature_names_out()
        except ValueError:  # there is not one word
            self._counts, self._terms = csr_array((self._labelled + len(unlabelled), 0)), np.zeros(0, object)
        self._texts_with = self._frequencies(self._counts)

    def ngrams(self, *, wide: bool = False) -> tuple[WordNgrams, Any]:
        """Which terms are features, and those of all the texts, the labelled ones first.

        Args:
            wide: the terms of several unlabelled texts too, beside those of labelled ones.
        """
        within = self._frequencies(self._counts[: self._labelled])
        chosen = within >= (1 if self._labelled < ENOUGH_TEXTS else SEVERAL)
        if wide:
            chosen |= self._texts_with - within >= SEVERAL
        columns = np.flatnonzero(chosen)
        if len(columns) > MOST_TERMS:
            columns = np.sort(columns[np.argsort(-self._texts_with[columns], kind="stable")[:MOST_TERMS]])
        idf = np.log((1 + self._counts.shape[0]) / (1 + self._texts_with[columns])) + 1
        found = WordNgrams(self._terms[columns].tolist(), np.asarray(idf, np.float64))
        return found, found.weighted(self._counts[:, columns])

    @staticmethod
    def _frequencies(counts: Any) -> Int64[np.ndarray, " terms"]:
        return np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.int64)


CHUNK = 8_192  # texts that are encoded at once
LEAST_SHARE, WHOLE_SHARE = 0.5, 64  # of words; and the labels a class from which on they count as much as the embedding


def share_of_words(labels: int, classes: int) -> float:
    """How long the row of a text's words is, beside that of its embedding: they tell little of which few labels know.

    A quarter of the cube root of the labels a class, between a half and one.
    """
    return float(np.clip((labels / classes / WHOLE_SHARE) ** (1 / 3), LEAST_SHARE, 1.0))


@dataclass(frozen=True)
class Features:
    """Both blocks, side by side.

    Attributes:
        encoder: anything with `encode`.
        ngrams: None for the embedding alone.
        share: how long the row of n-grams is, where that of the embedding has length 1.
    """

    encoder: Any
    ngrams: WordNgrams | None
    share: float = 1.0

    def vectors(self, texts: Sequence[str]) -> Float32[np.ndarray, "texts dim"]:
        """The embeddings; a text without a character that is not white space is a row of zeros."""
        parts = [unit_vectors(self.encoder, list(texts[at : at + CHUNK]), None) for at in range(0, len(texts), CHUNK)]
        if not parts:
            return unit_vectors(self.encoder, ["empty"], None)[:0].astype(np.float32)
        found = np.concatenate(parts).astype(np.float32)
        found[[not text.strip() for text in texts]] = 0
        return found

    def of(self, texts: Sequence[str], vectors: Any = None, words: Any = None) -> Any:
        """A row a text, dense without n-grams and sparse with them.

        Args:
            texts: any.
            vectors: their embeddings, where they are known already.
            words: their n-grams, likewise.
        """
        from scipy.sparse import csr_array, hstack

        dense = (self.vectors(texts) if vectors is None else vectors).astype(np.float64)
        if self.ngrams is None:
            return dense
        counted = self.ngrams.of_texts(texts) if words is None else words
        return csr_array(hstack([csr_array(dense), self.share * counted]))


class TextEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to vectors.

    In a pipeline that is cross-validated and without a model, each fold trains one on its own texts, so nothing of the
    texts that are predicted is known; with a model, `fit` learns nothing.

    Parameters:
        model: with `encode`, or the folder of one; None trains a static one on the texts that `fit` is given.
        seed: of training.
        progress: show on standard error how training goes.

    Attributes:
        model_: what encodes.
        n_features_out_: length of a vector.
    """

    def __init__(self, model: Any = None, *, seed: int = 0, progress: bool = False) -> None:
        self.model = model
        self.seed = seed
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "TextEncoder":
        """Train a model on texts, or take the one that there is.

        Args:
            X: texts.
            y: ignored: no label is read.

        Raises:
            InputError: something in `X` is not a string, or there are too few texts to train on.
        """
        self.model_ = load_or_train(self.model, as_texts(X), seed=self.seed, progress=self.progress)
        self.n_features_out_ = int(Features(self.model_, None).vectors([]).shape[1])
        return self

    def transform(self, X: Any) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector a text."""
        if not hasattr(self, "model_"):
            raise NotFittedError("this encoder has no model yet: call fit(texts)")
        return Features(self.model_, None).vectors(as_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """`likewise0`, `likewise1`, …: what `set_output` names the columns by."""
        return np.array([f"likewise{place}" for place in range(self.n_features_out_)], object)

    def __sklearn_clone__(self) -> "TextEncoder":
        return type(self)(**self.get_params(deep=False))  # the model is shared: nothing here changes it

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        return replace(tags, requires_fit=True, input_tags=replace(tags.input_tags, string=True, two_d_array=False))
