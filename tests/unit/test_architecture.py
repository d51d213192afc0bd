"""Imports point one way (app, pages -> ui -> llm), and nothing does what forty sessions cannot share."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))
UI = sorted((ROOT / "ui").rglob("*.py"))
FIGURES = sorted(path for path in UI if "figures" in str(path.relative_to(ROOT / "ui")))
LLM = sorted((ROOT / "llm").rglob("*.py"))
EVERYTHING = [ROOT / "app.py", *PAGES, *UI, *LLM]
SCREEN = {"streamlit", "plotly"}
THREADS = {"threading", "multiprocessing", "concurrent", "_thread"}
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}


def name_of(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text("utf-8"), name_of(path))


def imports(tree, package=""):
    """Dotted names of all modules that a file imports, wherever in the file; relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parts, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))


def imported(path):
    """Top-level packages that a file imports."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    return {name.split(".")[0] for name in imports(tree_of(path), package)}


def dotted(node):
    """``a.b.c`` of an attribute or a name, else the empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def used_names(path):
    return {dotted(node) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}


def test_files_were_found():
    assert {"home.py", "attention.py", "decoding.py"} <= {path.name for path in PAGES}
    assert {"main.py", "cached.py", "state.py"} <= {path.name for path in UI}
    assert {"model.py", "trace.py", "checkpoints.py", "ablation.py"} <= {path.name for path in LLM}
    assert FIGURES
    assert all(path.is_file() for path in EVERYTHING)


def test_the_checks_can_fail():
    tree = ast.parse("def f():\n    import torch.nn as nn\n    from .. import a\n    importlib.import_module('plotly.io')")
    assert {"torch.nn", "ui.a", "plotly.io"} <= set(imports(tree, "ui.figures"))
    assert dotted(ast.parse("st.cache_data.clear", mode="eval").body) == "st.cache_data.clear"


@pytest.mark.parametrize("path", LLM, ids=name_of)
def test_llm_knows_no_screen(path):
    assert not imported(path) & {*SCREEN, "ui", "pages", "app"}


@pytest.mark.parametrize("path", UI, ids=name_of)
def test_ui_does_not_import_pages(path):
    assert not imported(path) & {"pages", "app"}


@pytest.mark.parametrize("path", FIGURES, ids=name_of)
def test_figures_are_arrays_in_figure_out(path):
    assert not imported(path) & {"streamlit", "torch"}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_only_show(path):
    assert not imported(path) & {"torch", "pages", "app", *THREADS}
    assert not imported(path) & {other.stem for other in PAGES}
    names = {*used_names(path), *imports(tree_of(path), "pages")}
    assert not [name for name in names if name.endswith((".cache_data", ".cache_resource"))]


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_no_pickle_and_no_global_randomness(path):
    used = used_names(path)
    assert not imported(path) & PICKLES
    assert not used & {
        "torch.load",
        "torch.save",
        "torch.manual_seed",
        "torch.random.manual_seed",
        "torch.seed",
    }
    assert not used & {"np.random.seed", "numpy.random.seed", "random.seed", "np.load", "numpy.load"}


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_nothing_is_run_from_text(path):
    called = {dotted(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert not called & {"eval", "exec", "os.system"}


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_first_line_says_what_it_is(path):
    text = path.read_text("utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{name_of(path)} has no docstring"
