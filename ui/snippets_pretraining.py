"""The lines of Python and the command that train the same run again."""

from __future__ import annotations

import json
from typing import Any

from llm.runs.spec import RunSpec

TEXT_FILE, SPEC_FILE = "text.txt", "spec.json"


def python_code(spec: RunSpec) -> str:
    """Train the same model in a notebook or a script; the losses are the same to the last digit on the same machine."""
    return f"""from llm.config import ModelConfig, TrainConfig
from llm.model import Transformer
from llm.sources import {"corpus_source" if spec.data.kind == "corpus" else "text_source"}
from llm.training import train

source = {_source(spec)}
model = Transformer(ModelConfig(vocab_size=source.tokenizer.vocab_size, {_arguments(spec.model)}))
for record in train(model, source.data, TrainConfig({_arguments(spec.train)})):
    if record.step % 50 == 0:
        print(record.step, record.loss, record.val_loss)
"""


# the command line of the same run, from its stored description; a text of one's own stands beside it as text.txt
COMMAND = f"python -m llm train --spec {SPEC_FILE} --out my-run"


def spec_json(spec: RunSpec) -> str:
    """That description."""
    return json.dumps(spec.to_dict(), indent=1, ensure_ascii=False)


def _source(spec: RunSpec) -> str:
    data = spec.data
    options: dict[str, Any] = {"tokenizer": data.tokenizer, "vocab_size": data.vocab_size}
    options |= {"masked": True} if spec.objective == "masked_tokens" else {}
    options |= {"shuffle_words": True} if data.shuffle_words else {}
    if data.kind == "corpus":
        options = {"size": data.size, "seed": data.seed} | options
        return f"corpus_source({data.corpus!r}, {_arguments(options)})"
    options |= {"seed": data.seed} if data.shuffle_words else {}
    return f'text_source(open("{TEXT_FILE}", encoding="utf-8").read(), {data.label!r}, {_arguments(options)})'


def _arguments(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items() if value is not None or name in ("grad_clip", "steps"))
