// Parts that open, and stay as they are when the page is drawn anew.
import { el } from "../data/words.js";

const open = new Set();

export function disclosure(key, title, ...children) {
  const box = el("details", { class: "section", "data-section": key }, el("summary", { text: title }), ...children);
  box.open = open.has(key);
  box.addEventListener("toggle", () => (box.open ? open.add(key) : open.delete(key)));
  return box;
}
