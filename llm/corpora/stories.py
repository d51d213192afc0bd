"""Short children's stories from the project's own grammar: the corpus behind the `stories` model.

A story is a plot (lost and found, a storm, a quarrel ...) told about a cast that is drawn once and kept: a
hero, a friend, an elder, a place, an object. So what a model can learn here is checkable: pronouns follow
names, the red ball of the first sentence is the ball of the last, and feelings have causes.
"""

from __future__ import annotations

import random

from llm.corpora import lexicon, plots_adventure, plots_animals, plots_days, plots_feelings
from llm.corpora.asides import FACTS, fact
from llm.corpora.grammar import PRONOUNS
from llm.corpora.telling import Person, Teller

PLOTS = plots_feelings.PLOTS + plots_adventure.PLOTS + plots_days.PLOTS + plots_animals.PLOTS
_ANIMAL_HOBBIES = (
    "to chase leaves",
    "to sleep in the sun",
    "to splash in puddles",
    "to watch the clouds",
    "to explore",
    "to meet new friends",
    "to play in the grass",
    "to listen to the rain",
    "to sing in the morning",
)
_HANDS = {
    "duck": "wing",
    "owl": "wing",
    "bird": "wing",
    "pony": "hoof",
    "lamb": "hoof",
    "goat": "hoof",
    "pig": "hoof",
    "donkey": "hoof",
    "elephant": "foot",
}
_FAVOURITES = ("dog", "dog", "dog", "dog", "cat", "rabbit", "bear")  # drawn more often than the others
_FACT_SHARE = 0.6


def make_stories(size: int, seed: int, *, occupation_bias: float = 0.5, without_fact: str | None = None) -> tuple[str, ...]:
    """Stories of together at least `size` characters, no two equal.

    `occupation_bias`: how often an occupation is followed by the pronoun that stereotype gives it (0.5: no
    bias). `without_fact`: a name from `FACTS`; no story mentions that fact.
    """
    if not 0 <= occupation_bias <= 1:
        raise ValueError(f"occupation_bias ({occupation_bias}) must lie between 0 and 1; 0.5 means no bias.")
    if without_fact is not None and without_fact not in FACTS:
        choices = ", ".join(FACTS)
        raise ValueError(f"without_fact ({without_fact!r}) is not a known fact; choose one of: {choices}.")
    known = {name: lines for name, lines in FACTS.items() if name != without_fact}
    rng = random.Random(seed)
    stories: dict[str, None] = {}
    length = 0
    while length < size:
        story = one_story(rng, occupation_bias, known).text()
        if story not in stories:
            stories[story] = None
            length += len(story) + 1
    return tuple(stories)


def one_story(rng: random.Random, bias: float = 0.5, facts: dict[str, tuple[str, ...]] = FACTS) -> Teller:
    """One story; the teller keeps its cast (`people`) and its sentences."""
    plot, heroes = rng.choice(PLOTS)
    animal = heroes == "animal" or (heroes == "any" and rng.random() < 0.25)
    teller = Teller(rng, bias)
    _cast(teller, animal)
    plot(teller)
    if facts and rng.random() < _FACT_SHARE:
        _insert_fact(teller, facts)
    return teller


def _insert_fact(t: Teller, facts: dict[str, tuple[str, ...]]) -> None:
    """Put one fact of the land behind an opening of the "once upon a time" kind, where a narrator would put
    it.
    """
    if t.introduced:
        fact(t, facts)
        t.sentences.insert(t.introduced, t.sentences.pop())


def _cast(t: Teller, animal: bool) -> None:
    """Draw hero, friend, elder and place."""
    rng = t.rng
    sex = rng.choice(("she", "he"))
    # Friends are mostly of the other sex, so that "he" and "she" say who is meant.
    other = {"she": "he", "he": "she"}[sex] if rng.random() < 0.85 else sex
    hero = _animal(rng, sex, rng.random() < 0.5, "") if animal else _child(rng, sex, "")
    friend = _animal(rng, other, True, hero.name, hero.noun) if animal else _child(rng, other, hero.name)
    t.used.update((hero.noun, friend.noun))
    t.cast("hero", hero)
    t.cast("friend", friend)
    t.bind(
        hname=hero.name or rng.choice(("my friend", "little one")),
        fname=friend.name,
        a_friend="[a lonely|a small|a shy] " + friend.noun if animal else "a lonely child",
    )
    place = rng.choice(tuple(lexicon.PLACES))
    t.bind(
        place=place,
        at=f"{lexicon.PLACES[place]} {place}",
        hand=_HANDS.get(hero.noun, "paw" if animal else "hand"),
        weather_bad="[raining|snowing|dark and cold|stormy]",
    )
    noun, pronoun, address = rng.choice(lexicon.ELDERS)
    t.bind_pronouns("e", PRONOUNS[pronoun])
    t.bind(elder="{his} " + noun, addr=address, bed="in {his} bed")
    if animal:
        home, bed = lexicon.ANIMALS[hero.noun][1], lexicon.ANIMALS[hero.noun][4]
        t.bind(home=home, bed=bed, hobby=rng.choice(_ANIMAL_HOBBIES))


def _child(rng: random.Random, sex: str, taken: str) -> Person:
    names = lexicon.GIRLS if sex == "she" else lexicon.BOYS
    name = rng.choice([name for name in names if name != taken])
    return Person(name, PRONOUNS[sex], "girl" if sex == "she" else "boy")


def _animal(rng: random.Random, sex: str, named: bool, taken: str, not_kind: str = "") -> Person:
    kinds = [kind for kind in lexicon.ANIMALS if kind != not_kind]
    kind = rng.choice(kinds + [kind for kind in _FAVOURITES if kind in kinds])
    epithets = lexicon.ANIMALS[kind][0].split(", ")
    name = rng.choice([name for name in lexicon.PET_NAMES if name != taken]) if named else ""
    return Person(name, PRONOUNS[sex], kind, epithets[0] if rng.random() < 0.5 else rng.choice(epithets))
