"""Negatives: which vectors an anchor may be contrasted with.

All other texts of a batch are negatives, except the same text and its near-duplicates: `signatures.py` gives each text
of the corpus two 64-bit numbers once, `masks.py` compares those of a batch and says what the loss must leave out.
"""
