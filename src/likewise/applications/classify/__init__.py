"""Classes from few labels: a probe on an embedding and on words, its doubts, and what to label next.

`classifier.py` is the whole; `features.py` and `ngrams.py` say what a text is to it, `probe.py` fits, `folds.py` finds
out from the labels themselves how good that is and `estimate.py` says so; `supervised.py` moves the encoder by the
labels, `self_training.py` reads unlabelled texts, `next_labels.py` picks those worth a label, `judgement.py` compares
with other labels, `learning.py` puts these together, `folder.py` keeps it all. `text_encoder.py` is the embedding
alone, as scikit-learn wants it.
"""
