"""OpenAI's tokenizers (GPT-2, GPT-4, GPT-4o) from rank files in `assets/`, without any network."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import tiktoken

from llm.tokenizers.bytelevel import ByteLevelTokenizer

RANKS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "tokenizers" / "tiktoken"


@dataclass(frozen=True)
class _Source:
    """One published encoding: its rank file (named as in tiktoken's own cache), the file's SHA-256 and the rest."""

    title: str
    file: str
    sha256: str
    pattern: str
    special: tuple[tuple[str, int], ...]


# Patterns, checksums and special tokens as in tiktoken_ext.openai_public; a test holds them equal.
_SOURCES = {
    "r50k_base": _Source(
        "GPT-2",
        "0ea1e91bbb3a60f729a8dc8f777fd2fc07cd8df4",
        "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
        (("<|endoftext|>", 50256),),
    ),
    "cl100k_base": _Source(
        "GPT-4",
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
        r"|\s+(?!\S)|\s",
        (
            ("<|endoftext|>", 100257),
            ("<|fim_prefix|>", 100258),
            ("<|fim_middle|>", 100259),
            ("<|fim_suffix|>", 100260),
            ("<|endofprompt|>", 100276),
        ),
    ),
    "o200k_base": _Source(
        "GPT-4o",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        (("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)),
    ),
}
# Each name a reader may ask for. tiktoken's own "gpt2" reads other files and gives the same ids as r50k_base.
ENCODING_OF = {"gpt2": "r50k_base", "r50k_base": "r50k_base", "cl100k_base": "cl100k_base", "o200k_base": "o200k_base"}
_LOADING = Lock()


class TiktokenTokenizer(ByteLevelTokenizer):
    """One of OpenAI's published tokenizers. `title` names the model that it is known from."""

    kind: ClassVar[str] = "tiktoken"

    def __init__(self, name: str) -> None:
        """Loads a tokenizer by name, see `ENCODING_OF`.

        Raises:
            ValueError: the name is unknown, or the rank file is missing or damaged.
        """
        if name not in ENCODING_OF:
            raise ValueError(f"There is no tokenizer named {name!r}; the names are {', '.join(ENCODING_OF)}.")
        self.name = name
        self.title = _SOURCES[ENCODING_OF[name]].title
        with _LOADING:
            encoding = _load_encoding(ENCODING_OF[name])
        super().__init__(encoding)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TiktokenTokenizer:
        """Rebuilds a tokenizer from `to_json`; the ranks come from `assets/`, not from the JSON."""
        return cls(data["name"])


@lru_cache
def _load_encoding(name: str) -> tiktoken.Encoding:
    # Not tiktoken.get_encoding: it finds its files through an environment variable of the whole process, and goes to
    # the network for a file that is missing or damaged.
    source = _SOURCES[name]
    return tiktoken.Encoding(
        name,
        pat_str=source.pattern,
        mergeable_ranks=_read_ranks(source),
        special_tokens=dict(source.special),
    )


def _read_ranks(source: _Source) -> dict[bytes, int]:
    """The token of each line of a rank file, in base64, with its rank."""
    path = RANKS_FOLDER / source.file
    try:
        data = path.read_bytes()
    except OSError:
        raise ValueError(
            f"The rank file of {source.title}'s tokenizer is missing; restore {_relative(path)} from the repository."
        ) from None
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise ValueError(
            f"The rank file of {source.title}'s tokenizer is damaged (its SHA-256 differs); restore {_relative(path)} "
            "from the repository."
        )
    lines = (line.split() for line in data.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def _relative(path: Path) -> str:
    return "/".join(path.parts[-4:])
