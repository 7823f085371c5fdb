// What is wrong with the settings, beside its field and in plain words.
import { fill, TEXTS } from "../home/texts.js";
import { isShare, textsOf } from "./fields.js";
import { kindOf } from "./paths.js";

const room = () => document.getElementById("room-setup");
const faults = () => [...room().querySelectorAll(".fault")];

export function clearFaults() {
  for (const fault of faults()) fault.textContent = "";
  for (const input of room().querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/** Tell of the first input that holds no number or no time; whether there is one. */
export function tellInvalid() {
  const input = room().querySelector("input:invalid");
  const box = input?.closest("[data-path]");
  if (box) put(box.dataset.path, TEXTS.setup.unreadable);
  return Boolean(box);
}

/** Put a refusal of the server, "field: rule", beside its field; whether there is such a field. */
export function tellFault(message) {
  const [, path, rule] = /^([\w.[\]]+): (.*)$/s.exec(message) ?? [];
  return path !== undefined && put(path, rule);
}

function put(path, rule) {
  const box = boxOf(path);
  if (!box) return false;
  const own = box.id.replace("fault-", "");
  for (let part = box.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  box.textContent = `${textsOf(own)[0]}: ${plain(rule, own)}`;
  const input = document.getElementById(`field-${own}`);
  input?.setAttribute("aria-invalid", "true");
  (input ?? box).focus();
  return true;
}

/** The place of a field's fault: its own, that of a field around it, or of one of its kind. */
function boxOf(path) {
  for (let at = path; at; at = at.replace(/(\.|\[|^)[^.[]*$/, "")) {
    const own = document.getElementById(`fault-${at}`);
    if (own) return own;
  }
  return faults().find(({ id }) => kindOf(id) === kindOf(`fault-${path}`));
}

/** A rule with per cent for shares, and fields by their labels. */
function plain(rule, path) {
  let text = rule.replace(/\b[a-z]+_[a-z_]+\b/g, (name) => {
    const texts = TEXTS.fields[`${kindOf(path).split(".")[0]}.${name}`];
    return texts ? `“${texts[0]}”` : name;
  });
  if (!isShare(path)) return text;
  text = text.replace(/; a share is meant.*$/, "").replace(/; a share is meant[^,]*/, "");
  const perCent = (number) => `${Number((100 * number).toPrecision(12))} %`;
  const range = /from (-?[\d.]+) to (-?[\d.]+) ?(.*)$/.exec(text);
  return range ? fill(TEXTS.setup.range, { low: perCent(range[1]), high: perCent(range[2]) }) : text.replace(/(?<![\w-])\d+(\.\d+)?/g, perCent);
}
