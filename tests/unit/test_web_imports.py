"""The scripts have no build step: an imported name that is not there would leave a component empty, and only a browser tells."""

import re
from pathlib import Path

import pytest

from ui.text import load

WEB = Path(__file__).resolve().parents[2] / "assets" / "web"
SCRIPTS = sorted(path.name for path in WEB.glob("*.js"))
IMPORT = re.compile(r'^(?:import|export) \{([^}]*)\} from "\./([\w.]+)"', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", re.MULTILINE)
EXPORTED_LATER = re.compile(r"^export \{([^}]*)\}", re.MULTILINE)


def source(name: str) -> str:
    return (WEB / name).read_text("utf-8")


def names(listed: str) -> set[str]:
    return {part.split(" as ")[0].strip() for part in listed.split(",") if part.strip()}


def exports(name: str) -> set[str]:
    text = source(name)
    return set(EXPORT.findall(text)).union(*(names(listed) for listed in EXPORTED_LATER.findall(text)))


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_imported_name_is_there_and_used(script: str) -> None:
    text = source(script)
    for listed, module in IMPORT.findall(text):
        assert names(listed) <= exports(module), f"{script} imports from {module} what it does not have"
    rest = IMPORT.sub("", text)
    imported = {name for listed, _ in IMPORT.findall(text) for name in names(listed)}
    unused = {name for name in imported if not re.search(rf"((?<![\w.])|(?<=\.\.\.)){name}\b", rest)}
    assert not unused, f"{script} does not use {unused}"


def test_every_heading_of_a_table_has_its_words_and_none_is_left_over() -> None:
    called = re.compile(r"\b(?:named\(((?:\.\.\.|[^()]|\([^()]*\))*)\)|numbered\((\"\w+\"))")
    used = {
        name for script in SCRIPTS for found in called.findall(source(script)) for name in re.findall(r'"(\w+)"', "".join(found))
    }
    assert used == set(load("figures")["columns"])
