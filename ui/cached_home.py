"""What Home computes: one continuation of the sentence, and the parts of the model for the map."""

from __future__ import annotations

from llm.config import SamplingConfig
from llm.decoding import generate, up_to
from llm.sampling import Choice, as_logits, softmax
from ui import cached, cached_decoding
from ui.components.story import Written
from ui.tokens import chips, token_label

TOKENS, MOST_TOKENS = 80, 120  # the sentence that is being written after so many may end
TEMPERATURE, TOP_K = 0.7, 40
CANDIDATES = 8


def best_probability(model_id: str, step: int | None, ids: tuple[int, ...]) -> float:
    """The model's own probability of its best candidate for what comes next: of a blank at the end, if it fills blanks."""
    logits = cached_decoding.next_logits(model_id, step, ids)
    return float(softmax(as_logits(logits)).max())


def _blank_after_blank(model_id: str, step: int | None, ids: tuple[int, ...], sampling: SamplingConfig) -> list[Choice]:
    """What a model that fills blanks makes of one at the end of the text, again and again."""
    made: list[Choice] = []
    stops = cached_decoding.stop_ids(cached.checkpoint(model_id, step).tokenizer)
    while len(made) < TOKENS and not (made and made[-1].token_id in stops):
        so_far = (*ids, *(choice.token_id for choice in made))
        made.append(cached_decoding.next_choice(model_id, step, so_far, sampling, len(made)))
    return made


@cached.by_weights(max_entries=64)
def continuation(model_id: str, step: int | None, ids: tuple[int, ...], seed: int) -> tuple[Written, ...]:
    """``TOKENS`` tokens after ``ids`` and the rest of their sentence, drawn at temperature 0.7 from the 40 best, with each
    step's candidates."""
    opened = cached.checkpoint(model_id, step)
    tokenizer = opened.tokenizer
    stop = tokenizer.special.get("<|end|>")
    sampling = SamplingConfig(temperature=TEMPERATURE, top_k=min(TOP_K, opened.config.vocab_size), seed=seed)
    if opened.config.causal:
        steps = generate(opened.model, list(ids), sampling, MOST_TOKENS, stop_ids=() if stop is None else (stop,))
        steps = up_to(steps, TOKENS, tokenizer.ends_sentence)
    else:
        steps = _blank_after_blank(model_id, step, ids, sampling)
    written = []
    for chip, made in zip(chips(tokenizer, [s.token_id for s in steps]), steps, strict=True):
        best = made.probabilities.argsort()[::-1][:CANDIDATES]
        shown = token_label(tokenizer, made.token_id)
        written.append(
            Written(
                text=""
                if chip.position != chip.group or made.token_id == stop
                else chip.text.replace("·", " ").replace("⏎", "\n"),
                shown=shown,
                probability=float(made.probabilities[made.token_id]),
                candidates=tuple((token_label(tokenizer, int(i)), float(made.probabilities[i])) for i in best),
            )
        )
    return tuple(written)
