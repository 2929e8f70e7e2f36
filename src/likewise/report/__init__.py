"""Report: one HTML page that shows what a model learned, and opens without a network.

`page.py` fills `page.html` (with `page.css` and `page.js`). `sample.py` takes the texts that are shown; `neighbours.py`
finds their clusters, neighbours and map, and the words that became similar; `figures.py` draws what the model card
holds; `warnings.py` lists what a practitioner would warn of.
"""
