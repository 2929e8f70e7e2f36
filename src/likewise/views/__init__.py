"""Views: two versions of each text, made anew every epoch; the two are a positive pair.

`edits.py` crops, halves and deletes words, `words.py` finds the words in a text of subwords, `pair.py` defines a pair,
`spec.py` turns names such as `"crop,halves"` into a maker of pairs.
"""
