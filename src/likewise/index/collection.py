"""An index: texts that are found by meaning, by their words, or by both, in one folder that needs nothing else."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from likewise.atomic import refuse_other, replacing_folder
from likewise.corpus.encoding import well_formed
from likewise.errors import ConflictError, InputError
from likewise.index.bm25 import TermOverlap
from likewise.index.columns import Rows, checked_ids, rows_of_corpus, rows_of_texts
from likewise.index.entries import (
    Additions,
    Entry,
    column_positions,
    named_by,
    read_entries,
    remove,
    row_ids_of,
    sample_row_ids,
)
from likewise.index.filters import Where
from likewise.index.hybrid import Hits, Listing, Searcher, check_search
from likewise.index.record import FILE, Record, file_size
from likewise.index.stems import Stems
from likewise.index.stored_model import StoredModel
from likewise.index.vector_cache import CacheSettings
from likewise.notebook import table


@dataclass(frozen=True)
class Description:
    """What `Collection.describe` returns.

    Attributes:
        texts: how many the index has.
        dim: length of a stored vector.
        components: names of the components of a stored vector.
        columns: their names.
        generation: how many writes there were.
        kind: "exact" or "approximate" search by vector.
        recall: recall at 10 of search by vector, measured on a sample of the texts; 1.0 when exact.
        bytes: size of the folder.
        model: class of the model, and the first characters of its fingerprint.
        stems: how many forms of words are indexed as another form.
    """

    texts: int
    dim: int
    components: tuple[str, ...]
    columns: tuple[str, ...]
    generation: int
    kind: str
    recall: float
    bytes: int
    model: str
    stems: int


class Collection:
    """Texts with their vectors, words and columns, in one folder.

    Several processes can read while one writes; threads of one process take turns. A call of `add` or `delete` happens
    completely or not at all, even if the process is killed.

    Args:
        record: of the index.
        model: the model of the index; None loads the stored one when it is first needed.
        settings: of the cache of vectors.

    Attributes:
        path: the folder.
    """

    def __init__(self, record: Record, model: Any, settings: CacheSettings | None = None) -> None:
        self.path = record.folder
        self._expected: int | None = None
        self._record = record
        with record.reading():
            self._stored_model = StoredModel(record, model)
        self._searcher = Searcher(record, self._stored_model.components, settings or CacheSettings())

    @classmethod
    def create(cls, path: str | Path, model: Any, overwrite: bool = False) -> "Collection":
        """Create an empty index.

        Args:
            path: a folder that does not exist yet, by convention named like `reviews.index`.
            model: a Likewise model, which is stored in the index, or any object with `encode(texts)`, such as a
                sentence-transformers model, which is not stored and must be passed to `open`.
            overwrite: replace the index at `path`.

        Raises:
            InputError: `path` exists, or is to be overwritten and is no index; or `model` is no model.
            LikewiseError: this Python's SQLite lacks FTS5, or the disk is full.
        """
        path, stems = Path(path), Stems.of(model)
        if overwrite:
            refuse_other(path, FILE, "no index", empty=True)
        with replacing_folder(path, overwrite=overwrite) as folder:
            settings = StoredModel.save(folder, model) | {"collection": uuid.uuid4().hex, "stems": stems.to_json()}
            Record.create(folder, settings | {"sum": np.zeros(settings["dim"]).tobytes()})
        return cls(Record.open(path), model)

    @classmethod
    def open(cls, path: str | Path, model: Any = None) -> "Collection":
        """Open an index.

        Args:
            path: the folder.
            model: the model that it was made with; None loads the stored one when it is first needed.

        Raises:
            InputError: there is no index at `path`, or it is damaged or has another format; `model` is another than its
                own; or none was given and none is stored.
        """
        record = Record.open(Path(path))
        try:
            with record.reading():
                StoredModel.check(record, model)
            return cls(record, model)
        except BaseException:
            record.close()
            raise

    def add(self, texts: Any, /, ids: Any = None, **columns: Any) -> int:
        """Add texts, or replace those with an id that exists; all or none. They are durable when this returns.

        Args:
            texts: strings, in a list or an Arrow, numpy or pandas column. An empty one is stored, and never found.
            ids: one a text, each once; None gives the integers after the largest so far.
            columns: one value a text: text, numbers, true or false, None; dates become ISO text.

        Returns:
            How many texts were added or replaced.

        Raises:
            InputError: lengths differ, an id occurs twice, or a value cannot be stored.
            LikewiseError: another process is writing and does not finish, or the disk is full.
        """
        return self._write(rows_of_texts(texts, ids, columns), None)

    def add_corpus(self, corpus: Iterable[Any], progress: Callable[[int], None] | None = None) -> int:
        """Add a stream of batches, as `likewise.corpus.read` returns them; all or none, in bounded memory.

        Args:
            corpus: batches with `ids`, `texts` and `columns` as Arrow arrays and tables; ids of None become the
                integers after the largest so far, and so do ids that are only row numbers if the index has texts.
            progress: called with the number of texts so far.

        Returns:
            How many texts were added or replaced.
        """
        return self._write(rows_of_corpus(corpus), progress)

    @contextmanager
    def expecting(self, generation: int | None) -> Iterator[None]:
        """Within the block, write only if the index has had no other write since `generation`.

        Args:
            generation: as `generation` was; None expects nothing.

        Raises:
            ConflictError: by `add` and `delete`, if it has; nothing is written.
        """
        self._expected = generation
        try:
            yield
        finally:
            self._expected = None

    def delete(self, ids: Any) -> int:
        """Remove texts, all or none; ids that do not exist are ignored.

        Args:
            ids: of whole texts, of texts that were added in passages, or of single passages.

        Returns:
            How many of them existed.
        """
        wanted = checked_ids([ids] if isinstance(ids, (str, int)) else list(ids))
        with self._record.writing() as generation:
            self._check_expected(generation)
            names = named_by(self._record.connection, wanted)
            remove(self._record, generation, np.sort(np.fromiter(names, np.int64, len(names))))
        self._renew_cache()
        return len(set(names.values()))

    def get(self, id: str) -> Entry | None:
        """Return the text with this id, or None."""
        with self._record.reading() as connection:
            found = read_entries(connection, row_ids_of(connection, checked_ids([id])))
            return next(iter(found.values()), None)

    def search(self, query: str, k: int = 10, mode: str = "hybrid", where: Where | None = None) -> Hits:
        """Return the texts that answer a query best.

        Args:
            query: whatever a user types.
            k: how many.
            mode: "vector" by meaning alone, "text" by words (BM25), "hybrid" by both.
            where: a filter on columns, `'price < 10 and brand = "acme"'` or `{"brand": "acme", "price": ("<", 10)}`.

        Raises:
            InputError: the query is no text, `k` is below 1, the mode is unknown, or the filter cannot be parsed.
        """
        return self.search_many([query], k, mode, where)[0]

    def search_many(
        self,
        queries: Sequence[str],
        k: int = 10,
        mode: str = "hybrid",
        where: Where | None = None,
        facets: Sequence[str] = (),
    ) -> list[Hits]:
        """Search for several queries at once, which is faster; returns one list of hits a query.

        Args:
            queries: whatever users type.
            k: how many hits of each.
            mode: as in `search`.
            where: a filter on columns.
            facets: columns whose values are counted among the best 200 texts of a query, as `Hits.facets`.

        Raises:
            InputError: as in `search`, or a column of `facets` is unknown.
        """
        check_search(queries, k, mode)
        vectors = self._stored_model.queries(list(queries)) if mode != "text" and len(queries) else None
        return self._searcher.search(queries, vectors, int(k), mode, where, facets)

    def entries(
        self, k: int = 10, where: Where | None = None, *, after: str | None = None, facets: Sequence[str] = ()
    ) -> Listing:
        """Return texts without a query, in the order in which they were added.

        Args:
            k: how many.
            where: a filter on columns.
            after: id of the text after which they begin; the first ones if None.
            facets: columns whose values are counted among all texts that pass the filter.

        Raises:
            InputError: there is no text `after`, the filter cannot be parsed, or a column of `facets` is unknown.
        """
        return self._searcher.entries(k, where, after, facets)

    def like(
        self, id: str, k: int = 10, mode: str = "hybrid", where: Where | None = None, facets: Sequence[str] = ()
    ) -> Hits:
        """Return the texts that are most similar to one of the index, without that text.

        Args:
            id: of the text.
            k: how many.
            mode: as in `search`; the query is the whole text.
            where: a filter on columns.
            facets: as in `search_many`.

        Raises:
            InputError: there is no such text, or `search` refuses an argument.
        """
        check_search([], k, mode)
        entry = self.get(id)
        if entry is None:
            raise InputError(f"{self.path} has no text with the id {id!r}: expected the id of a text in the index")
        (hits,) = self.search_many([entry.text], k + 1, mode, where, facets)
        return Hits([hit for hit in hits if hit.id != entry.id][:k], hits.facets)

    def overlap(self, query: str) -> TermOverlap:
        """Return the overlap of texts with the terms of a query; terms that are rare in this index count more."""
        with self._record.lock, self._record.reading():
            return self._searcher.term_overlap(well_formed(query))

    def sample(self, count: int, rng: np.random.Generator) -> list[Entry]:
        """Return a random sample of the texts; all of them if there are no more than `count`."""
        with self._record.reading() as connection:
            return list(read_entries(connection, sample_row_ids(connection, count, rng)).values())

    def build(self) -> None:
        """Optimise the index for search: compute the cache of all vectors, and merge the segments of FTS5.

        Large writes compute the cache anyway. Takes about a second for 200,000 texts.

        Raises:
            LikewiseError: another process is writing and does not finish, or the disk is full.
        """
        vectors, connection = self._searcher.vectors, self._record.connection
        with self._record.lock:
            vectors.reload()
            with self._record.writing(changes=False):
                connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            with self._record.reading():
                generation: int = self._record.setting("generation")
                if vectors.cache is None or vectors.cache.generation < generation:
                    vectors.build(connection)
            with self._record.writing(changes=False):
                # From now on a cache of an earlier generation cannot be used.
                connection.execute("DELETE FROM removed WHERE generation <= ?", (generation,))
                self._record.set_setting("removed_cleared", generation)

    def describe(self) -> Description:
        """Return counts, sizes and the kind of search."""
        vectors, record = self._searcher.vectors, self._record
        with record.lock:
            vectors.reload()
        with record.reading() as connection:
            binary = vectors.cache.binary if vectors.cache else None
            return Description(
                texts=record.setting("texts"),
                dim=record.setting("dim"),
                components=tuple(each.name for each in self._stored_model.components),
                columns=tuple(column_positions(connection)),
                generation=record.setting("generation"),
                kind="approximate" if binary else "exact",
                recall=binary.recall if binary else 1.0,
                bytes=sum(map(file_size, self.path.rglob("*"))),
                model=self._stored_model.name,
                stems=len(record.stems),
            )

    @property
    def generation(self) -> int:
        """How many writes there were."""
        with self._record.reading():
            generation: int = self._record.setting("generation")
        return generation

    @property
    def stems(self) -> Stems:
        """Which words count as forms of the same word."""
        with self._record.reading():
            return self._record.stems

    @property
    def model(self) -> Any:
        """The model that encodes texts and queries; of a Likewise model, the components that search uses."""
        return self._stored_model.model

    def close(self) -> None:
        """Close the files."""
        self._record.close()

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        return table(self.path.name, vars(self.describe()))

    def __len__(self) -> int:
        with self._record.reading():
            count: int = self._record.setting("texts")
        return count

    def __contains__(self, id: str) -> bool:
        return self.get(id) is not None

    def __enter__(self) -> "Collection":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _check_expected(self, generation: int) -> None:
        if self._expected is not None and generation != self._expected + 1:
            raise ConflictError(
                f"{self.path} has generation {generation - 1}, expected {self._expected}: read it again before writing"
            )

    def _write(self, stream: Iterable[Rows], progress: Callable[[int], None] | None) -> int:
        with self._record.writing() as generation:
            self._check_expected(generation)
            additions = Additions(self._record, generation)
            for rows in stream:
                additions.add(rows, self._stored_model.documents(rows.texts))
                if progress:
                    progress(additions.count)
            count = additions.finish()
        self._renew_cache()
        return count

    def _renew_cache(self) -> None:
        """Compute the cache after a large write, or many: the next reader need not."""
        vectors = self._searcher.vectors
        with self._record.lock:
            vectors.reload()
            with self._record.reading() as connection:
                if vectors.is_stale(connection):
                    vectors.build(connection)
