"""Whether an embedder is right, asked of data with labels, with the same baselines beside it every time.

`evaluate.py` is what a user calls; read it first.

What is judged:  `data.py` labelled data in memory · `folder.py` the same from files · `rows.py`, `judgements.py`
Who is judged:   `embedder.py` anything with `encode` · `baselines.py`, `lexical.py` what stands beside it ·
                 `packages.py` what an extra brings · `progress.py` what is said meanwhile
How:             `ranking.py` retrieval, with `scoring.py` and `hybrid.py` · `pairs.py` similarity and duplicates ·
                 `classification.py` · `clustering.py`
How sure:        `bootstrap.py` intervals · `result.py` what comes out · `table.py` how it is shown
"""
