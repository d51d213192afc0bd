// The meaning of a word opens under it (app.css); near the right edge it is moved to the left, so that it stays in the window.
const WIDEST = 364, ROOM = 24; // pixels of the sheet, and beside it

function place({ target }) {
  const term = target.closest?.(".gf-term");
  if (!term) return;
  const over = term.getBoundingClientRect().left + Math.min(WIDEST, innerWidth * 0.8) + ROOM - innerWidth;
  term.style.setProperty("--gf-back", `${-Math.max(0, over)}px`);
}

for (const name of ["pointerover", "focusin"]) document.addEventListener(name, place);
