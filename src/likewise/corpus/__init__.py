"""Read files and objects as texts: a stream of Arrow batches, in bounded memory.

Start with `read.py`, whose `read` every other room calls; it reads lists, tables and data frames. `paths.py` reads
files, folders and standard input with the reader of each format (`delimited.py`, `json_rows.py`, `arrow.py`; plain text
files itself). `columns.py` chooses the columns, `encoding.py` detects the encoding, `rows.py` converts values without
types. `batch.py` is the result, and the pass that counts rows and skips or refuses bad ones. `demo_corpus.py` is a
corpus that every machine has.
"""
