"""Reviews that say good or bad things in words of their own, and an encoder that knows which words go together."""

import numpy as np

GOOD = "lovely great works perfect happy quick bright sturdy nice excellent".split()
BAD = "broke useless late awful noisy returned cheap dull weak terrible".split()
THINGS = "kettle lamp phone bag clock umbrella chair table fan radio".split()


def opinions(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """So many texts, and what each is: good or bad."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for row in range(count):
        words = rng.choice(GOOD if row % 2 else BAD, 3, replace=False)
        texts.append(f"The {rng.choice(THINGS)} is {words[0]} and {words[1]}, {words[2]} for me")
        labels.append("good" if row % 2 else "bad")
    return texts, labels


class Senses:
    """Vectors by how many good words, bad words and things a text has."""

    def encode(self, texts):
        words = [text.lower().replace(",", "").split() for text in texts]
        counts = [[sum(word in group for word in each) for group in (GOOD, BAD, THINGS)] for each in words]
        return np.array(counts, np.float32).reshape(len(texts), 3)
