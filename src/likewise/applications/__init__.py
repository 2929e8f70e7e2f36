"""What a model and an index are good for.

`search.py` many queries and what is shown of a hit · `answer.py` the sentence that answers, with `passages.py` and
`sentences.py` · `duplicates/` texts that are the same or say the same · `classify/` classes from few labels ·
`recommend/` items for a user. `encoder.py` makes of whatever a user gives an encoder, and trains one where nothing
is given.
"""
