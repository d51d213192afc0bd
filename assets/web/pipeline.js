// The pipeline strip: text -> tokens -> ... -> next token. A station clicks the page link of its page.
import { applyTheme, h, stage } from "./base.js";

const STYLE = `
.strip { display: flex; align-items: stretch; margin: 0; padding: 0; list-style: none; overflow-x: auto; scrollbar-width: thin; }
.strip li { flex: 1 0 auto; display: flex; }
.station { flex: 1; text-align: left; padding: 8px 12px 7px; border: 1px solid var(--gf-line); border-left: 0; background: var(--gf-card); cursor: pointer; line-height: 1.25; font-size: 15px; white-space: nowrap; transition: background 0.15s; }
li:first-child .station { border-left: 1px solid var(--gf-line); border-radius: 10px 0 0 10px; }
li:last-child .station { border-radius: 0 10px 10px 0; }
.station b { display: block; font-weight: 600; }
.station small { display: block; color: var(--gf-soft); font-size: 13px; }
.station:hover { background: var(--gf-chip); }
.station.on { background: var(--gf-accent); border-color: var(--gf-accent); color: var(--gf-paper); }
.station.on small { color: inherit; opacity: 0.9; }
`;

export default function (component) {
  const root = stage(component, STYLE);
  applyTheme(root);
  const { stations, active, provenance } = component.data;
  document.documentElement.dataset.provenance = provenance;
  root.replaceChildren(
    h("nav", { "aria-label": "Stages of the model" },
      h("ol", { class: "strip" },
        stations.map(({ name, title, detail, page }) => {
          const on = active.includes(name);
          return h("li", {},
            h("button", { type: "button", class: on ? "station on" : "station", "aria-current": on ? "step" : null, onclick: () => open(page) },
              h("b", {}, title), h("small", {}, detail)));
        }))));
  root.querySelector(".on")?.scrollIntoView({ block: "nearest", inline: "center" });
  return () => { delete document.documentElement.dataset.provenance; };
}

/** Click the page link with this title; Streamlit then changes the page and keeps the bench. */
function open(page) {
  const links = document.querySelectorAll(".st-key-station-links a");
  [...links].find((link) => link.textContent.trim() === page)?.click();
}
