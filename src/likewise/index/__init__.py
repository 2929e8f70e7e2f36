"""Texts and vectors on disk: the record that stores them, and search by meaning, by words, or both.

`collection.py` is the interface; read it first.

Stored:       `record.py` SQLite and its transactions · `columns.py` what a user adds · `entries.py` texts in and out
              `row_ids.py` row ids and what changed · `stored_model.py` the model and which columns of it are stored
              `filters.py` filters on columns
By words:     `bm25.py` BM25 over FTS5 and from memory · `stems.py` texts as terms: stems, CJK bigrams
By meaning:   `vectors.py` the cache of codes and the nearest texts · `int8_scan.py` exact search
              `binary_codes.py` approximate search for many texts · `kernels.py` compiled loops
Both:         `hybrid.py` one search, and the fusion of both scores
"""
