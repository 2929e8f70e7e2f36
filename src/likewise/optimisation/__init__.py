"""Optimisation: where encoder, views, negatives and loss meet.

Read `step.py` first, then `loop.py`. `plan.py` and `schedule.py` say how long a run is and how fast it learns,
`guard.py` sees a collapse, `moment.py` is what is known of a run and `checkpoint.py` a run at rest. `momentum.py`
is the slow copy that fills a queue, `taught.py` the step of a pupil.
"""
