"""What the study of negatives trains on and is judged by: real corpora, and one with many near-copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from retrieval import Retrieval, ndcg, read_retrieval

__all__ = ["CORPORA", "Judged", "mrr", "read_judged", "with_near_copies"]

K = 10
MOST_QUERIES = 1_000  # drawn once from those of a corpus that has more: ranking is not to cost more than training
CORPORA = {"scifact": "nDCG@10", "npl": "nDCG@10", "askubuntu_dups": "MRR@10"}
"""The real corpora, with the measure that is usual for each."""


@dataclass(frozen=True)
class Judged:
    """A corpus and its judgements.

    Attributes:
        name: of the corpus.
        texts: what is trained on.
        retrieval: the documents that are searched, the queries and their judgements.
        measure: `nDCG@10`; or `MRR@10` where a query is a document itself, whose own row is left out.
        copies: how many of the texts are made, and not the corpus's own.
    """

    name: str
    texts: list[str]
    retrieval: Retrieval
    measure: str
    copies: int = 0

    def score(self, documents: np.ndarray, queries: np.ndarray) -> float:
        """The measure of a search by cosine.

        Args:
            documents: unit rows, in the order of the documents.
            queries: unit rows, in the order of the queries.
        """
        ids, names, own = self.retrieval.ids, [*self.retrieval.queries], self.measure.startswith("MRR")
        found: dict[str, list[str]] = {}
        for start in range(0, len(names), 256):
            similarity = queries[start : start + 256] @ documents.T
            best = np.argpartition(-similarity, K, axis=1)[:, : K + 1]
            for query, row, places in zip(names[start : start + 256], similarity, best, strict=True):
                ranked = [ids[place] for place in places[np.argsort(-row[places], kind="stable")]]
                found[query] = [id for id in ranked if not (own and id == query)][:K]
        return (mrr if own else ndcg)(found, self.retrieval.judged, K)


def mrr(found: Mapping[str, Sequence[str]], judged: Mapping[str, Mapping[str, int]], k: int = K) -> float:
    """Mean over the queries of 1 / rank of the first relevant document; 0 where none is among the first k."""
    ranks = [
        next((rank for rank, id in enumerate(ids[:k], 1) if id in judged[query]), None) for query, ids in found.items()
    ]
    return float(np.mean([1 / rank if rank else 0.0 for rank in ranks]))


def read_judged(data: Path, name: str) -> Judged:
    """A corpus of `CORPORA`, with all its documents as texts to train on."""
    found = read_retrieval(data / name)
    ids = [*found.queries]
    if len(ids) > MOST_QUERIES:
        drawn = np.sort(np.random.default_rng(0).choice(len(ids), MOST_QUERIES, replace=False))
        found = replace(found, queries={ids[place]: found.queries[ids[place]] for place in drawn})
    return Judged(name, found.texts, found, CORPORA[name])


def with_near_copies(judged: Judged, rng: np.random.Generator, *, share: float, originals: int) -> Judged:
    """The same documents and judgements, but among the texts to train on are near-copies of a few of them.

    A copy is one of `originals` texts, drawn at random, in which one word, drawn at random, is replaced by one of all
    words of the corpus, each as likely as it is frequent. So logs and tickets look: a few forms, each many times, with
    a name or a number changed. The copies are no documents and nobody searches for them: what is judged stays the same.

    Args:
        judged: the corpus.
        rng: where the random numbers come from.
        share: of the texts that are to be copies.
        originals: how many texts have copies, about as many each.
    """
    texts = judged.texts
    words = [word for text in texts for word in text.split()]
    copied = rng.choice(len(texts), originals, replace=False)
    copies = []
    for drawn in rng.choice(copied, round(len(texts) * share / (1 - share))):
        changed = texts[drawn].split()
        changed[rng.integers(len(changed))] = words[rng.integers(len(words))]
        copies.append(" ".join(changed))
    name = f"{judged.name}, {share:.0%} near-copies of {originals:,} text{'s' * (originals > 1)}".replace("%", " %")
    return replace(judged, name=name, texts=[*texts, *copies], copies=len(copies))
