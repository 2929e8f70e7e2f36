"""Files and objects become texts: a stream of Arrow batches, read once, in bounded memory.

`read.py` is the door; read it first. What it opens: the formats of `files/`, and what a program holds already
(`frames.py`). `columns.py` says which column is what; `tables.py`, `records.py` and `rows.py` make texts of Arrow
batches, of objects and of values without types; `reading.py` knows where a pass stands and what becomes of a bad
row. `batch.py` is what comes out. `split.py` puts texts aside, and `pydocs.py` is a corpus that every machine has.
"""
