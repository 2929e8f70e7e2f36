"""Texts and vectors at rest: the record that keeps them, the search that finds them by meaning, by words, or both.

`collection.py` is what a user calls; read it first.

What is kept:   `record.py` SQLite, its transactions · `rows.py` what a user adds · `entries.py` into the record and out
                `numbers.py` texts by number, and what changed
                `columns.py` what a column holds · `file_columns.py` which come along from a file
                `where.py` filters · `embedder.py` the model · `description.py` what there is to know of an index
By words:       `words.py` BM25 · `postings.py` the same from memory, for who asks often · `runs.py` scripts without
                spaces · `stems.py` forms of a word made one
By meaning:     `vectors.py` the cache and what came after it · `cache.py` its file · `exact.py` all codes are looked at
                `signs.py` a bit a component comes first, where texts are many
Both:           `search.py` one search · `fusion.py` the two sides in one score
                `overlap.py` how much of a query's words a text has
"""
