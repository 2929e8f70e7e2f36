"""An index: texts that can be found by meaning, by their words, or by both, in one folder that needs nothing else."""

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.atomic import refuse_other, replacing_folder
from likewise.errors import InputError
from likewise.index.bm25 import Overlap
from likewise.index.columns import Rows, checked_ids, rows_of_corpus, rows_of_texts, well_formed
from likewise.index.entries import Additions, Entry, columns_of, drawn, entries, numbers_of_ids, remove, stored_vectors
from likewise.index.filters import Where
from likewise.index.hybrid import components_of
from likewise.index.record import FILE, Description, Record, identity_settings, size_of
from likewise.index.search import Hit, Searcher, check_search
from likewise.index.stems import Stems
from likewise.model.embedder import identity_of, query_vectors
from likewise.model.load import STORED, check_embedder, load_stored

__all__ = ["Collection", "Description", "Hit"]


class Collection:
    """Texts with their vectors, words and columns, in one folder.

    Several processes may read while one writes; threads of one process take turns. What `add` or `delete` is asked for
    is done wholly or not at all, whatever happens to the process.

    Attributes:
        path: the folder.
    """

    def __init__(self, record: Record, model: Any) -> None:
        self.path = record.folder
        self._record, self._model = record, model
        self._searcher = Searcher(record)

    @classmethod
    def create(cls, path: str | Path, model: Any, overwrite: bool = False) -> "Collection":
        """Make an empty index.

        Args:
            path: a folder that does not exist yet, by custom named like `reviews.index`.
            model: a Likewise model, which is stored in the index, or anything with `encode(texts)`, a
                sentence-transformers model for one, which is not and must be passed to `open`.
            overwrite: replace the index that stands there.

        Raises:
            InputError: `path` exists, or is to be overwritten and is no index; or `model` is no model.
            LikewiseError: this Python's SQLite lacks FTS5, or the disk is full.
        """
        path, known, stems = Path(path), identity_of(model), Stems.of(model)
        parts = components_of(model, known.dim)
        if overwrite:
            refuse_other(path, FILE, "no index", empty=True)
        with replacing_folder(path, overwrite=overwrite) as beside:
            start = {"collection": uuid.uuid4().hex, "sum": np.zeros(known.dim).tobytes(), "stems": stems.kept()}
            start["parts"] = json.dumps([astuple(part) for part in parts])
            Record.create(beside, start | identity_settings(known))
            if known.storable:
                model.save(beside / STORED)
        return cls(Record.open(path), model)

    @classmethod
    def open(cls, path: str | Path, model: Any = None) -> "Collection":
        """Open an index.

        Args:
            path: the folder.
            model: the model that it was made with; None takes the one stored in it, when it is first needed.

        Raises:
            InputError: no index is there, or it is damaged or of a newer format; `model` is another than its own; or
                none was given and none is stored.
        """
        record = Record.open(Path(path))
        try:
            with record.reading():
                check_embedder(record.folder, record.identity, model)
            return cls(record, model)
        except BaseException:
            record.close()
            raise

    def add(self, texts: Any, /, ids: Any = None, **columns: Any) -> int:
        """Add texts, or replace those whose id exists; all or none.

        Args:
            texts: strings, in a list or an Arrow, numpy or pandas column. An empty one is kept, and found by no search.
            ids: one a text, each once; None gives the integers after the largest so far.
            columns: one value a text: text, numbers, true or false, None; dates become ISO text.

        Returns:
            How many texts were added or replaced.

        Raises:
            InputError: lengths differ, an id occurs twice, or a value cannot be kept.
            LikewiseError: another process is writing and does not end, or the disk is full.
        """
        return self._write(rows_of_texts(texts, ids, columns), None)

    def add_corpus(self, corpus: Iterable[Any], progress: Callable[[int], None] | None = None) -> int:
        """The same for a stream of batches, as `likewise.corpus.read` gives them; all or none, in bounded memory.

        Args:
            corpus: batches with `ids`, `texts` and `columns` as Arrow arrays and tables; ids that are None become the
                integers after the largest so far, and so do mere numbers of rows where the index holds texts already.
            progress: called with the number of texts so far.

        Returns:
            How many texts were added or replaced.
        """
        return self._write(rows_of_corpus(corpus, empty=len(self) == 0), progress)

    def delete(self, ids: Any) -> int:
        """Remove texts, all or none; ids that do not exist are passed over.

        Returns:
            How many there were.
        """
        wanted = checked_ids([ids] if isinstance(ids, (str, int)) else list(ids))
        with self._record.writing() as generation:
            numbers = numbers_of_ids(self._record.connection, wanted)
            remove(self._record, generation, numbers)
        return len(numbers)

    def get(self, id: str) -> Entry | None:
        """The text of this id, or None."""
        with self._record.reading() as connection:
            return next(iter(entries(connection, numbers_of_ids(connection, checked_ids([id]))).values()), None)

    def search(self, query: str, k: int = 10, mode: str = "hybrid", where: Where | None = None) -> list[Hit]:
        """The texts that answer a query best.

        Args:
            query: whatever one may type.
            k: how many.
            mode: "vector" by meaning, "text" by words (BM25), "hybrid" by both.
            where: a filter on columns, `'price < 10 and brand = "acme"'` or `{"brand": "acme", "price": ("<", 10)}`.

        Raises:
            InputError: the query is no text, `k` is below 1, the mode is unknown, or the filter cannot be read.
        """
        return self.search_many([query], k, mode, where)[0]

    def search_many(
        self, queries: Sequence[str], k: int = 10, mode: str = "hybrid", where: Where | None = None
    ) -> list[list[Hit]]:
        """The same for several queries at once, which is quicker; one list of hits a query."""
        check_search(queries, k, mode)
        vectors = self._query_vectors(queries) if mode != "text" and len(queries) else None
        return self._searcher.search(queries, vectors, int(k), mode, where)

    def like(self, id: str, k: int = 10, mode: str = "hybrid", where: Where | None = None) -> list[Hit]:
        """The texts that are most like the one of this id, which is not among them.

        Args:
            id: of a text of the index.
            k: how many.
            mode: as in `search`, which the whole text is given to.
            where: a filter on columns.

        Raises:
            InputError: there is no such text, or what `search` refuses.
        """
        check_search([], k, mode)
        entry = self.get(id)
        if entry is None:
            raise InputError(f"{self.path} has no text with the id {id!r}: expected the id of one that it holds")
        return [hit for hit in self.search(entry.text, k + 1, mode, where) if hit.id != entry.id][:k]

    def overlap(self, query: str) -> Overlap:
        """What tells how much of a query's words a text has, rare words of this index counting more."""
        with self._record.turn, self._record.reading():
            return self._searcher.overlap(well_formed(query))

    def sample(self, count: int, rng: np.random.Generator) -> list[Entry]:
        """Some of the texts, drawn at random, each once; all of them where there are no more."""
        with self._record.reading() as connection:
            return list(entries(connection, drawn(connection, count, rng)).values())

    def build(self) -> None:
        """Bring what search reads into its quickest form: no text is left outside of the cache, the words are in order.

        Large changes do the first by themselves. Takes about a second for 200,000 texts.

        Raises:
            LikewiseError: another process is writing and does not end, or the disk is full.
        """
        vectors, connection = self._searcher.vectors, self._record.connection
        with self._record.turn:
            vectors.look()
            with self._record.writing(changes=False):
                connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            with self._record.reading():
                generation: int = self._record.setting("generation")
                if vectors.cache is None or vectors.cache.generation < generation:
                    vectors.build(connection)
            with self._record.writing(changes=False):
                # From now on a cache from before this generation is of no use.
                connection.execute("DELETE FROM removed WHERE generation <= ?", (generation,))
                self._record.set_setting("forgotten", generation)

    def describe(self) -> Description:
        """What there is to know of it."""
        vectors = self._searcher.vectors
        with self._record.turn:
            vectors.look()
        with self._record.reading() as connection:
            signs = vectors.cache.signs if vectors.cache else None
            return Description(
                texts=self._record.setting("texts"),
                dim=self._record.setting("dim"),
                columns=tuple(columns_of(connection)),
                generation=self._record.setting("generation"),
                kind="signs" if signs else "exact",
                recall=signs.recall if signs else 1.0,
                bytes=size_of(self.path),
                model=f"{self._record.setting('model')} {self._record.setting('fingerprint')[:12]}",
                stems=len(self._record.stems),
            )

    @property
    def generation(self) -> int:
        """How many writes it has seen."""
        with self._record.reading():
            seen: int = self._record.setting("generation")
        return seen

    @property
    def model(self) -> Any:
        """The model that texts and queries are encoded with."""
        if self._model is None:
            with self._record.reading():
                self._model = load_stored(self.path, self._record.identity)
        return self._model

    def close(self) -> None:
        """Let go of the files."""
        self._record.close()

    def __len__(self) -> int:
        with self._record.reading():
            count: int = self._record.setting("texts")
        return count

    def __contains__(self, id: str) -> bool:
        return self.get(id) is not None

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, stream: Iterable[Rows], progress: Callable[[int], None] | None) -> int:
        with self._record.writing() as generation:
            dim = self._record.setting("dim")
            additions = Additions(self._record, generation, dim)
            for rows in stream:
                additions.add(rows, stored_vectors(self.model, rows.texts, dim))
                if progress:
                    progress(additions.count)
            count = additions.finish()
        self._freshen()
        return count

    def _freshen(self) -> None:
        """After a large write the writer makes the cache, rather than the next reader."""
        vectors = self._searcher.vectors
        with self._record.turn:
            vectors.look()
            with self._record.reading() as connection:
                if vectors.stale(connection):
                    vectors.build(connection)

    def _query_vectors(self, queries: Sequence[str]) -> Float32[np.ndarray, "queries dim"]:
        """Unit vectors of the queries, exactly as the model gives them; zeros for blank ones."""
        with self._record.reading():
            dim = self._record.setting("dim")
        vectors = np.zeros((len(queries), dim), np.float32)
        spoken = [row for row, query in enumerate(queries) if query.strip()]
        if spoken:
            vectors[spoken] = query_vectors(self.model, [well_formed(queries[row]) for row in spoken], dim)
        return vectors
