// What was found in Home Assistant: each proposal with its value, age and reason, and other choices.
import { duration, el, percent } from "../data/words.js";
import { fill, TEXTS } from "../home/texts.js";
import { disclosure } from "./disclosures.js";
import { isShare } from "./fields.js";
import { holds, same, setAt, valueAt } from "./paths.js";

const T = TEXTS.setup;

const valueOf = ({ value, unit }) => [value, unit].filter(Boolean).join(" ");
export const describe = (one) => [one.label, valueOf(one)].filter(Boolean).join(": ");

/** The field of a proposal, and its choice: the label says both. */
function namesOf({ label }) {
  const [field, ...choice] = label.split(": ");
  return [field, choice.join(": ")];
}

/** The choices for a field, each once: what was proposed, then the alternatives. */
export function choicesOf(found, path) {
  const own = found.proposals.find(({ field }) => field === path);
  const all = own ? [{ ...own, label: namesOf(own)[1] }, ...(own.alternatives ?? [])] : [];
  return all.filter((one, i) => all.findIndex(({ choice }) => same(choice, one.choice)) === i);
}

/** Age, and reason, of a choice; nothing of what is unknown. */
export function reasonOf({ age_s: age, why }) {
  const old = typeof age === "number" ? fill(T.age, { age: duration(age) }) : "";
  return [why, old].filter(Boolean).join(" ");
}

/** The rows of all proposals but those for `others`; `changed` is called after a choice. */
export function foundRows(found, settings, others, changed) {
  let battery = null; // the one that the rows before are of
  return found.proposals.filter(({ field }) => !others.has(field)).flatMap((one) => {
    const [head] = /^batteries\[\d+\]/.exec(one.field) ?? [null];
    const isNew = head !== null && head !== battery && (settings.batteries ?? []).length > 1;
    battery = head;
    const name = isNew ? el("li", { class: "source" }, el("h4", { text: valueAt(settings, `${head}.name`) ?? head })) : null;
    return [...(name ? [name] : []), row(found, settings, one, changed)];
  });
}

function row(found, settings, one, changed) {
  const { field: path } = one;
  const choices = choicesOf(found, path);
  const present = valueAt(settings, path);
  const at = choices.findIndex(({ choice }) => holds(present, choice));
  const chosen = choices[at] ?? { label: "", value: typed(path, present), why: T.yours };
  const name = [namesOf(one)[0], chosen.label].filter(Boolean).join(": ");
  const made = el("li", { class: "source" }, el("span", { class: "what", text: name }),
    el("span", { class: "value", text: valueOf(chosen) }), el("span", { class: "because", text: reasonOf(chosen) }));
  if (choices.length > 1) made.append(disclosure(`choice ${path}`, T.other, chooser(settings, path, choices, at, name, changed)));
  return made;
}

function typed(path, value) {
  if (value === undefined || value === null) return T.none;
  if (typeof value === "number" && isShare(path)) return percent(value);
  if (Array.isArray(value)) return value.map((one) => one?.name ?? (typeof one === "object" ? "" : one)).filter(Boolean).join(", ");
  return typeof value === "object" ? "" : String(value);
}

function chooser(settings, path, choices, at, name, changed) {
  const id = `choice-${path}`;
  const options = choices.map((one, i) => el("option", { value: i, text: describe(one) || T.none }));
  if (at < 0) options.unshift(el("option", { value: -1, text: T.yours }));
  const select = el("select", { id, "aria-label": name }, ...options);
  select.value = at;
  select.addEventListener("change", () => {
    setAt(settings, path, structuredClone(choices[select.value].choice));
    changed(id);
  });
  return el("div", { class: "field" }, select);
}
