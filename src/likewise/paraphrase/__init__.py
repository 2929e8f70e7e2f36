"""Texts become other texts that say the same: slow rewriting, made once for a corpus and kept.

`paraphraser.py` is what rewrites; read it first. `synonyms.py` does it by the words of `thesaurus.py`, which asks
WordNet (`wordnet.py`) and keeps their form (`inflection.py`); `translation.py` by another language and back,
through Apertium or through the models of `marian.py`. `cache.py` keeps what was made.
"""
