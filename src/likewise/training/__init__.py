"""Training: the whole way from a corpus to a model.

`train.py` is what a user calls; read it first.

What is wanted:  `recipe.py` every setting · `tune.py` chooses them by the score without labels, from `candidates.py`,
                 in short runs (`cycle.py`) on a `bench.py` · `resolved.py` derives those of a transformer
What is read:    `reading.py` one pass over the corpus · `prepare.py` from there to ids · `pretokenised.py` the same
                 with a tokenizer that was there before · `rewriting.py` texts that were rewritten first
What is learned: `run.py` one run of a static encoder · `adapt.py` one of a transformer · `examples.py` positive
                 pairs, and what is put aside · `join.py` learns that as well in the end · `pool.py` a fixed pool of
                 views
Beside pairs:    `contrasts.py` names of negatives · `contrasting.py` batches with them · `guide.py` trained first
From a teacher:  `distill.py` the way · `teacher.py` whom to ask · `distillation_texts.py` about what · `student.py`
who learns
What is said:    `progress.py` stages and bars · `telling.py` words and plain values
"""
