"""A teller of one story: fills templates from the story's own cast and keeps what was said once.

A template is plain English with two marks. `[a|b|c]` draws one of its choices (they may nest; an empty choice
is allowed). `{slot}` is filled from the story: the cast (`{hero}`, `{he}`, `{his}`, `{friend}`, `{fhe}`,
`{elder}` ...), what the plot named, or a kind of word from the lexicon, drawn once and kept, so that
`{fruit}` is the same fruit until the end and `{fruit2}` is another. `{a:fruit}` adds the article, `{s:fruit}`
makes the plural, a capital letter inside the braces makes a capital letter.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from llm.corpora import lexicon
from llm.corpora.grammar import Pronouns, capital, plural, with_article
from llm.corpora.synonyms import vary

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(?:([aAsS]):)?(\w+)\}")
_TAGS = {
    ".": ("said",),
    "?": ("asked",),
    "!": ("cried", "shouted", "called", "said", "exclaimed"),
}
_PREFIX = {"hero": "", "friend": "f", "elder": "e", "worker": "w"}  # of the pronoun slots of a role
_REPLIES = ("said", "answered", "replied")
_MANNERS = ("softly", "quietly", "in a low voice")


@dataclass(frozen=True)
class Person:
    """Someone in a story: how the text calls them, and their pronouns."""

    name: str  # "Lily", or "" for an animal without a name
    pronouns: Pronouns
    noun: str  # girl, boy, dog ...
    epithet: str = ""  # "little", for animals

    @property
    def is_animal(self) -> bool:
        """Whether this is an animal (which the text may call by its kind)."""
        return bool(self.epithet)

    @property
    def introduction(self) -> str:
        """The first mention: `a little dog named Pip`, `a girl named Lily`."""
        kind = with_article(f"{self.epithet} {self.noun}".strip())
        return f"{kind} named {self.name}" if self.name else kind


class Teller:
    """Collects the sentences of one story; all chance comes from `rng`."""

    def __init__(self, rng: random.Random, bias: float = 0.5) -> None:
        self.rng = rng
        self.bias = bias
        self.sentences: list[str] = []
        self.slots: dict[str, str | Callable[[], str]] = {}
        self.used: set[str] = set()
        self.people: dict[str, Person] = {}
        self.met: set[Person] = set()
        self.last_speaker = ""
        self.introduced = 0  # sentences of a "once upon a time" opening

    # ---- the cast -------------------------------------------------------------------------------------
    def cast(self, role: str, person: Person) -> None:
        """Give a role (`hero`, `friend`) to a person: binds the name and the pronouns with the role's prefix."""
        self.people[role] = person
        prefix = "" if role == "hero" else role[0]
        self.slots[role] = lambda: self._call(person)
        self.bind_pronouns(prefix, person.pronouns)

    def bind_pronouns(self, prefix: str, forms: Pronouns) -> None:
        """Bind `{he}`, `{him}`, `{his}`, `{himself}` with a prefix (`{fhe}` is the friend's)."""
        for key, form in zip(("he", "him", "his", "himself", "was"), forms, strict=True):
            self.slots[prefix + key] = form

    def _call(self, person: Person) -> str:
        """How the text calls a person this time: always the name for a child, name or kind for an animal."""
        if not person.is_animal:
            return person.name
        if person.name and person not in self.met:
            self.met.add(person)
            return f"{person.name} the {person.noun}"
        if person.name and self.rng.random() < 0.8:
            return person.name
        return f"the {person.epithet} {person.noun}" if self.rng.random() < 0.6 else f"the {person.noun}"

    def bind(self, **slots: str) -> None:
        """Name things of this plot; values may be templates and are filled now."""
        for key, value in slots.items():
            self.slots[key] = self.fill(value)

    # ---- filling --------------------------------------------------------------------------------------
    def fill(self, template: str) -> str:
        """One rendering of a template."""
        while "[" in template:
            template = _CHOICE.sub(lambda m: self.rng.choice(m.group(1).split("|")), template)
        while "{" in template:
            template = _SLOT.sub(self._slot, template)
        return template

    def _slot(self, match: re.Match[str]) -> str:
        form, key = match.groups()
        value = self._value(key.lower())
        if form in ("a", "A"):
            value = with_article(value)
        elif form in ("s", "S"):
            value = plural(value)
        return capital(value) if key[0].isupper() or form in ("A", "S") else value

    def _value(self, key: str) -> str:
        if key in self.slots:
            value = self.slots[key]
            return value if isinstance(value, str) else value()
        kind = lexicon.KINDS[key.rstrip("0123456789")]
        fresh = [word for word in kind if word not in self.used] or list(kind)
        word = self.fill(self.rng.choice(fresh))
        self.used.add(word)
        if key.rstrip("0123456789") not in ("later", "glad", "upset", "softly", "star"):
            self.slots[key] = word
        return word

    # ---- sentences ------------------------------------------------------------------------------------
    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.rng.random() < p

    def say(self, *options: str, p: float = 1.0) -> None:
        """Add one of the options, with probability p. An option may hold several sentences."""
        if self.chance(p):
            self.sentences.append(self.fill(self.rng.choice(options)))
            self.last_speaker = ""

    def some(self, count: int, *options: str) -> None:
        """Add `count` of the options in random order: sentences whose order does not matter."""
        for option in self.rng.sample(options, min(count, len(options))):
            self.sentences.append(self.fill(option))
        self.last_speaker = ""

    def quote(self, who: str, *texts: str, p: float = 1.0, verb: str | None = None) -> None:
        """Let `who` (a slot, or a phrase) say one of the texts, with a varied and rightly punctuated tag."""
        if not self.chance(p):
            return
        text = self.fill(self.rng.choice(texts))
        speaker = self._value(who) if who in self.slots else self.fill(who)
        reply = text[-1] == "." and self.last_speaker not in ("", who)
        tag = verb or self.rng.choice(_REPLIES if reply else _TAGS[text[-1]])
        calm = tag in ("said", "asked") and text[-1] != "!"
        manner = f" {self.rng.choice(_MANNERS)}" if calm and self.chance(0.12) else ""
        by_pronoun = self._pronoun_is_clear(who, speaker) and self.chance(0.7)
        if by_pronoun:
            speaker = str(self.slots[_PREFIX[who] + "he"])
        style = self.rng.random()
        if style < 0.25:
            line = f'{capital(speaker)} {tag}{manner}, "{text}"'
        else:
            inner = text[:-1] + "," if text[-1] == "." else text
            order = f"{speaker} {tag}" if by_pronoun or manner or style < 0.5 else f"{tag} {speaker}"
            line = f'"{inner}" {order}{manner}.'
        self.sentences.append(line)
        self.last_speaker = who

    def _pronoun_is_clear(self, who: str, speaker: str) -> bool:
        """Whether "she said" can only mean this speaker: the last sentence was theirs and names nobody else."""
        if who not in _PREFIX or not self.sentences:
            return False
        last = self.sentences[-1]
        others = [person.name for role, person in self.people.items() if role != who and person.name]
        theirs = self.last_speaker == who or last.startswith(capital(speaker) + " ")
        return theirs and not any(name in last for name in others)

    # ---- openings -------------------------------------------------------------------------------------
    def lead(self, template: str, feeling: str = "", pair: bool = False, state: bool = False) -> None:
        """Open the story. `template` is a clause without full stop that begins with `{hero}`.

        `feeling` allows "Lily was very sad.", `pair` allows "Lily and Tom were best friends."; a `state` (was
        afraid) takes no time of day before it.
        """
        feel = 50 if self.people["hero"].is_animal else 18
        style = self.rng.choices(
            ("once", "day", "feel", "weather", "pair", "plain"),
            (30, 0 if state else 24, feel if feeling else 0, 0 if state else 8, 20 if pair else 0, 12),
        )[0]
        if style == "once":
            self._introduce()
            self.introduced = len(self.sentences)
        elif style == "weather":
            self.say(*lexicon.WEATHER)
        elif style == "pair":
            self.say(
                "{Hero} and {friend} were [best friends|good friends|neighbours|best friends and neighbours].",
                "{Hero} and {friend} [played together every day|did everything together|lived next to each other].",
            )
        elif style == "feel":
            hero = self.people["hero"]
            subject = "{Hero}"
            if hero.is_animal and self.chance(0.7):
                self._forget_name()
                subject = f"The {hero.epithet} {hero.noun}"
            self.say(f"{subject} was [very|very|very|so] {feeling}.", f"{subject} was very {feeling} that day.")
            if not template.startswith("{hero} and"):
                template = template.replace("{hero}", "{he}", 1)
        introduced = style in ("once", "feel", "pair")
        clause = self.fill(template) if introduced else self._with_introduction(template)
        if style in ("once", "day", "pair") and not state:
            clause = f"{self.fill(self.rng.choice(lexicon.TIMES))}, {clause}"
        self.sentences.append(capital(clause) + ".")
        for key in ("day", "season"):
            self.slots.pop(key, None)

    def _forget_name(self) -> None:
        """Tell of "the little dog" only; nobody calls it by a name."""
        self.cast("hero", replace(self.people["hero"], name=""))
        self.bind(hname="[my friend|little one]")

    def _with_introduction(self, template: str) -> str:
        hero = self.people["hero"]
        self.met.add(hero)
        if hero.is_animal or (self.chance(0.3) and not template.startswith("{hero} and")):
            template = template.replace("{hero}", hero.introduction, 1)
        return self.fill(template)

    def _introduce(self) -> None:
        hero = self.people["hero"]
        self.met.add(hero)
        kind = f"{hero.epithet} {hero.noun}" if hero.is_animal else f"[little |young |{{trait}} |]{hero.noun}"
        self.bind(kind=kind)
        named = f" named {hero.name}" if hero.name else ""
        self.say(
            f"Once upon a time, there was {{a:kind}}{named}.",
            f"Once upon a time, there was {{a:kind}}{named}.",
            f"Once there was {{a:kind}}{named}.",
            f"There was once {{a:kind}}{named} who loved {{hobby}}.",
            f"In {{home}}, there lived {{a:kind}}{named}.",
            f"Once upon a time, {{a:kind}}{named} lived in {{home}}.",
            f"Long ago, in {{home}}, there lived {{a:kind}}{named}.",
        )
        last = self.sentences[-1]
        if "lived" not in last:
            self.say("{He} lived in {home}.", p=0.6)
        if "loved" not in last:
            self.say("{He} loved {hobby}.", "{He} was {trait2}, and everyone liked {him}.", p=0.45)

    def text(self) -> str:
        """The story as one line; a name that would begin two sentences in a row becomes a pronoun."""
        lines = self.sentences[:1]
        for line in self.sentences[1:]:
            lines.append(self._without_repeated_name(lines[-1], line))
        return vary(" ".join(lines), self.rng)

    def _without_repeated_name(self, last: str, line: str) -> str:
        """`Lily ...` becomes `She ...` behind a sentence of hers in which nobody else is named."""
        hero, friend = self.people["hero"], self.people["friend"]
        calls = [f"The {hero.epithet} {hero.noun} ", f"The {hero.noun} "]
        calls += [f"{hero.name} "] * bool(hero.name)
        call = next((call for call in calls if line.startswith(call)), "")
        clear = last.startswith((*calls, capital(hero.pronouns.he) + " ")) and friend.name not in last
        clear = clear and not line.startswith(call + "and ") and '"' not in line + last
        if not call or not clear or not self.chance(0.8):
            return line
        return f"{capital(hero.pronouns.he)} {line[len(call) :]}"
