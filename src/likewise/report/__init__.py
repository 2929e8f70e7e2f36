"""Report: one HTML page that shows what a model learned, and opens without a network.

`page.py` fills `page.html` (with `page.css` and `page.js`). `sample.py` takes the texts that are shown; `projection.py`
finds their clusters, neighbours and map, `words.py` the words that became similar; `curves.py` and `figures.py` draw
what the model card holds; `warnings.py` lists what a practitioner would warn of.
"""
