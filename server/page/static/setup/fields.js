// Fields of the set-up, each bound to a path of the settings.
import { fill, TEXTS } from "../home/texts.js";
import { el } from "../data/words.js";
import { kindOf, setAt, valueAt } from "./paths.js";

const SHARES = /batteries\.efficiency$|heat\.(least|most)$|reserve$|max_soc$|surcharge$|tax$/;
const NUMBERS = /_kwh?$|_kw$|_price$|_hours$|_minutes$|_day$|wear$|fee$|price$|otherwise$|price_offset$|threshold$|heat\.efficiency$|at_empty$|at_full$/;
const SWITCHES = /may_|_enabled$|charge_from_grid$|\.export$|dc_coupled|use_powersync$/;
const LISTS = /energy_in$|energy_out$|home_energy$|solar\.energy$|entities$|holidays$/;
const SHORT = 26; // letters of a hint beside its label

// What the server takes where a field is absent.
const DEFAULTS = {
  "batteries.name": "Battery", "batteries.efficiency": 0.95, "batteries.reserve": 0.1, "batteries.max_soc": 1,
  "batteries.charge_from_grid": true, "batteries.export": true, "inverter.dc_coupled_solar": true,
  "cars.name": "Car", "cars.target": 0.8, "loads.name": "Load", "heat.name": "Hot water", "heat.at_empty": 0,
  "heat.at_full": 100, "heat.efficiency": 1, "heat.least": 0.2, "heat.most": 1, "heat.loss_kw": 0.05, "heat.draw_kw": 0.2,
   "demand_charges.average_minutes": 30, "demand_charges.billing_day": 1,
  horizon_hours: 48, may_publish: true,
};

const shown = (settings, path) => valueAt(settings, path) ?? DEFAULTS[kindOf(path)];
export const isShare = (path) => SHARES.test(kindOf(path));

export const textsOf = (path) => {
  const kind = kindOf(path);
  return TEXTS.fields[kind] ?? TEXTS.fields[kind.split(".").at(-1)] ?? [kind];
};

/** A labelled input for one path. */
export function field(settings, path) {
  const [label, template = ""] = textsOf(path);
  const hint = fill(template, { money: settings.currency ?? TEXTS.setup.money });
  const id = `field-${path}`;
  const input = inputOf(settings, path);
  input.id = id;
  const isBeside = hint && hint.length <= SHORT;
  const name = [label, ...(isBeside ? [" ", el("small", { text: hint })] : [])];
  const isGroup = input.tagName === "FIELDSET";
  if (isGroup) input.prepend(el("legend", {}, ...name));
  const parts = isGroup ? [input] : [el("label", { for: id }, ...name), input];
  if (hint && !isBeside) parts.push(el("span", { class: "quiet", id: `hint-${path}`, text: hint }));
  input.setAttribute("aria-describedby", `${hint && !isBeside ? `hint-${path} ` : ""}fault-${path}`);
  const kind = { checkbox: "switch", time: "short", fieldset: "all" }[input.type] ?? "";
  return el("div", { class: `field ${kind}`, "data-path": path }, ...parts, faultOf(path));
}

export const faultOf = (path) => el("p", { class: "fault", id: `fault-${path}`, role: "alert" });

function inputOf(settings, path) {
  const kind = kindOf(path);
  if (TEXTS.choices[kind]) return choice(settings, path, TEXTS.choices[kind]);
  if (/weekdays$/.test(kind)) return boxes(settings, path, TEXTS.weekdays, 0);
  if (/months$/.test(kind)) return boxes(settings, path, TEXTS.months, 1);
  if (SWITCHES.test(kind)) return box(settings, path);
  if (kind === "solar.forecasts") return forecasts(settings, path);
  if (LISTS.test(kind)) return lines(settings, path);
  if (SHARES.test(kind)) return number(settings, path, 100);
  if (kind === "cars.target") return target(settings, path);
  if (/(start|end|earliest|latest)$/.test(kind)) return clock(settings, path);
  return NUMBERS.test(kind) ? number(settings, path, 1) : text(settings, path);
}

/** The input whose changes go to the settings; what is wrong about it is to be corrected first. */
function bound(settings, path, input, read) {
  input.addEventListener("input", () => {
    setAt(settings, path, read(input));
    const fault = document.getElementById(`fault-${path}`);
    if (fault) fault.textContent = "";
    input.removeAttribute("aria-invalid");
  });
  return input;
}

const rounded = (value) => Number(value.toPrecision(12));

function number(settings, path, scale) {
  const input = el("input", { type: "number", step: "any", inputmode: "decimal", autocomplete: "off" });
  const value = shown(settings, path);
  if (typeof value === "number") input.value = rounded(scale * value);
  return bound(settings, path, input, () => (input.value === "" ? undefined : rounded(input.valueAsNumber / scale)));
}

function text(settings, path) {
  const input = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  input.value = shown(settings, path) ?? "";
  return bound(settings, path, input, () => input.value.trim() || undefined);
}

/** A share in per cent, or an entity. */
function target(settings, path) {
  const input = text(settings, path);
  const value = shown(settings, path);
  if (typeof value === "number") input.value = Math.round(100 * value);
  return bound(settings, path, input, () => {
    const typed = input.value.replace("%", "").replace(",", ".").trim();
    if (typed === "") return undefined;
    return Number.isFinite(Number(typed)) ? rounded(Number(typed) / 100) : typed;
  });
}

function clock(settings, path) {
  const input = el("input", { type: "time" });
  input.value = (shown(settings, path) ?? "").replace(/^24/, "00").replace(/^(\d):/, "0$1:");
  return bound(settings, path, input, () => input.value || undefined);
}

function lines(settings, path) {
  const input = area((shown(settings, path) ?? []).join("\n"));
  return bound(settings, path, input, () => input.value.split(/[\s,]+/).filter(Boolean));
}

const area = (value) => {
  const input = el("textarea", { rows: "2", spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
  input.value = value;
  return input;
};

/** One forecast on each line: its entities, or the name of its kind and what belongs to it. */
function forecasts(settings, path) {
  const lineOf = ({ from, entities, entries }) => (from === "entities" ? entities : [from, ...(entries ?? [])]).join(" ");
  const input = area((shown(settings, path) ?? []).map(lineOf).join("\n"));
  return bound(settings, path, input, () => input.value.split("\n").map((line) => line.split(/[\s,]+/).filter(Boolean))
    .filter((words) => words.length).map(([first, ...rest]) => {
      if (first === "dashboard") return { from: first, entries: rest };
      return first === "powersync" ? { from: first } : { from: "entities", entities: [first, ...rest] };
    }));
}

function box(settings, path) {
  const input = el("input", { type: "checkbox" });
  input.checked = shown(settings, path) === true;
  return bound(settings, path, input, () => input.checked);
}

function choice(settings, path, names) {
  const input = el("select", {}, ...Object.entries(names).map(([value, name]) => el("option", { value, text: name })));
  const value = shown(settings, path);
  if (typeof value === "string" && !(value in names)) input.append(el("option", { value, text: value })); // of a newer server
  input.value = value ?? Object.keys(names)[0];
  return bound(settings, path, input, () => input.value);
}

/** Numbers from `first` on, one box each; all, or none, is always. */
function boxes(settings, path, names, first) {
  const chosen = new Set(shown(settings, path) ?? names.map((_, i) => i + first));
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
