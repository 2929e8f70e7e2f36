"""Rewrite texts as other texts with the same meaning: slow, so it is done once per corpus and cached.

Start with `paraphraser.py`: the interface and the names. `synonyms.py` replaces words by synonyms, which
`thesaurus.py` takes from WordNet and `inflection.py` puts into the right form. `back_translation.py` translates into
another language and back, with Apertium or with the models of `marian.py`. `cache.py` keeps the rewritten texts.
"""
