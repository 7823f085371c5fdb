// Fields of the set-up, each bound to a path of the settings.
import { el } from "../data/words.js";
import { kindOf, setAt, valueAt } from "./paths.js";
import { TEXTS } from "./texts.js";

const SHARES = /efficiency$|reserve$|max_soc$|surcharge$|tax$/;
const NUMBERS = /_kwh?$|_kw$|_price$|_hours$|_minutes$|_day$|wear$|fee$|price$|otherwise$|price_offset$|threshold$/;
const SWITCHES = /may_|_enabled$|charge_from_grid$|\.export$|dc_coupled|use_powersync$/;
const LISTS = /energy_in$|energy_out$|home_energy$|solar\.energy$|entities$|holidays$/;

export const textsOf = (path) => {
  const kind = kindOf(path);
  return TEXTS.fields[kind] ?? TEXTS.fields[kind.split(".").at(-1)] ?? [kind];
};

/** A labelled input for one path; `changed` is called after each change. */
export function field(settings, path, changed = () => {}) {
  const [label, hint] = textsOf(path);
  const id = `field-${path}`;
  const input = inputOf(settings, path);
  input.id = id;
  const isGroup = input.tagName === "FIELDSET";
  if (isGroup) input.prepend(el("legend", { text: label }));
  const parts = isGroup ? [input] : [el("label", { for: id, text: label }), input];
  const fault = el("p", { class: "fault", id: `fault-${path}`, role: "alert" });
  input.setAttribute("aria-describedby", `${hint ? `hint-${path} ` : ""}fault-${path}`);
  if (hint) parts.push(el("span", { class: "quiet", id: `hint-${path}`, text: hint }));
  input.addEventListener("change", () => {
    fault.textContent = "";
    changed();
  });
  return el("div", { class: `field ${input.type === "checkbox" ? "switch" : ""}`, "data-path": path }, ...parts, fault);
}

function inputOf(settings, path) {
  const kind = kindOf(path);
  if (TEXTS.choices[kind]) return choice(settings, path, TEXTS.choices[kind]);
  if (/weekdays$/.test(kind)) return boxes(settings, path, TEXTS.weekdays, 0);
  if (/months$/.test(kind)) return boxes(settings, path, TEXTS.months, 1);
  if (SWITCHES.test(kind)) return box(settings, path);
  if (LISTS.test(kind)) return lines(settings, path);
  if (SHARES.test(kind)) return number(settings, path, 100);
  if (kind === "cars.target") return target(settings, path);
  if (/(start|end)$/.test(kind)) return clock(settings, path);
  return NUMBERS.test(kind) ? number(settings, path, 1) : text(settings, path);
}

function bound(settings, path, input, read) {
  input.addEventListener("change", () => setAt(settings, path, read(input)));
  return input;
}

function number(settings, path, scale) {
  const input = el("input", { type: "number", step: "any", inputmode: "decimal" });
  const value = valueAt(settings, path);
  if (typeof value === "number") input.value = Number((scale * value).toPrecision(12));
  return bound(settings, path, input, () => (input.value === "" ? undefined : Number((input.valueAsNumber / scale).toPrecision(12))));
}

function text(settings, path) {
  const input = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  input.value = valueAt(settings, path) ?? "";
  return bound(settings, path, input, () => input.value.trim() || undefined);
}

/** A share in per cent, or an entity. */
function target(settings, path) {
  const input = text(settings, path);
  const value = valueAt(settings, path);
  if (typeof value === "number") input.value = Math.round(100 * value);
  return bound(settings, path, input, () => {
    const typed = input.value.replace("%", "").trim();
    if (typed === "") return undefined;
    return Number.isFinite(Number(typed)) ? Number(typed) / 100 : typed;
  });
}

function clock(settings, path) {
  const input = el("input", { type: "time" });
  input.value = valueAt(settings, path) ?? "";
  return bound(settings, path, input, () => input.value || undefined);
}

function lines(settings, path) {
  const input = el("textarea", { rows: "2", spellcheck: "false" });
  input.value = (valueAt(settings, path) ?? []).join("\n");
  return bound(settings, path, input, () => input.value.split(/[\s,]+/).filter(Boolean));
}

function box(settings, path) {
  const input = el("input", { type: "checkbox" });
  input.checked = valueAt(settings, path) === true;
  return bound(settings, path, input, () => input.checked);
}

function choice(settings, path, names) {
  const input = el("select", {}, ...Object.entries(names).map(([value, name]) => el("option", { value, text: name })));
  const value = valueAt(settings, path);
  if (value === undefined || value === null) setAt(settings, path, input.value);
  else input.value = value;
  return bound(settings, path, input, () => input.value);
}

/** Numbers from `first` on, one box each; all, or none, is always. */
function boxes(settings, path, names, first) {
  const chosen = new Set(valueAt(settings, path) ?? names.map((_, i) => i + first));
  const inputs = names.map((name, i) => {
    const input = el("input", { type: "checkbox" });
    input.checked = chosen.has(i + first);
    return el("label", {}, input, name);
  });
  const group = el("fieldset", { class: "boxes" }, ...inputs);
  return bound(settings, path, group, () => {
    const on = inputs.flatMap((label, i) => (label.firstChild.checked ? [i + first] : []));
    return on.length === 0 || on.length === names.length ? undefined : on;
  });
}
