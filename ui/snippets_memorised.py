"""The lines of Python that the card Memorised or generalised offers to take away. Each prints the numbers on the screen."""

from __future__ import annotations

from llm.interpret.memorised import Findings
from ui.state import Reading


def _opening(now: Reading) -> str:
    return f"""from llm.interpret.training_text import training_parts
from llm.library import find_model, open_model

info = find_model({now.model_id!r})
opened = open_model(info.id, {now.step!r})
parts = training_parts(info.folder)  # the text is made again from its seed
"""


def stretches_code(now: Reading, prompt: str, found: Findings) -> str:
    """Search the text on the screen."""
    return f"""{_opening(now)}
from llm.interpret.memorised import TrainingText

search = TrainingText(parts.train)
text = {found.text!r}
found = search.find(text, start={len(prompt)})
for stretch in found.stretches:
    print(stretch.words, stretch.count, text[stretch.start : stretch.end], search.passage(stretch.places[0]))
print([(least, found.share(least)) for least in (4, 8, 16, 32)])
"""


def gap_code(now: Reading) -> str:
    """Both losses and their standard errors."""
    return f"""{_opening(now)}
from llm.interpret.gap import equal_samples, loss_gap, objective_for

samples = equal_samples(opened.tokenizer, parts.train, parts.val, bounded=parts.bounded)
gap = loss_gap(opened.model, *samples, objective_for(opened.model, opened.tokenizer))
print(gap.train, gap.val, gap.difference, gap.error)
"""


def exam_code(now: Reading, count: int) -> str:
    """Exact answers to known and to new sums."""
    return f"""{_opening(now)}
from llm.exam import exact_share
from llm.sources import as_question

for part in (parts.train, parts.val):
    questions = [as_question(part[i * len(part) // {count}]) for i in range({count})]
    print(exact_share(opened.model, opened.tokenizer, questions))
"""


def recited_code(now: Reading, given: int) -> str:
    """How many tokens of each training and held-out text come back."""
    return f"""{_opening(now)}
from llm.interpret.recited import beginnings, recite

for part in (parts.train, parts.val):
    texts = beginnings(opened.tokenizer, part, {given}, bounded=parts.bounded)
    print([one.right for one in recite(opened.model, texts, {given})])
"""
