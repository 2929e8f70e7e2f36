"""Words and pairs of words of a text, weighted by TF-IDF; words that a negation reaches count as words of their own.

An embedding smooths: what it has not learned to tell apart, it cannot. Beside it the words themselves are features, so
that a word that decides is not lost among its neighbours (Wang and Manning 2012 show how far pairs of words go).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["CountedTerms", "WordNgrams", "terms_of"]

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
