"""The live pictures of a run: all of them are drawn in the browser, from the run's own event stream."""

from __future__ import annotations

from llm.runs.store import Run
from ui import visitor
from ui.components.live_chart import Curve, Line, live_chart
from ui.components.run_sample import head_thumbnails, next_bars, sample_text
from ui.components.run_status import run_status
from ui.page import Page
from ui.pretraining.facts import Facts


def status(page: Page, run: Run) -> None:
    """State, step, time, speed, loss, energy, device; the place in the line; why it ended."""
    run_status(run, key="pretraining-status", told=run.is_owner(visitor.visitor()))


def chart(page: Page, run: Run, facts: Facts, beside: list[Run]) -> None:
    """The loss of this run, with what guessing costs, and other runs over it."""
    words = page["stage"]
    guess = words["line_guess"].format(loss=f"{facts.guess:.2f}", v=f"{facts.vocab_size:,}")
    lines = [Line(facts.guess, guess)] if facts.exact else []  # before its tokenizer is made, V is not known
    if facts.unigram_loss is not None:
        lines.append(Line(facts.unigram_loss, words["line_unigram"].format(loss=f"{facts.unigram_loss:.2f}"), always=False))
    live_chart(
        [Curve.of(run), *map(Curve.of, beside)], key="pretraining-loss", label=words["chart_label"], lines=lines, height=372
    )


def sample(page: Page, run: Run) -> None:
    """What it writes now, and wrote before."""
    words = page["stage"]
    title = words["sample_masked" if run.spec.objective == "masked_tokens" else "sample"]
    sample_text(run, key="pretraining-text", title=title)


def next_tokens(page: Page, run: Run) -> None:
    """What it would put next, or in the blank."""
    next_bars(run, key="pretraining-bars", label=page["stage.next_label"])


def heads(page: Page, run: Run) -> None:
    """Where its heads look in the watched sentence."""
    head_thumbnails(run, key="pretraining-thumbnails", label=page["stage.heads_label"])


def rates(page: Page, run: Run) -> None:
    """Learning rate and length of the gradient."""
    words, curves = page["stage"], [Curve.of(run)]
    for column in ("learning_rate", "grad_norm"):
        live_chart(
            curves, key=f"pretraining-{column}", label=words[f"{column}_label"], title=words[column], column=column,
            compact=True, height=132,
        )  # fmt: skip
