"""Geometry: what an embedding space looks like without labels, and whether training it goes well.

`held_out_retrieval.py` splits held-out texts into pairs and ranks them (MRR, the training criterion); `measure.py` adds
alignment, uniformity and effective rank; `similarity.py` has histograms of positive and random pairs, and the agreement
of nearest neighbours between two spaces; `collapse.py` decides whether a space has collapsed; `score.py` is the
label-free score by which models are compared.
"""
