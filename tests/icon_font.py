"""Cut Streamlit's icon font (375 kB, loaded on every first visit) down to the icons that can appear: 15 kB.

Run by hand when ``tests/unit/test_icon_font.py`` names an icon that is missing, such as after an upgrade of Streamlit:
``pip install fonttools brotli && python tests/icon_font.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import streamlit

ROOT = Path(__file__).resolve().parents[1]
STATIC = Path(streamlit.__file__).parent / "static" / "static"
FONT, LIST = (ROOT / "assets" / "fonts" / f"material-symbols-rounded-subset.{end}" for end in ("woff2", "txt"))
_ICON = re.compile(r":material/([a-z0-9_]+)")
UNKNOWN = {"star_filled"}  # named in Streamlit's scripts, but not in its font


def used() -> set[str]:
    """Names of the icons in Streamlit's scripts and in this project's code."""
    files = [*STATIC.glob("js/*.js"), *ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py")]
    return {name for path in files for name in _ICON.findall(path.read_text("utf-8", "ignore"))} - UNKNOWN


def main() -> None:
    """Write the font and the list of its icons: those in the list already, and those in use."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(next(STATIC.glob("media/MaterialSymbols-Rounded*.woff2")))
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items() if code < 128}
    icons = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in (getattr(each, "ExtSubTable", each) for each in lookup.SubTable):
            for first, ligatures in getattr(table, "ligatures", {}).items():
                for ligature in ligatures:
                    icons["".join(letters.get(part, "?") for part in (first, *ligature.Component))] = ligature.LigGlyph
    names = sorted(used() | set(LIST.read_text("utf-8").split() if LIST.exists() else ()))
    options = subset.Options(layout_closure=False, layout_features=["*"], hinting=False, flavor="woff2")
    cutter = subset.Subsetter(options)
    cutter.populate(glyphs=[icons[name] for name in names], text="abcdefghijklmnopqrstuvwxyz0123456789_ ")
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(FONT)
    LIST.write_text("\n".join(names) + "\n", "utf-8")


if __name__ == "__main__":
    main()
