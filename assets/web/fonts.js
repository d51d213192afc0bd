// The page's own fonts inside a drawing: a picture that is made of an SVG sees no font of the page, and would be written in another.

const LOADED = new Map(); // address -> the file as a data: address

/** The rules of the page's style sheets that describe fonts; sheets of other origins cannot be read. */
function rules() {
  return [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules].map((rule) => [rule, sheet.href ?? document.baseURI]); } catch { return []; } })
    .filter(([rule]) => rule instanceof CSSFontFaceRule && rule.style.fontStyle !== "italic");
}

async function read(address) {
  const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return `data:font/woff2;base64,${btoa(text)}`;
}

/** The fonts that `svg` names, as one style sheet for it. What cannot be loaded is left out: then the next of its fonts is used. */
export async function fontsOf(svg) {
  const named = [svg, ...svg.querySelectorAll("[font-family]")].map((element) => element.getAttribute("font-family")).join();
  const made = rules().map(async ([{ style }, base]) => {
    const family = style.getPropertyValue("font-family").replace(/^["']|["']$/g, ""), address = style.getPropertyValue("src").match(/url\(["']?([^"')]+)/)?.[1];
    if (!address || !named.includes(family)) return "";
    const url = new URL(address, base).href;
    if (!LOADED.has(url)) LOADED.set(url, read(url).catch(() => { LOADED.delete(url); return null; }));
    const data = await LOADED.get(url);
    return data && `@font-face { font-family: "${family}"; font-weight: ${style.getPropertyValue("font-weight") || "400"}; src: url(${data}); }`;
  });
  return (await Promise.all(made)).filter(Boolean).join("\n");
}
