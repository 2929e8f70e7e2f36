"""Recommendation: EASE in closed form over interactions and the texts of items, which serves new items and new users.

`recommender.py` is the class with `fit` and `recommend`; read it first. `interactions.py` reads interactions into
histories, `ease.py` is the closed form over these and the text vectors, and the choice of its settings.
"""
