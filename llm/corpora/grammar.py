"""Small rules of English that stories need: a or an, plurals, pronouns, capital letters."""

from __future__ import annotations

import re
from typing import NamedTuple


class Pronouns(NamedTuple):
    """The five forms of one pronoun, and the past of `be` that goes with it."""

    he: str
    him: str
    his: str
    himself: str
    was: str


PRONOUNS = {
    "she": Pronouns("she", "her", "her", "herself", "was"),
    "he": Pronouns("he", "him", "his", "himself", "was"),
    "they": Pronouns("they", "them", "their", "themselves", "were"),
}

_IRREGULAR = {
    "mouse": "mice",
    "goose": "geese",
    "child": "children",
    "leaf": "leaves",
    "shelf": "shelves",
    "wolf": "wolves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
    "foot": "feet",
    "man": "men",
    "woman": "women",
    "lily of the valley": "lilies of the valley",
    "loaf": "loaves",
    "hoof": "hooves",
    "scarf": "scarves",
}
# Spelling begins with a vowel, sound does not: unicorn, useful, one, European.
_CONSONANT_SOUND = re.compile(r"(uni([^n]|$)|use|usu|eu|one\b|once\b|ukulele)", re.IGNORECASE)
_SILENT_H = re.compile(r"(hour|honest|honou?r|heir)", re.IGNORECASE)


def article(phrase: str) -> str:
    """`a` or `an`, by the sound that the phrase begins with."""
    if _SILENT_H.match(phrase):
        return "an"
    return "an" if phrase[0].lower() in "aeiou" and not _CONSONANT_SOUND.match(phrase) else "a"


def with_article(phrase: str) -> str:
    """The phrase after its indefinite article."""
    return f"{article(phrase)} {phrase}"


def plural(noun: str) -> str:
    """The plural of a noun; of a phrase, its last word changes."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    head, _, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    else:
        last += "s"
    return f"{head} {last}".strip()


def capital(text: str) -> str:
    """The text with its first letter (after an opening quote, if any) in upper case."""
    for place, letter in enumerate(text):
        if letter.isalpha():
            return text[:place] + letter.upper() + text[place + 1 :]
    return text
