"""Duplicates: texts that are equal, nearly equal or mean the same, and how sure that is.

`find.py` leads from texts to a result: begin there. `candidates.py` chooses the pairs that are compared at all, by
`minhash.py` and by nearest neighbours; `similarity.py` scores them; `calibration.py` estimates the precision of a score
from random pairs, typos and perturbations. `result.py` holds what was found, and `store.py` keeps it to compare further
texts with.
"""
