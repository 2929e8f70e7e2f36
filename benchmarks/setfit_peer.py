"""SetFit, if installed in a separate folder, as it needs other versions of its dependencies."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from yardstick import model_folder

__all__ = ["SetFit"]

# Labels a class, beyond which it takes an hour a draw; 8 where not named.
MOST = {"banking77": 0, "newsgroups20": 0}
FEW = 8


class SetFit:
    """all-MiniLM-L6-v2, fine-tuned on pairs of labelled texts, and a logistic regression; the defaults of SetFit.

    Args:
        folder: where `pip install --target` has put it.
        draws: how many of the draws it is asked for.
    """

    def __init__(self, folder: Path, draws: int) -> None:
        self.folder, self.draws = folder, draws

    def takes(self, name: str, per_class: int, draw: int) -> bool:
        """Whether it has the time."""
        return draw < self.draws and per_class <= MOST.get(name, FEW)

    def predict(self, texts: list[str], labels: np.ndarray, queries: list[str]) -> np.ndarray:
        """Fit on labelled texts and predict others."""
        sys.path.append(str(self.folder))
        from datasets import Dataset
        from setfit import SetFitModel, Trainer, TrainingArguments

        names, numbers = np.unique(labels, return_inverse=True)
        model = SetFitModel.from_pretrained(str(model_folder()))
        with tempfile.TemporaryDirectory() as place:
            how = TrainingArguments(output_dir=place, report_to="none", save_strategy="no")
            given = Dataset.from_dict({"text": texts, "label": numbers.tolist()})
            Trainer(model=model, args=how, train_dataset=given).train()
            found: np.ndarray = names[np.asarray(model.predict(queries))]
        return found
