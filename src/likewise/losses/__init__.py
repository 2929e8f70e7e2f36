"""Losses: pure functions from embeddings to a value and its gradients. They know no model and no device.

`info_nce.py` trains on text alone, `supervised_contrastive.py` on labels, `distillation.py` on the embeddings of a
teacher. `info_nce.Loss` is what the training step takes as a loss.
"""
