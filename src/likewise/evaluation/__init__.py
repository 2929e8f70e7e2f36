"""Evaluation: how good a model is on labelled data, with the same baselines on the same data.

Start with `evaluate.py`. `data.py` has the labelled data, `loading.py` and `rows.py` read it from files; `baselines.py`
has the systems that are compared; `retrieval.py`, `pairs.py` and `labelled.py` compute the metrics; `bootstrap.py` adds
confidence intervals.
"""
