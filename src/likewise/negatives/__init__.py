"""Negatives: which vectors an anchor may be contrasted with.

All other texts of a batch are negatives, except the same text and its near-duplicates: `signatures.py` gives each text
of the corpus two 64-bit numbers once, `masks.py` compares those of a batch and says what the loss must leave out, and
`guide.py` says the same by the vectors of another encoder. `queue.py` adds negatives of earlier batches, `clusters.py`
draws batches whose texts are harder to tell apart, and `mining.py` finds such texts one by one.
"""
