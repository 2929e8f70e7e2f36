"""What a model and an index are good for.

`answer.py` finds the sentence that answers, with `sentences.py`, which also has what is shown of a hit and cuts texts
into passages. `duplicates/` finds texts that are the same or say the same, `classify/` classes from few labels,
`recommend/` items for a user.
"""
