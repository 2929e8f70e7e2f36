"""Negatives: what each anchor is contrasted with.

The other texts of a batch are negatives, except near-duplicates of the anchor (`near_duplicates.py`) and texts that
another encoder finds too similar (`guide.py`). `queue.py` adds the embeddings of earlier batches, `mining.py` adds hard
negatives. `spec.py` turns names such as `"queue:4096,hard:2"` into a choice of these.
"""
