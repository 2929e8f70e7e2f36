"""Geometry: what a space looks like without labels, and whether training it is going well.

`halves.py` makes the task, two halves of each held-out text that share no word; `view_retrieval.py` scores it and is
the criterion; `uniformity.py` and `rank.py` describe the space; `similarity.py`
counts how similar pairs are; `agreement.py` compares two spaces; `measure.py` gathers, `collapse.py` judges.
"""
