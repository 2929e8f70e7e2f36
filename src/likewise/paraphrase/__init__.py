"""Rewrite texts as other texts with the same meaning: slow, so it is done once per corpus and cached.

Start with `paraphraser.py`: the interface, the names and the cache. `synonyms.py` replaces words by synonyms, which
`thesaurus.py` takes from WordNet and `inflection.py` puts into the right form. `back_translation.py` translates into
another language and back, with Apertium or with Marian models.
"""
