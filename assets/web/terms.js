// The meaning of a word opens under it (app.css); near the right edge it is moved to the left, and near the lower edge it opens
// above the word, so that it stays in the window.
const WIDEST = 364, HIGHEST = 170, ROOM = 24; // pixels of the sheet, and beside it

function place({ target }) {
  const term = target.closest?.(".gf-term");
  if (!term) return;
  const box = term.getBoundingClientRect(), over = box.left + Math.min(WIDEST, innerWidth * 0.8) + ROOM - innerWidth;
  term.style.setProperty("--gf-back", `${-Math.max(0, over)}px`);
  term.classList.toggle("up", box.bottom + HIGHEST > innerHeight && box.top > HIGHEST);
}

for (const name of ["pointerover", "focusin"]) document.addEventListener(name, place);
