"""Embeddings: every number is the table's own, for every view, every kind of model and odd input; the snippets really run."""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from llm.checkpoints import load_weight, save_checkpoint
from llm.config import ModelConfig
from llm.hf import save_gpt2
from llm.interpret import projections
from llm.library import BOX
from llm.model import Transformer
from llm.tokenizers import CharTokenizer, WordTokenizer, train_bpe
from tests.pages.helpers import ROOT, check, component, messages, open_page
from ui import cached
from ui import cached_embeddings as computed
from ui import snippets_embeddings as snippets
from ui.embeddings.spot import CHOSEN
from ui.figures.embeddings import cloud_in_space, crowd, farther_out
from ui.numbers import digits
from ui.state import Reading
from ui.tokens import chips

WORDS = tomllib.loads((ROOT / "assets" / "text" / "en" / "embeddings.toml").read_text("utf-8"))
VIEWS = list(WORDS["views"])
TEXT = "The little dog saw a cat in the garden, and the cat saw the dog. It was happy 12 times! " * 40
ODD = ["", " ", "a", "🐶👩‍👩‍👧", "مرحبا بالعالم", "<script>alert(1)</script>", "$x$ **bold** [a](b) {c}", "word " * 300]
OWN = {
    "lookup": "embeddings-row",
    "cloud": "embeddings-cloud",
    "likeness": "embeddings-similarity",
    "analogies": "embeddings-analogy",
}


def view(name: str, **address: str):
    return check(open_page("embeddings", vectors=name, **address), "embeddings")


def rows_key(at) -> str:
    """The key of the matrix of the sentence's rows."""
    return next(key for key in messages(at) if key.startswith("embeddings-rows-") and not key.endswith("-origin"))


def test_a_number_of_the_matrix_opens_its_row() -> None:
    at = view("lookup", text="The little dog")
    at.session_state[rows_key(at)] = {"cell": [2, 17]}
    at.run()
    header, arrays = component(check(at, "embeddings"), "embeddings-rows-where-origin")
    assert header["marked"] == 17 and np.array_equal(arrays["rows"][0], table()[token(" dog")])
    assert header["exact"].replace("−", "-") == str(table()[token(" dog")][17])


def table(step: int | None = None) -> np.ndarray:
    return cached.checkpoint("stories", step).model.token_embedding.weight.numpy()


def token(text: str) -> int:
    (found,) = cached.checkpoint("stories").tokenizer.encode(text)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2's vocabulary with random weights (and the padding of nanoGPT), and tokenizers of words, characters and few pieces."""
    top = tmp_path_factory.mktemp("models")
    save_gpt2(Transformer(ModelConfig(vocab_size=50304, context_length=64, n_layers=1, n_heads=2, d_model=24)), top / "emb-gpt2")
    made = [WordTokenizer.train(TEXT, 60), CharTokenizer.train(TEXT), train_bpe(TEXT, 257)]
    for name, tokenizer in zip(("emb-words", "emb-letters", "emb-bytes"), made, strict=True):
        config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=32, n_layers=1, n_heads=2, d_model=16, causal=False)
        save_checkpoint(top / name, Transformer(config), tokenizer, {"title": name})
    return top


@pytest.mark.parametrize("name", VIEWS)
def test_only_the_open_view_is_drawn(name: str) -> None:
    shown = messages(view(name))
    assert {own for own in OWN.values() if any(key == own or key.startswith(f"{own}-") for key in shown)} == {OWN[name]}


@pytest.mark.parametrize("model", ["emb-gpt2", "emb-words", "emb-letters", "emb-bytes"])
def test_every_view_of_every_kind_of_vocabulary(extra: None, model: str) -> None:
    for name, text in product(VIEWS, ("The little dog saw a cat", "d")):
        assert view(name, model=model, text=text).selectbox(key="bench-model").value == model, name


@pytest.mark.parametrize("text", ODD)
def test_odd_input_breaks_nothing(text: str) -> None:
    for name in VIEWS:
        at = view(name)
        check(at.text_input(key="text").set_value(text[:1000]).run(), "embeddings")


@pytest.mark.parametrize("name", VIEWS)
def test_random_weights_before_any_training(name: str) -> None:
    at = view(name)
    at.session_state["step"] = "0"
    check(at.run(), "embeddings")
    assert name == "cloud" or any("random weights" in each.value for each in at.caption)


def test_the_sentence_s_rows_are_those_of_the_table() -> None:
    at = view("lookup", text="The little dog")
    ids = cached.checkpoint("stories").tokenizer.encode("The little dog")
    assert np.array_equal(component(at, rows_key(at))[1]["values"], table()[ids])
    header, arrays = component(at, "embeddings-lookup")
    assert [each["id"] for each in header["tokens"]] == ids and header["rows"] == 1024
    assert arrays["table"].shape == table().shape


def test_pressing_a_chip_looks_its_row_up() -> None:
    at = view("lookup", text="The little dog")
    key = next(key for key in messages(at) if key.startswith("embeddings-lookup-strip-"))
    for position, text in ((0, "The"), (1, " little"), (0, "The")):
        at.session_state[key] = {"picked": position}
        check(at.run(), "embeddings")
        assert np.array_equal(component(at, "embeddings-row")[1]["values"][0], table()[token(text)])
        assert component(at, "embeddings-lookup")[0]["picked"] == position
        assert any(f"E[{token(text)}]" in each.value for each in at.latex)


def test_the_default_token_is_the_one_with_the_nearest_neighbour() -> None:
    at = view("lookup", text="The little dog was very")
    ids = cached.checkpoint("stories").tokenizer.encode("The little dog was very")
    best = [projections.nearest(table(), table()[i], 1, without={i})[1][0] for i in ids]
    assert at.session_state[CHOSEN]["position"] == int(np.argmax(best))


def test_how_much_of_the_matrix_a_sentence_touches() -> None:
    at = view("lookup", text="the the the dog")
    at.pills(key="embeddings-share-choice").set_value(WORDS["share"]["options"][0]).run()
    said = " ".join(each.value for each in at.markdown)
    used = len(set(cached.checkpoint("stories").tokenizer.encode("the the the dog")))
    assert f"{used} of 1,024 rows" in said and f"{100 * used / 1024:.1f} %" in said


def test_the_cloud_holds_every_token_at_every_step() -> None:
    at = view("cloud")
    header, arrays = component(at, "embeddings-cloud")
    steps = cached.model_info("stories").steps
    assert header["steps"] == list(steps) and header["at"] == len(steps) - 1
    assert sorted(header["ids"]) == list(range(1024))
    order, last = np.array(header["ids"]), arrays["coordinates"][-1]
    made = projections.pca(table()[order], 2, np.flatnonzero(computed.counts("stories")[order] > 0))
    assert np.allclose(last, made.coordinates, atol=1e-4)
    assert f"{100 * made.shares.sum():.0f} %" in header["facts"][-1]
    dog = header["ids"].index(token(" dog"))
    near = arrays["near"].view("<u2").reshape(len(steps), 1024, -1)[-1, dog]
    expected, _ = projections.nearest(table(), table()[token(" dog")], near.size, without={token(" dog")})
    assert [header["ids"][i] for i in near] == expected.tolist()


def test_frames_are_turned_pcas_of_their_own_step() -> None:
    made, ids = computed.clouds("stories"), computed.shown("stories", 5000)
    for frame in (0, 6):
        rows = load_weight(BOX / "stories", "token_embedding.weight", made.steps[frame]).numpy()[ids]
        plain = projections.pca(rows, 2, computed.occurring("stories", ids)).coordinates
        turned = made.coordinates[frame]
        assert np.allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(plain, axis=1), rtol=1e-3, atol=1e-4)
        assert np.array_equal(made.neighbours[frame][5], projections.neighbours(rows, 6)[5])


def test_pressing_a_point_chooses_the_token_everywhere() -> None:
    at = view("cloud")
    chosen = token(" said")
    computed_ids, values = computed.nearest("stories", None, chosen)
    at.session_state["embeddings-cloud"] = {"picked": chosen}
    at.session_state[CHOSEN] = {"for": at.session_state[CHOSEN]["for"], "id": chosen, "position": None, "lock": None}
    check(at.run(), "embeddings")
    header, _ = component(at, "embeddings-near")
    tokenizer = cached.checkpoint("stories").tokenizer
    assert [row["label"] for row in header["rows"]] == [tokenizer.token_text(i).replace(" ", "·") for i in computed_ids]
    assert np.allclose([row["value"] for row in header["rows"]], values)
    cloud_header, _ = component(at, "embeddings-cloud")
    assert cloud_header["ids"][cloud_header["picked"]] == chosen


def test_a_big_vocabulary_shows_the_first_and_says_so(extra: None) -> None:
    at = view("cloud", model="emb-gpt2", text="a zebra's parallelogram")
    header, _ = component(at, "embeddings-cloud")
    ids = cached.checkpoint("emb-gpt2").tokenizer.encode("a zebra's parallelogram")
    assert set(ids) <= set(header["ids"]) and set(range(4000)) <= set(header["ids"])
    assert len(header["sentence"]) == len(set(ids)) and header["steps"] == [0]
    assert any("of 50,257 tokens" in each.value for each in at.caption)


def test_space_and_tsne_are_drawn_only_when_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    fake = lambda model_id, step, ids, dimensions: asked.append((len(ids), dimensions)) or np.ones((len(ids), dimensions))  # noqa: E731
    monkeypatch.setattr(computed, "tsne", fake)
    at = view("cloud")
    assert not at.get("plotly_chart") and not asked
    at.segmented_control(key="embeddings-dimensions").set_value(3).run()
    assert len(check(at, "embeddings").get("plotly_chart")) == 1 and not asked
    at.segmented_control(key="embeddings-method").set_value("tsne").run()
    assert check(at, "embeddings") and asked[-1][0] <= 1005 and asked[-1][1] == 3
    at.segmented_control(key="embeddings-dimensions").set_value(2).run()
    header, _ = component(check(at, "embeddings"), "embeddings-cloud")
    assert asked[-1] == (1024, 2) and len(header["steps"]) == 1


def test_similarity_of_the_sentence() -> None:
    at = view("likeness", text="he said she said")
    header, arrays = component(at, next(key for key in messages(at) if key.startswith(OWN["likeness"])))
    ids = cached.checkpoint("stories").tokenizer.encode("he said she said")
    rows = table()[ids].astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.allclose(arrays["values"], unit @ unit.T, atol=1e-5)
    assert header["words"] == "{row} and {column}: {value}"
    _, explained = component(at, "embeddings-cosine")
    a, b, products = explained["values"]
    assert np.allclose(a * b, products, atol=1e-6)
    i, j = header["rest"]  # what is explained is marked in the matrix
    assert np.array_equal(a, table()[ids[i]]) and np.array_equal(b, table()[ids[j]]) and i != j


def test_the_question_is_asked_before_the_neighbours_are_shown() -> None:
    at = view("likeness", text="The little dog was very")
    assert "embeddings-near" not in messages(at)
    ids, values = computed.three("stories", None, at.session_state[CHOSEN]["id"])
    assert len(set(ids)) == 3 and at.session_state[CHOSEN]["id"] not in ids
    question = at.pills(key="embeddings-nearest-choice")
    question.set_value(question.options[int(np.argmax(values))]).run()
    assert "embeddings-near" in messages(check(at, "embeddings"))
    assert any("Right" in each.value for each in at.markdown)


def test_analogy_of_the_default_and_of_an_example() -> None:
    at = view("analogies")
    chosen = [token(f" {word}") for word in WORDS["examples"]["triples"][0]]
    assert [at.selectbox(key=f"embeddings-{part}-stories").value for part in "abc"] == chosen
    for _ in range(2):
        header, _ = component(at, "embeddings-analogy")
        ids, values = projections.analogy(table(), *chosen, 5, among=computed.words("stories"))
        assert np.allclose([row["value"] for row in header["rows"]], values)
        assert not set(ids.tolist()) & set(chosen)
        at.pills(key="embeddings-example-stories").set_value(1).run()
        chosen = [token(f" {word}") for word in WORDS["examples"]["triples"][1]]
        check(at, "embeddings")


def test_the_picture_of_an_analogy_takes_one_step_twice() -> None:
    header, arrays = component(view("analogies"), "embeddings-steps")
    assert [point["role"] for point in header["points"][:4]] == ["a", "b", "c", "result"]
    a, b, c, result = arrays["places"][:4]
    assert np.allclose(a - b, result - c, atol=1e-5)


def test_how_often_analogies_work_is_counted() -> None:
    known = tuple(computed.word_ids("stories", WORDS["examples"]["known"]))
    hits, alone = computed.analogy_scores("stories", None, known)
    said = " ".join(each.value for each in view("analogies").markdown)
    assert len(known) > 10 and f"Of **{len(known)}**" in said and f"**{hits}**" in said and f"**{alone}**" in said


def test_neighbours_at_step_zero_are_an_accident() -> None:
    dog = token(" dog")
    (_, first), (_, last) = computed.nearest("stories", 0, dog), computed.nearest("stories", None, dog)
    assert first[0] < 0.45 < last[0]
    last = cached.model_info("stories").steps[-1]
    assert {"embeddings-before-0", f"embeddings-before-{last}"} <= set(messages(view("lookup")))


def test_one_weight_of_a_snapshot_is_the_model_s(tmp_path: Path) -> None:
    *some, last = cached.model_info("stories").steps
    for step in some[::5]:
        assert np.array_equal(load_weight(BOX / "stories", "token_embedding.weight", step).numpy(), table(step))
    assert np.array_equal(load_weight(BOX / "stories", "token_embedding.weight", last).numpy(), table())
    with pytest.raises(ValueError, match="no readable weight"):
        load_weight(tmp_path, "token_embedding.weight")
    with pytest.raises(ValueError, match="no readable weight nonsense"):
        load_weight(BOX / "stories", "nonsense")


def test_figure_has_one_trace_for_each_kind_and_escapes() -> None:
    palette = {"ink": "#000", "line": "#ccc", "accent": "#00f", "kind-start": "#111", "kind-byte": "#222"}
    kinds, titles = ["start", "byte", "start"], {"start": "S", "byte": "B"}
    figure = cloud_in_space(np.zeros((3, 3)), ["<b>", "b", "c"], kinds, titles, palette, named=[1])
    assert [trace.name for trace in figure.data[:2]] == ["S 2", "B 1"] and figure.data[0].text[0] == "&lt;b&gt;"
    assert len(figure.data) == 3
    with pytest.raises(ValueError, match="need as many labels"):
        cloud_in_space(np.zeros((3, 3)), ["a"], ["start"], {}, palette)


def test_the_picture_in_space_opens_on_the_crowd_and_holds_the_heap_far_away() -> None:
    chosen = np.random.default_rng(0)
    cloud_, heap = chosen.normal(size=(600, 3)), np.array([30.0, 0, 0]) + 0.01 * chosen.normal(size=(250, 3))
    places = np.concatenate([cloud_, heap])
    middle, half = crowd(places)
    assert np.abs(middle).max() < 0.5 and (half < 4).all() and 250 <= farther_out(places) < 260 and farther_out(cloud_) < 10
    labels, palette = ["a"] * len(places), {"ink": "#000", "line": "#ccc", "accent": "#00f", "kind-start": "#111"}
    scene = cloud_in_space(places, labels, ["start"] * len(places), {"start": "S"}, palette).layout.scene
    ranges = np.array([axis.range for axis in (scene.xaxis, scene.yaxis, scene.zaxis)], dtype=float)
    assert (ranges[:, 0] <= places.min(axis=0)).all() and (ranges[:, 1] >= places.max(axis=0)).all()
    unit = np.ptp(ranges, axis=1) / [scene.aspectratio.x, scene.aspectratio.y, scene.aspectratio.z]
    assert np.allclose(unit, 2 * half.max())  # one scale along all axes, and the crowd has size 1
    assert np.allclose(
        np.array([scene.camera.center.x, scene.camera.center.y, scene.camera.center.z]) * unit + ranges.mean(axis=1), middle
    )


def reading(text: str = "The little dog was very", step: int | None = None) -> Reading:
    info = cached.model_info("stories")
    opened = cached.checkpoint("stories", step)
    ids = tuple(opened.tokenizer.encode(text))
    return Reading("stories", step, info, opened.config, opened.tokenizer, text, ids, chips(opened.tokenizer, ids), "", (), 0, 0)


def run(code: str) -> tuple[str, dict]:
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(code, "snippet", "exec"), names)
    return said.getvalue(), names


@pytest.mark.parametrize("finished", [True, False])
def test_snippets_print_the_numbers_on_the_screen(finished: bool) -> None:
    step = None if finished else cached.model_info("stories").steps[-3]
    now, dog = reading(step=step), token(" dog")
    assert np.array_equal(run(snippets.row_code(now, 2))[1]["E"][dog], table(step)[dog])
    assert run(snippets.rows_code(now))[1]["rows"].shape == (5, 128)
    ids, values = computed.nearest("stories", step, dog)
    printed = run(snippets.near_code(now, dog, 10))[0].splitlines()
    assert np.allclose([float(line.split()[-1]) for line in printed], values, atol=1e-5) and len(ids) == len(printed)
    printed = np.array(re.findall(r"-?\d[\d.e+-]*", run(snippets.similarity_code(now, 5))[0]), dtype=float)
    assert np.allclose(printed, computed.similarity("stories", step, now.ids).ravel(), atol=1e-6)


def test_snippets_of_analogies_and_maps() -> None:
    now = reading()
    chosen = tuple(token(f" {word}") for word in WORDS["examples"]["triples"][0])
    printed = run(snippets.analogy_code(now, chosen))[0].splitlines()
    cosines = [float(line.split()[-1]) for line in printed[:5]]
    assert np.allclose(cosines, computed.analogy("stories", None, *chosen)[1], atol=1e-5)
    known = tuple(computed.word_ids("stories", WORDS["examples"]["known"]))
    assert run(snippets.score_code(now, known))[0].strip() == str(computed.analogy_scores("stories", None, known))
    ids = computed.shown("stories", 5000)
    made = run(snippets.pca_code(reading(step=cached.model_info("stories").steps[-3]), ids))[1]["made"]
    assert np.allclose(made.coordinates, computed.clouds("stories").coordinates[-1], atol=1e-4)
    assert "[" in run(snippets.space_code(now, ids))[0]
    compile(snippets.tsne_code(now, ids, 2), "snippet", "exec")


def test_the_cloud_s_question_counts_who_stays_nearest_in_the_picture() -> None:
    at = view("cloud")
    at.pills(key="embeddings-flat-choice").set_value(WORDS["flat"]["options"][0]).run()
    made = computed.clouds("stories", (), None)
    points, table = made.coordinates[-1].astype(np.float64), computed.table("stories", None)
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    ids = computed.shown("stories", computed.most_shown("stories"), ())
    alike = unit[ids] @ unit[ids].T
    np.fill_diagonal(alike, -np.inf)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    share = 100 * float((alike.argmax(axis=1) == apart.argmin(axis=1)).mean())
    said = next(m.value for m in check(at, "embeddings").markdown if "tokens. The picture has two numbers" in m.value)
    assert abs(float(said.split("**")[1].split()[0]) - share) <= 1.01


def test_the_analogy_s_question_measures_the_two_steps() -> None:
    at = view("analogies")
    at.pills(key="embeddings-steps-choice").set_value(WORDS["steps"]["options"][0]).run()
    a, b, c = (at.session_state[f"embeddings-{part}-stories"] for part in "abc")
    table = computed.table("stories", None).astype(np.float64)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    found = computed.analogy("stories", None, a, b, c)[0][0]
    first, second = table[a] - table[b], table[found] - table[c]
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    said = next(m.value for m in check(at, "embeddings").markdown if "have a cosine of" in m.value)
    assert said.split("**")[1] == digits(float(cosine))
