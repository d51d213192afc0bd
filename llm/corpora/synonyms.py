"""Words and phrases that may stand for each other in a story, so that one template reads in many ways."""

from __future__ import annotations

import random
import re

# What follows may replace the first of its row. Capital letters count: some fit only the start of a sentence.
_ROWS = (
    ("began to", "started to"),
    ("At last", "Finally,", "In the end,"),
    ("Finally,", "At last"),
    ("Suddenly", "All of a sudden"),
    ("everybody", "everyone"),
    ("Everybody", "Everyone"),
    ("nobody", "no one"),
    ("Nobody", "No one"),
    ("looked for", "searched for"),
    ("ran to", "hurried to", "rushed to"),
    ("walked to", "went to"),
    ("beautiful", "lovely"),
    ("a big", "a large"),
    ("Just then", "At that moment,", "Right then,"),
    ("The next day,", "The day after,"),
    ("every day", "each day"),
    ("Every day", "Each day"),
    ("the whole", "the entire"),
    ("Then", "And then"),
    ("So", "And so"),
    ("a long time", "a long while"),
    ("frightened", "scared"),
    ("came by", "passed by"),
    ("all day", "the whole day"),
    ("a strange", "an odd"),
    ("wonderful", "marvellous", "delightful"),
    ("looked around", "looked about"),
    ("far away", "a long way off"),
    ("ill", "unwell"),
    ("could not wait", "could hardly wait"),
    ("The next morning", "The following morning"),
    ("laughed so loudly", "laughed so hard"),
    ("took a deep breath", "breathed in deeply"),
    ("a bit of", "a little"),
    ("In the evening,", "That evening,"),
    ("on tiptoe", "on the tips of their toes"),
    ("crept", "crawled"),
    ("side by side", "next to each other"),
    ("was afraid of", "was scared of"),
    ("In the distance,", "Far away,"),
)
_OTHERS = {first: others for first, *others in _ROWS}
# Not inside what somebody says at the very start: "Then let us go" is not "And then let us go".
_LONGEST_FIRST = sorted(map(re.escape, _OTHERS), key=len, reverse=True)
_ANY = re.compile(r'(?<!["\w])(' + "|".join(_LONGEST_FIRST) + r")(?=\W)")
_SWAP_SHARE = 0.4


def vary(text: str, rng: random.Random) -> str:
    """The text with some of its phrases replaced by others of the same meaning."""

    def swap(match: re.Match[str]) -> str:
        return rng.choice(_OTHERS[match[0]]) if rng.random() < _SWAP_SHARE else match[0]

    return _ANY.sub(swap, text)
