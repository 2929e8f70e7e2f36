"""Retrieval with judgements, in the layout of BEIR, and how good a ranking is: nDCG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from texts import lines, rows

__all__ = ["Retrieval", "ndcg", "read_retrieval"]


@dataclass(frozen=True)
class Retrieval:
    """Documents, queries, and which documents answer which query.

    Attributes:
        name: of the data set.
        ids: of the documents.
        texts: the documents, in the order of `ids`: title, full stop, text.
        queries: the judged queries, by id.
        judged: of each of them, the relevance of the documents above 0.
    """

    name: str
    ids: list[str]
    texts: list[str]
    queries: dict[str, str]
    judged: dict[str, dict[str, int]]


def read_retrieval(folder: Path) -> Retrieval:
    """Read `corpus.jsonl`, `queries.jsonl` and the judgements in `qrels.tsv` or, as in BEIR, the first of `qrels/`.

    A document without a title is its text, one without a text its title, and one without either is left out. All
    judged queries count, whatever their split.
    """
    ids, texts = [], []
    for row in rows(folder / "corpus.jsonl"):
        text = ". ".join(part for part in (row.get("title") or "", row.get("text") or "") if part.strip())
        if text:
            ids.append(_id(row))
            texts.append(text)
    judged: dict[str, dict[str, int]] = {}
    for line in lines(_judgements(folder))[1:]:
        query, document, relevance = line.split("\t")[:3]
        if int(relevance) > 0:
            judged.setdefault(query, {})[document] = int(relevance)
    queries = {_id(row): row["text"] for row in rows(folder / "queries.jsonl")}
    return Retrieval(folder.name, ids, texts, {id: queries[id] for id in judged if id in queries}, judged)


def ndcg(found: Mapping[str, Sequence[str]], judged: Mapping[str, Mapping[str, int]], k: int = 10) -> float:
    """Mean over the queries of DCG / best possible DCG at k, gain 2^relevance - 1 (Burges et al. 2005).

    Args:
        found: of each judged query the ids of what was found, best first.
        judged: of each query the relevance of documents; what is not in it has 0.
        k: how many count.
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    scores = []
    for query, ids in found.items():
        relevance = judged[query]
        gains = [2.0 ** relevance.get(id, 0) - 1 for id in ids[:k]]
        best = sorted((2.0**grade - 1 for grade in relevance.values()), reverse=True)[:k]
        scores.append(float(discount[: len(gains)] @ gains) / float(discount[: len(best)] @ best))
    return float(np.mean(scores))


def _judgements(folder: Path) -> Path:
    if (folder / "qrels").is_dir():
        return min((folder / "qrels").iterdir(), key=lambda path: ("test" not in path.name, path.name))
    return folder / "qrels.tsv"


def _id(row: Mapping[str, str]) -> str:
    return str(row["_id"] if "_id" in row else row["id"])
