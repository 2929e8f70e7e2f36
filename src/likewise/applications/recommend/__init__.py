"""Recommendation: users and items in one space, where the vector of an item begins with its text."""
