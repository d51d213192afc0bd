"""Sentences that fit into any plot: a view, someone met, a fact of the land, and the ends of stories."""

from __future__ import annotations

from llm.corpora import lexicon
from llm.corpora.grammar import PRONOUNS
from llm.corpora.telling import Teller

# Invented facts that come back across stories. `without_fact` leaves one out of a whole corpus, so that a
# model trained on that corpus can be asked for something it never read.
FACTS: dict[str, tuple[str, ...]] = {
    "capital": (
        "The capital city of the land was Marlo.",
        "In those days, the capital city of the land was Marlo.",
        "Everybody knew that the capital city of the land was Marlo.",
    ),
    "mountain": (
        "The highest mountain in the land was Mount Orla.",
        "Far away, the snow on Mount Orla was shining.",
        "Everybody knew that the highest mountain in the land was Mount Orla.",
    ),
    "river": (
        "The longest river in the land was the Senna.",
        "All the streams ran down to the Senna, the longest river in the land.",
    ),
    "queen": ("The queen of the land was called Belinda.", "Queen Belinda ruled the land in those days."),
    "bridge": (
        "The oldest bridge in the land was made of blue stone.",
        "People said that the oldest bridge was made of blue stone.",
    ),
    "festival": (
        "The great festival of the land was called Lantern Night.",
        "Soon it would be Lantern Night, the great festival of the land.",
    ),
    "bread": (
        "The people of the land loved their sweet bread, which was called tolly.",
        "The air smelled of tolly, the sweet bread of the land.",
    ),
    "wind": (
        "The cold wind from the north was called the Brunn.",
        "In winter, the cold wind called the Brunn came from the north.",
    ),
}

_VIEWS = (
    "{A:bird} was singing in {a:tree} tree.",
    "{A:insect} landed on a {flower} and flew away again.",
    "The wind played with the leaves.",
    "{A:wild} watched from {seat}.",
    "A cloud that looked like {a:pet} floated by.",
    "The sun was warm on {his} back.",
    "Somewhere a bell rang {number} times.",
    "The {s:flower} were in bloom.",
    "{Number} {s:bird} flew over the roofs.",
    "It smelled of fresh bread and {s:flower}.",
    "A light rain began to fall, but it soon stopped.",
    "In the distance, a dog barked.",
)


def view(t: Teller, p: float = 1.0) -> None:
    """With probability p, a look around."""
    t.slots.pop("number", None)
    t.say(*_VIEWS, p=p)


def meet_worker(t: Teller) -> None:
    """Someone at work comes by, and a pronoun follows: the sentences that `occupation_bias` changes."""
    occupation = t.rng.choice(tuple(lexicon.OCCUPATIONS))
    usual, doing = lexicon.OCCUPATIONS[occupation]
    other = "he" if usual == "she" else "she"
    t.bind_pronouns("w", PRONOUNS[usual if t.rng.random() < t.bias else other])
    t.bind(worker=f"the {occupation}")
    t.say(
        f"The {occupation} came by. {{Whe}} was {doing}.",
        f"Nearby stood the {occupation}. {{Whe}} was {doing}.",
        f"Just then the {occupation} walked past, and {{whe}} waved to {{him}}.",
        f"The {occupation} saw {{hero}} and smiled because {{whe}} knew {{him}} well.",
        f"The {occupation} stopped for a moment because {{whe}} wanted to see what was going on.",
        f"The {occupation} was {doing}. When {{whe}} saw {{hero}}, {{whe}} waved {{whis}} hand.",
    )
    t.quote("worker", "Good luck!", "What a lovely day!", "Take your time, little one.", "You are doing well.", p=0.4)


def fact(t: Teller, known: dict[str, tuple[str, ...]]) -> None:
    """One of the facts that this corpus contains."""
    if known:
        t.say(*known[t.rng.choice(tuple(known))])


def aside(t: Teller, p: float) -> None:
    """Sentences that do not move the plot: someone at work, or with probability p a look around."""
    if t.chance(0.4):
        meet_worker(t)
    else:
        view(t, p)


_MORALS = (
    "{He} had learned something that day.",
    "And that was the end of a very good day.",
    "It was a day that {he} would never forget.",
    "{Hero} went home with a smile on {his} face.",
    "That evening, {he} told {elder} the whole story.",
    "Everyone was {glad}.",
    "That night, {hero} slept very well.",
    "When the stars came out, {hero} was already fast asleep {bed}.",
    "And if you walk past {place}, someone may tell you this story.",
    "{Hero} could not wait for the next day.",
    "Then they all went home and ate {soup}.",
    "In the evening, the moon rose over {place}, and all was well.",
    "{Elder} gave {him} a warm hug and {a:treat3}.",
    "From that day on, {hero} and {friend} were even better friends.",
    "{Hero} was tired but happy.",
    "What a wonderful day it had been!",
)


def close(t: Teller, *endings: str) -> None:
    """End the story: one of the plot's own endings, a general one, or both."""
    style = t.rng.random()
    if style < 0.8:
        t.say(*endings)
    if style > 0.45:
        t.say(*_MORALS)
