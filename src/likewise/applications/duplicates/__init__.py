"""Duplicates: texts that are the same, nearly so, or say the same, and how sure that is.

`find.py` is the way from texts to a result: begin there. The folder `likeness` tells how alike two texts are.
`candidates.py` says which pairs are compared at all, `calibration.py` what a likeness is worth, from `views.py` and
random pairs (`calibrated.py`). `result.py` is what is found, and `store.py` keeps it for further texts, in tables of
`table.py`.
"""
