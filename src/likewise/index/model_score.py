"""The label-free score of the models of indexes, on texts of one of them: which of two models suits the texts better?

The task is cut by words, so that models of any tokenizer are scored on the same spans, as text.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from likewise.arrays import Float
from likewise.geometry.score import POOL, Score, ScoreTask, label_free_score, score_task
from likewise.index.entries import read_entries, sample_row_ids
from likewise.index.record import Record
from likewise.index.stored_model import StoredModel
from likewise.tokens.ragged import Ragged
from likewise.tokens.scripts import is_run

LONGEST = 4_000  # characters of a text that count


class WordTask:
    """The task of the label-free score on a list of texts.

    Args:
        texts: at most some thousands.
        rng: draws spans and queries.
    """

    def __init__(self, texts: Sequence[str], rng: np.random.Generator) -> None:
        self._spelled: list[str] = []  # by word id, in the first spelling
        ids = self._ids(texts)
        every = np.arange(len(ids))
        self.task: ScoreTask = score_task(ids.take, len(ids), every, np.zeros(len(self._spelled), np.bool_), rng)

    def score(
        self,
        encode_queries: Callable[[list[str]], Float[np.ndarray, "texts dim"]],
        encode_documents: Callable[[list[str]], Float[np.ndarray, "texts dim"]],
    ) -> Score:
        """Score a model; NaN if no two of the texts share a word.

        Args:
            encode_queries: returns a unit vector for each text that searches; zeros for one without a known word.
            encode_documents: returns a vector for each text that is to be found.
        """

        def on_text(encode: Callable[[list[str]], np.ndarray]) -> Callable[[Ragged], np.ndarray]:
            return lambda ids: np.asarray(encode(self._texts(ids)), np.float32)

        return label_free_score(on_text(encode_queries), self.task, on_text(encode_documents))

    def _ids(self, texts: Sequence[str]) -> Ragged:
        normalizer, splitter = BertNormalizer(lowercase=False, strip_accents=False), BertPreTokenizer()
        known: dict[str, int] = {}
        rows = []
        for text in texts:
            words = [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text[:LONGEST]))]
            words = [word for word in words if any(map(str.isalnum, word))]
            for word in words:
                if word.lower() not in known:
                    known[word.lower()] = len(known)
                    self._spelled.append(word)
            rows.append([known[word.lower()] for word in words])
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return Ragged(np.array([id for row in rows for id in row], np.int32), offsets)

    def _texts(self, ids: Ragged) -> list[str]:
        return [_spaced([self._spelled[id] for id in ids[row]]) for row in range(len(ids))]


def _spaced(words: list[str]) -> str:
    """The words as text; the characters of scripts without spaces, which the task counts as words, stay together."""
    runs = [is_run(word) for word in words]
    spaces = ["" if this and other else " " for this, other in pairwise(runs)]
    return "".join(part for word, space in zip(words, [*spaces, ""], strict=True) for part in (word, space))


def score_models(record: Record, models: Sequence[StoredModel], *, seed: int = 0) -> list[Score]:
    """Score models on a sample of the texts of an index, all on the same.

    Args:
        record: of the index.
        models: of this index and of others.
        seed: draws the sample and the spans.
    """
    rng = np.random.default_rng(seed)
    with record.reading() as connection:
        texts = [entry.text for entry in read_entries(connection, sample_row_ids(connection, POOL, rng)).values()]
    task = WordTask(texts, rng)
    return [task.score(model.queries, model.documents) for model in models]
