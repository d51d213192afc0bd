"""Runs as models: a run that has stored weights opens like any other model, under the id ``run-<id>``.

The id of a run cannot be guessed, so whoever knows it may look. It is looked up in the store, never joined to a path.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llm import presets
from llm.checkpoints import read_config
from llm.cost import count_parameters
from llm.files import read_json
from llm.library import DEFAULT_TEXT, ModelInfo
from llm.runs.samples import BLANK
from llm.runs.store import Run, RunStore

PREFIX = "run-"


def is_run(model_id: str) -> bool:
    """Whether this is a run's id as a model."""
    return model_id.startswith(PREFIX)


def model_id(run: Run) -> str:
    """Under which id a run opens as a model."""
    return f"{PREFIX}{run.id}"


def find_run(model_id: str, store: RunStore | None = None) -> Run:
    """The run behind a model's id; ``ValueError`` when there is none."""
    return (store or RunStore()).get(model_id.removeprefix(PREFIX))


def find_run_model(model_id: str, store: RunStore | None = None) -> ModelInfo:
    """The run behind a model's id, as a model; ``ValueError`` when there is none or it cannot be opened (yet)."""
    return describe_run(find_run(model_id, store))


def describe_run(run: Run) -> ModelInfo:
    """The run's entry in the list of models, from its JSON files alone.

    Raises:
        ValueError: in one sentence, for a run without weights or with damaged files.
    """
    config, steps, meta = read_config(run.folder), run.snapshots(), run.meta()
    if not steps and not (run.folder / "model.safetensors").is_file():
        raise ValueError("this run has no weights yet; they come with its first snapshot")
    parameters = count_parameters(config)
    return ModelInfo(
        id=model_id(run),
        title=run.title,
        folder=run.folder,
        kind="run",
        summary=f"{parameters:,} parameters, trained on {run.spec.data.label}",
        config=config,
        parameters=parameters,
        steps=steps,
        default_text=_sentence(run, meta),
        meta={**_corpus(run.folder), **meta},
    )


def weights_path(info: ModelInfo, step: int | None) -> Path:
    """The file that a model's weights at a step are read from (None: the newest); it may be gone by now."""
    finished = info.folder / "model.safetensors"
    if step is None or step == info.meta.get("step"):
        step = info.steps[-1] if info.steps else None
        if step is None or (step == info.meta.get("step") and finished.is_file()):
            return finished
    return info.folder / "snapshots" / f"step-{step:06d}.safetensors"


def nearest_step(steps: tuple[int, ...], wanted: int) -> int:
    """The stored step nearest to the wanted one, the earlier of two that are equally near."""
    return min(steps, key=lambda step: (abs(step - wanted), step))


def _sentence(run: Run, meta: dict[str, Any]) -> str:
    """A whole sentence of the kind that the run learned from; what is to be filled in belongs to the run's own page."""
    spec = run.spec
    usual = presets.CORPORA[spec.data.corpus][1] if spec.data.corpus in presets.CORPORA else DEFAULT_TEXT
    asked = str(meta.get("default_text") or spec.prompt)
    if BLANK in asked:
        return usual if spec.data.kind == "corpus" else " ".join(asked.replace(BLANK, " ").split()) or usual
    return asked or (usual if spec.data.kind == "corpus" else DEFAULT_TEXT)


def _corpus(folder: Path) -> dict[str, Any]:
    """The generated corpus it learns from, which a finished model's description has too."""
    data = read_json(folder / "config.json").get("data")
    return {"corpus": data["corpus"]} if isinstance(data, dict) and isinstance(data.get("corpus"), str) else {}
