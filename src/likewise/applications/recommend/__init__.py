"""Recommendation: EASE in closed form over interactions and the texts of items, which serves new items and new users.

`recommender.py` is the class with `fit` and `recommend`; read it first. `interactions.py` reads interactions into
histories, `text_projection.py` turns texts into vectors, `ease.py` is the closed form and the choice of its settings,
`folder.py` saves and loads.
"""
