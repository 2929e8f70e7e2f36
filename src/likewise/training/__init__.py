"""Training, from a corpus to a model. `step.py` is the file to read first; `train.py` is what users call.

A run:        `step.py` encodes views, computes the loss and updates the encoder · `loop.py` takes steps, evaluates and
              writes checkpoints · `schedule.py` length, learning rate, random streams · `collapse_guard.py` ·
              `history.py`
The data:     `reading.py` one pass over a corpus · `prepare.py` to ids · `dataset.py` held-out texts, and batches of
              positive pairs with their negatives
From texts:   `train.py` the way · `recipe.py` every setting · `run.py` a static encoder, and the final fit · `adapt.py`
              a transformer · `progress.py` what a user sees
From teacher: `distill.py` the way, and the teacher · `student.py` the distillation step
"""
