"""Views: two versions of each text, made anew every epoch; the two are a positive pair.

`edits.py` finds the words in a text of subwords and crops, halves and deletes them, `pair.py` defines a pair, `spec.py`
turns names such as `"crop,halves"` into a maker of pairs.
"""
