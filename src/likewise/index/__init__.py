"""Texts and vectors on disk: the record that stores them, and search by meaning, by words, or both.

`collection.py` is the interface; read it first.

Stored:       `record.py` SQLite, its transactions and row ids · `wal.py` readers who may not write
              `columns.py` what a user adds
              `entries.py` texts in and out · `filters.py` filters on columns
              `stored_model.py` the model and which columns of it are stored
By words:     `bm25.py` BM25 over FTS5 and from memory · `postings.py` which texts contain a term ·
              `ngrams.py` character n-grams of candidates
              `stems.py` texts as terms: stems, CJK bigrams
By meaning:   `vectors.py` the nearest texts · `vector_cache.py` the cache of codes
              `codes.py` exact search, and approximate search for many texts · `kernels.py` compiled loops
Both:         `hybrid.py` one search, and the fusion of both scores
"""
