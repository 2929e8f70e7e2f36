"""Classification from few labels: a linear probe on embeddings and n-grams, with an honest estimate of its accuracy.

`classifier.py` is the class with `fit` and `predict`; read it first. `labels.py` reads and checks labelled texts,
`features.py` computes embeddings and n-grams, `probe.py` is logistic regression and self-training on unlabelled texts,
`cross_validation.py` estimates accuracy and calibrates, `contrastive.py` fine-tunes a transformer on the labels,
`active_learning.py` selects the texts to label next, `metrics.py` evaluates on further labelled texts.
"""
