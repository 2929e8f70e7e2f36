"""Report: one HTML page that shows what a model learned, and opens without a network.

`page.py` is the door: it gathers what the other files find and fills `page.html`, which `page.css` and `page.js` belong
to. `texts.py` brings the sample that is looked at, `clusters.py`, `atlas.py`, `neighbours.py` and `words.py` say where
its texts and words lie, `scores.py`, `curves.py` and `pairs.py` draw what the model's card tells,
`warnings.py` says what a practitioner would warn of. `figure.py` is how plots look, `values.py` how numbers of a card
are read.
"""
