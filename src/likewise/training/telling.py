"""What a run says while it goes and when it ends, in words and in plain values, whatever encoder it trains."""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from likewise import __version__
from likewise.errors import LikewiseError
from likewise.optimisation.guard import MOST_RETURNS, UNCONTRASTED
from likewise.optimisation.loop import Moment, Outcome
from likewise.optimisation.plan import Plan
from likewise.training.progress import Narrator

__all__ = ["ENDINGS", "finite", "plain_moment", "refusal", "versions", "watcher"]

ENDINGS = {
    "done": "trained",
    "early": "ended early, as the score no longer rose",
    "collapsed": "ended at a collapse",
    "interrupted": "interrupted",
}


def watcher(narrator: Narrator, plan: Plan) -> Callable[[Moment], None]:
    """Moves the bar, and says of a collapse what was seen and what is done, as it happens."""
    bar = narrator.bar(plan.steps)
    learning_rate, times = plan.learning_rate, 0

    def watch(moment: Moment) -> None:
        nonlocal learning_rate, times
        collapsed = moment.collapse
        unmeasured = moment.geometry is not None and moment.geometry.texts > 0 and np.isnan(moment.geometry.mrr)
        bar(replace(moment, geometry=None) if collapsed and unmeasured else moment)
        if collapsed is None:
            return
        narrator.tell(f"  step {moment.step:>6,}  collapse: {collapsed.seen}")
        if collapsed.learning_rate is None:
            narrator.tell(f"  back to the state of step {collapsed.back_to:,}; the run ends here")
            return
        times += 1
        narrator.tell(
            f"  back to the state of step {collapsed.back_to:,} and on, with the learning rate lowered from "
            f"{learning_rate:.4g} to {collapsed.learning_rate:.4g} ({times} of {MOST_RETURNS} times at the most)"
        )
        learning_rate = collapsed.learning_rate

    return watch


def refusal(name: str, outcome: Outcome) -> LikewiseError:
    """Why no model came of a run."""
    seen = outcome.collapses[-1].seen
    what = "give texts that differ in their words: numbers and names alone teach nothing"
    if seen == UNCONTRASTED:
        return LikewiseError(f"{name}: no model was made, as {seen}; {what}")
    return LikewiseError(
        f"{name}: no model was made, as training collapsed {outcome.when_collapsed} ({seen}) and the encoder was "
        f"never better than untrained and than chance; where that does not help, {what}"
    )


def plain_moment(moment: Moment) -> dict[str, Any]:
    """A moment in plain values, without what the clock said."""
    plain = asdict(moment)
    del plain["texts_a_second"]
    plain["geometry"] = finite(plain["geometry"])
    return finite(plain)


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """What could not be measured becomes None, as JSON has no other word for it."""
    unknown = {name for name, value in values.items() if isinstance(value, float) and not np.isfinite(value)}
    return {name: None if name in unknown else value for name, value in values.items()}


def versions(*more: str) -> dict[str, str]:
    """Of this package, of Python and of the libraries that made a model."""
    names = ("numpy", "numba", "tokenizers", "pyarrow", *more)
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"likewise": __version__, "python": python} | {name: version(name) for name in names}
