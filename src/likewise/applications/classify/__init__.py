"""Classification from few labels: a linear probe on embeddings and n-grams, with an honest estimate of its accuracy.

`classifier.py` is the class with `fit` and `predict`, and the selection of texts to label next; read it first.
`labels.py` reads and checks labelled texts, `features.py` computes embeddings and n-grams, `probe.py` trains logistic
regression, by itself on unlabelled texts too, `contrastive.py` fine-tunes a transformer on the labels first, and
`metrics.py` estimates accuracy by cross-validation, calibrates, and evaluates on further labelled texts. Texts with
several labels are read by `label_sets.py`, learned by `multi_label.py` with the probes of `one_vs_rest.py`, and judged
by `multi_label_metrics.py`; `ordinal.py` is for labels with an order. `active_learning.py` chooses the texts to label
next. `labelling.py` is a session in which a person labels the texts of an index, with `label_log.py` as the file of its
labels and `label_errors.py` to find those that are probably wrong.
"""
