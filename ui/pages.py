"""Which pages there are: file, title, section, station on the pipeline strip, and what each needs from the bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGES_FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True)
class PageInfo:
    """One page. ``stations`` are the stations of the pipeline strip that it lights; ``uses`` names bench controls."""

    slug: str
    title: str
    section: str
    stations: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    default: bool = False
    bench: bool = True

    @property
    def path(self) -> Path:
        return PAGES_FOLDER / f"{self.slug}.py"


PAGES = (
    PageInfo("home", "Home", "", ("text",), default=True),
    PageInfo("tokenization", "Tokenization", "Text to numbers", ("tokens",)),
    PageInfo("embeddings", "Embeddings", "Text to numbers", ("embeddings",)),
    PageInfo("positions", "Positions", "Text to numbers", ("positions",)),
    PageInfo("attention", "Attention", "Inside the model", ("attention",), uses=("layer", "head")),
    PageInfo("layers", "Layers", "Inside the model", ("mlp",), uses=("layer",)),
    PageInfo("decoding", "Decoding", "Choosing tokens", ("logits", "next")),
    PageInfo("pretraining", "Pre-training", "Learning"),
    PageInfo("experiments", "Experiments", "Learning"),
)


def by_slug(slug: str) -> PageInfo:
    """The page with this name."""
    return next(page for page in PAGES if page.slug == slug)


def after(slug: str) -> PageInfo | None:
    """The next page on the reader's path, if there is one."""
    slugs = [page.slug for page in PAGES]
    position = slugs.index(slug) + 1
    return PAGES[position] if position < len(PAGES) else None
