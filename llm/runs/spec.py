"""What is to be trained: data, model, training. Frozen, plain values, the same in every process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from llm.config import ModelConfig, TrainConfig
from llm.corpora import CORPORA, MAX_SIZE
from llm.corpora.own_text import MIN_CHARACTERS

if TYPE_CHECKING:
    from llm.runs.limits import Limits

KINDS = {
    "corpus": "a corpus that is generated here",
    "text": "a text of one's own",
    "upload": "nothing here: the finished model was uploaded",
}
TOKENIZERS = {
    "bpe": "byte pairs, learned from the training part",
    "word": "words, from the training part",
    "char": "characters, from the training part",
    "stories": "the byte pairs of the stories model in the box",
    "gpt2": "GPT-2's byte pairs",
    "cl100k_base": "GPT-4's byte pairs",
    "o200k_base": "GPT-4o's byte pairs",
}
READY_SIZES = {"stories": 1024, "gpt2": 50_257, "cl100k_base": 100_277, "o200k_base": 200_019}
USUAL_SIZES = {"bpe": 1024, "word": 2000, "char": 150}  # what a vocabulary comes to when no size is asked for
LONGEST_PROMPT = 1_000  # characters, as the bench's sentence
LONGEST_TITLE = 120


@dataclass(frozen=True)
class DataSpec:
    """What a run learns from. ``corpus``, ``size`` and ``seed`` are for generated corpora; a text is found by its ``sha256``.

    ``name`` is what readers see of a text. ``tokenizer`` is one of ``TOKENIZERS`` (the command line also takes a folder).
    ``shuffle_words`` puts the words of each document in random order.
    """

    kind: str = "corpus"
    corpus: str = "stories"
    size: int | None = None
    seed: int = 0
    name: str = ""
    tokenizer: str = "bpe"
    vocab_size: int | None = None
    shuffle_words: bool = False
    sha256: str = ""

    def __post_init__(self) -> None:
        _require(self.kind in KINDS, f"kind is {self.kind!r}; choose one of {', '.join(KINDS)}")
        _require(self.kind != "corpus" or self.corpus in CORPORA, f"there is no corpus {self.corpus!r}")
        _require(self.size is None or (_whole(self.size) and 1 <= self.size <= MAX_SIZE), f"size is {self.size!r}")
        _require(_whole(self.seed) and self.seed >= 0, f"seed is {self.seed!r}; it must be a whole number from 0 up")
        small = self.vocab_size is None or (_whole(self.vocab_size) and self.vocab_size >= 1)
        _require(small, f"vocab_size is {self.vocab_size!r}; it must be a whole number of at least 1")
        _require(all(isinstance(text, str) for text in (self.name, self.tokenizer, self.sha256)), "the data need plain texts")
        _require(isinstance(self.shuffle_words, bool), f"shuffle_words is {self.shuffle_words!r}; it is true or false")

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return CORPORA[self.corpus].title if self.kind == "corpus" else self.name or f"your {self.kind}"

    def likely_vocabulary(self) -> int:
        """The vocabulary's size as far as it can be known before the tokenizer is made."""
        usual = USUAL_SIZES.get(self.tokenizer, 1024)
        return READY_SIZES.get(self.tokenizer) or (usual if self.tokenizer == "char" else self.vocab_size or usual)

    def digest(self) -> str:
        """SHA-256 of what decides the tokens; a text's name does not."""
        values = asdict(self)
        if self.kind != "corpus":
            values |= {"name": "", "corpus": "", "size": None, "seed": self.seed if self.shuffle_words else 0}
        return _digest(values)


@dataclass(frozen=True)
class RunSpec:
    """One run. ``model`` has ``ModelConfig``'s fields without ``vocab_size``, ``train`` those of ``TrainConfig``.

    ``prompt`` is the sentence whose continuation, probabilities and attention are kept while it trains; ``recipe`` is the name of
    the choices, for readers only. Snapshots are kept at ``snapshots`` (None: at 0, 1, 2, 5, 10, 20, 50 ...), and at every
    multiple of ``snapshot_every``.
    """

    data: DataSpec = field(default_factory=DataSpec)
    model: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    prompt: str = ""
    title: str = ""
    tensorboard: bool = False
    recipe: str = ""
    snapshots: tuple[int, ...] | None = None
    snapshot_every: int | None = None

    def __post_init__(self) -> None:
        _require("vocab_size" not in self.model, "the vocabulary belongs to the data; leave vocab_size out of the model")
        self.model_config(self.data.likely_vocabulary())
        self.train_config()
        texts = (self.prompt, self.title, self.recipe)
        _require(all(isinstance(text, str) for text in texts), "prompt, title and recipe are texts")
        _require(
            len(self.prompt) <= LONGEST_PROMPT, f"the prompt is longer than {LONGEST_PROMPT:,} characters; give a shorter one"
        )
        _require(len(self.title) <= LONGEST_TITLE, f"the title is longer than {LONGEST_TITLE} characters; give a shorter one")
        every = self.snapshot_every
        _require(every is None or (_whole(every) and every >= 1), f"snapshot_every is {every!r}; it must be at least 1")
        if self.snapshots is not None:
            _require(all(_whole(step) and step >= 0 for step in self.snapshots), "snapshots are whole steps from 0 up")
            object.__setattr__(self, "snapshots", tuple(self.snapshots))

    def model_config(self, vocab_size: int) -> ModelConfig:
        """The model's configuration for a vocabulary of this size."""
        return ModelConfig.from_dict({**self.model, "vocab_size": vocab_size})

    def train_config(self) -> TrainConfig:
        """The training's configuration."""
        return TrainConfig.from_dict(self.train)

    @property
    def objective(self) -> str:
        """The training objective's name."""
        return self.train_config().objective

    def check(self, limits: Limits) -> None:
        """``ValueError``, in one sentence, when the run is more than the limits allow."""
        limits.check(self)

    def digest(self) -> str:
        """SHA-256 that two starts share when they would train the same: everything but title, TensorBoard and recipe's name."""
        model = self.model_config(1).to_dict()
        how = {"snapshots": self.snapshots, "snapshot_every": self.snapshot_every, "prompt": self.prompt}
        return _digest({"data": self.data.digest(), "model": model, "train": self.train_config().to_dict(), **how})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``spec.json`` stores them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunSpec:
        """The spec that ``to_dict`` stored; an unknown field is a ``ValueError``."""
        values = dict(values)
        data = values.pop("data", {})
        try:
            return cls(data=_known(DataSpec, data), **_only(cls, values))
        except TypeError as error:
            raise ValueError(f"this does not describe a whole run ({error})") from error

    def with_text(self, text: str) -> RunSpec:
        """The same run on this text; its SHA-256 is filled in."""
        found = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return replace(self, data=replace(self.data, kind="text", sha256=found))


def check_text(text: str, limits: Limits) -> None:
    """``ValueError`` for a text that is too short to learn from, or longer than allowed."""
    length = len(text.strip())
    _require(length >= MIN_CHARACTERS, f"the text has {length} characters; learning needs at least {MIN_CHARACTERS}")
    most = limits.text_characters
    _require(len(text) <= most, f"the text has {len(text):,} characters; at most {most:,} are trained on here")


def _known(cls: type, values: dict[str, Any]) -> Any:
    return cls(**_only(cls, values))


def _only(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """The values, once it is sure that the class has a field for each."""
    _require(isinstance(values, dict), f"{cls.__name__} is stored as an object")
    unknown = set(values) - {f.name for f in fields(cls)}
    _require(not unknown, f"{cls.__name__} has no field {', '.join(sorted(unknown))}; the file is of another version")
    return values


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(sentence)
