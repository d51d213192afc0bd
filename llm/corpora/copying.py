"""Repeated random sequences: text whose second half can be predicted by looking back, and in no other way.

Each document is 8-24 different everyday words in random order, said two or three times: `moon cup tree ...
moon cup tree ...`. No word is likelier than another, so within the first round nothing can be learned (the
loss stays at ln of the words left), and from the second round on an induction head (Elhage et al. 2021;
Olsson et al. 2022) predicts every word: it finds the last time the present word occurred and copies what
followed.

Why words and not letters or numbers: a word tokenizer makes each of the 64 words one token, so an attention
picture shows "moon" looking at "cup", which a reader can follow; single letters would read like noise, and
digits suggest an arithmetic that is not there. The words of one round are all different, so that "the last
time" is never in doubt.
"""

from __future__ import annotations

import random

COPY_WORDS = (
    "apple",
    "ball",
    "bed",
    "bell",
    "bird",
    "boat",
    "book",
    "bread",
    "cake",
    "cap",
    "car",
    "cat",
    "chair",
    "clock",
    "cloud",
    "coat",
    "cow",
    "cup",
    "desk",
    "dog",
    "door",
    "drum",
    "duck",
    "ear",
    "egg",
    "eye",
    "fish",
    "flag",
    "foot",
    "fork",
    "frog",
    "gate",
    "glass",
    "goat",
    "hand",
    "hat",
    "hill",
    "horse",
    "house",
    "key",
    "king",
    "lake",
    "lamp",
    "leaf",
    "lion",
    "milk",
    "moon",
    "nest",
    "nut",
    "owl",
    "pen",
    "pig",
    "rain",
    "ring",
    "road",
    "rose",
    "sea",
    "ship",
    "shoe",
    "snow",
    "star",
    "sun",
    "tree",
    "wolf",
)

_SHORTEST, _LONGEST = 8, 24
_MOST_WORDS = 63  # with the end mark: 64 tokens, one context


def make_copies(size: int, seed: int) -> tuple[str, ...]:
    """Documents of together at least `size` characters; each is one sequence, repeated, of at most 63 words."""
    rng = random.Random(seed)
    documents, length = [], 0
    while length < size:
        words = rng.sample(COPY_WORDS, rng.randint(_SHORTEST, _LONGEST))
        rounds = rng.choice((2, 3)) if 3 * len(words) <= _MOST_WORDS else 2
        documents.append(" ".join(words * rounds))
        length += len(documents[-1]) + 1
    return tuple(documents)
