"""Training, from a corpus to a model. `step.py` is the file to read first; `train.py` is what users call.

A run:        `step.py` encodes views, computes the loss and updates the encoder · `loop.py` takes steps and evaluates ·
              `schedule.py` the learning rate and the length · `collapse_guard.py` · `history.py` · `checkpoint.py`
The data:     `reading.py` one pass over a corpus · `prepare.py` to ids · `dataset.py` positive pairs, held-out texts ·
              `batches.py` with mined negatives and the guide's embeddings
From texts:   `train.py` the way · `recipe.py` every setting · `run.py` a static encoder · `final_fit.py` on held-out
              texts in the end · `adapt.py` a transformer · `seeds.py` random streams · `progress.py` what a user sees
From teacher: `distill.py` the way · `teacher.py` its vectors · `student.py` the distillation step
"""
