"""Recommendation: users and items in one space, where the vector of an item begins with its text.

`recommender.py` is the whole; read it first. `choices.py` reads who chose what, `gathering.py` numbers items and
users, `histories.py` pools what a user chose. `texts.py` is the texts as `towers.py` sees them, `factors.py` where
training begins, `training.py` how it goes on. `answers.py` is what comes back, `folder.py` a recommender on disk.
"""
