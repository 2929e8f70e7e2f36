"""Views: each text twice, slightly differently, fresh every epoch; the two are a positive pair.

`spans.py` crops and halves, `edits.py` deletes and shuffles words, `words.py` finds the words in a text of pieces,
`pair.py` says what a pair is, `mix.py` turns names such as `"crop,halves"` into the maker of pairs.
"""
