// The set-up: what was found, what is missing, one confirmation; everything else under details.
import { $, duration, el } from "../data/words.js";
import * as api from "./api.js";
import { field, textsOf } from "./fields.js";
import { kindOf, setAt, valueAt } from "./paths.js";
import { priceEditor } from "./prices.js";
import { go } from "./rooms.js";
import { fill, TEXTS } from "./texts.js";

const T = TEXTS.setup;
const PRICES = new Set(["import_price", "export_price"]);

// Sections and their fields; those of a list are of each of its items.
const SECTIONS = [
  ["connection", ["meter.max_import_kw", "meter.max_export_kw", "meter.energy_in", "meter.energy_out", "home_energy"]],
  ["solar", ["solar.may_curtail", "solar.energy"]],
  ["batteries", ["name", "soc", "capacity_kwh", "charge_kw", "discharge_kw", "reserve", "max_soc", "efficiency", "wear",
    "charge_from_grid", "export", "energy_in", "energy_out"], "battery"],
  ["inverter", ["inverter.ac_limit_kw", "inverter.dc_coupled_solar"]],
  ["cars", ["name", "capacity_kwh", "charge_kw", "min_charge_kw", "soc", "plugged", "target", "departure", "energy"], "car"],
  ["demand_charges", ["price_per_kw", "start", "end", "weekdays", "months", "average_minutes", "billing_day", "peak_so_far_kw"], "demand_charge"],
  ["allowances", ["direction", "daily_quota_kwh", "bonus_price", "start", "end", "weekdays", "months"], "allowance"],
  ["provider", ["export_boost_enabled", "export_price_offset", "export_min_price", "export_boost_start", "export_boost_end",
    "chip_mode_enabled", "chip_mode_start", "chip_mode_end", "chip_mode_threshold",
    "spike_protection_enabled", "spike_protection_threshold"].map((name) => `provider.${name}`)],
  ["plan", ["cost_function", "horizon_hours", "currency", "may_publish", "use_powersync"]],
  ["acting", ["acting.preset", "acting.action"]],
];
const DEFAULTS = { horizon_hours: 48, may_publish: true, cost_function: "cost" };
const NEW_ITEMS = {
  batteries: () => ({ efficiency: 0.95, reserve: 0.1, max_soc: 1, charge_from_grid: true, export: true }),
  cars: () => ({ target: 0.8 }), demand_charges: () => ({}), allowances: () => ({ direction: "import" }),
};

let found = null;
let settings = null;

/** Show the present settings, or what a first look finds. */
export async function showSetup() {
  if (settings !== null) return; // typing goes on
  await load();
}

async function load() {
  say(T.looking);
  try {
    const answer = await api.setup();
    found = answer.found ?? (await api.post("setup/find", {}));
    settings = structuredClone(answer.settings ?? found.draft);
    say(answer.problem ? `${T.broken}: ${answer.problem}` : "");
    draw();
  } catch (error) {
    settings = null;
    say(error.message);
  }
}

async function lookAgain() {
  say(T.looking);
  try {
    found = await api.post("setup/find", {});
    say("");
    draw();
  } catch (error) {
    say(error.message);
  }
}

function draw() {
  for (const [name, value] of Object.entries(DEFAULTS)) settings[name] ??= value;
  const missing = found.missing.filter(({ field: path }) => !isFilled(path));
  $("setup-body").hidden = false;
  $("setup-found").replaceChildren(...found.proposals.map(proposal));
  $("setup-found-box").hidden = found.proposals.length === 0;
  $("setup-missing").replaceChildren(...missing.map(missingField));
  $("setup-complete").hidden = missing.length > 0;
  const shown = new Set(missing.map(({ field: path }) => path));
  $("setup-prices").replaceChildren(...[...PRICES].filter((path) => !shown.has(path)).map(editor));
  $("setup-sections").replaceChildren(...SECTIONS.map((section) => sectionOf(section, shown)));
}

function isFilled(path) {
  const value = valueAt(settings, path);
  return value !== undefined && value !== null && value !== "";
}

const editor = (path) => priceEditor(settings, path, choicesOf(path));

function choicesOf(path) {
  const own = found.proposals.find(({ field: at }) => at === path);
  return own ? [own, ...own.alternatives] : [];
}

/** What was found for a field, why, and the other choices. */
function proposal(one) {
  const { field: path, label, value, unit, age_s: age, why, alternatives } = one;
  const text = [value, unit].filter(Boolean).join(" ");
  const old = age === null ? "" : fill(T.age, { age: duration(age) });
  const made = el("li", { class: "source" }, el("span", { class: "what", text: label }),
    el("span", { text }), el("span", { class: "quiet", text: old }), el("span", { class: "because", text: why }));
  if (alternatives.length && !PRICES.has(path)) made.append(chooser(one));
  return made;
}

function chooser(one) {
  const all = [one, ...one.alternatives];
  const id = `choice-${one.field}`;
  const select = el("select", { id }, ...all.map(({ label, value, unit }, i) =>
    el("option", { value: i, text: `${label} ${[value, unit].filter(Boolean).join(" ")}`.trim() })));
  const present = JSON.stringify(valueAt(settings, one.field));
  select.value = Math.max(0, all.findIndex(({ choice }) => JSON.stringify(choice) === present));
  select.addEventListener("change", () => {
    setAt(settings, one.field, structuredClone(all[select.value].choice));
    draw();
    $(id).focus();
  });
  return el("span", { class: "because" }, el("label", { class: "quiet", for: id, text: `${T.other} ` }), select);
}

function missingField({ field: path, why, example }) {
  const made = PRICES.has(path) ? editor(path) : field(settings, path);
  made.append(el("p", { class: "quiet", text: `${why}${example ? ` ${T.example} ${example}` : ""}` }));
  return made;
}

function sectionOf([name, fields, item], shown) {
  const open = openSections.has(name);
  const box = el("details", { class: "section", "data-section": name }, el("summary", { text: TEXTS.sections[name] }));
  box.open = open;
  box.addEventListener("toggle", () => (box.open ? openSections.add(name) : openSections.delete(name)));
  if (!item) {
    box.append(el("div", { class: "fields" }, ...fields.filter((path) => !shown.has(path)).map((path) => field(settings, path))));
    return box;
  }
  const items = settings[name] ?? [];
  const add = el("button", { type: "button", class: "more", text: `${T.add}: ${TEXTS.sections[item]}` });
  add.addEventListener("click", () => {
    setAt(settings, `${name}[${items.length}]`, NEW_ITEMS[name]());
    draw();
    $(`field-${name}[${items.length}].${fields[0]}`).focus();
  });
  box.append(...items.map((_, i) => itemOf(name, fields, item, i, shown)), add);
  return box;
}

const openSections = new Set();

function itemOf(name, fields, item, i, shown) {
  const remove = el("button", { type: "button", class: "more", text: T.remove });
  remove.addEventListener("click", () => {
    settings[name].splice(i, 1);
    draw();
  });
  const paths = fields.map((one) => `${name}[${i}].${one}`).filter((path) => !shown.has(path));
  return el("fieldset", { class: "item" }, el("legend", { text: `${TEXTS.sections[item]} ${i + 1}` }),
    el("div", { class: "fields" }, ...paths.map((path) => field(settings, path))), remove);
}

/** Settings without what is empty: parts that hold nothing are left out. */
function cleaned() {
  const made = structuredClone(settings);
  if (!made.inverter?.ac_limit_kw) delete made.inverter;
  if (made.provider && !Object.values(made.provider).some((value) => value !== false && value !== null)) delete made.provider;
  return made;
}

async function confirm(event) {
  event.preventDefault();
  for (const fault of document.querySelectorAll("#room-setup .fault")) fault.textContent = "";
  say("");
  try {
    await api.post("setup", cleaned());
    settings = null;
    $("setup-body").hidden = true;
    say(T.confirmed);
    go("home");
  } catch (error) {
    tell(error.message);
  }
}

/** A refusal, beside its field where there is one. */
function tell(message) {
  const [path, ...rule] = message.split(": ");
  const box = $(`fault-${path}`) ?? [...document.querySelectorAll("#room-setup .fault")].find(({ id }) => kindOf(id) === kindOf(`fault-${path}`));
  if (!box) {
    say(message);
    $("setup-state").focus();
    return;
  }
  for (let part = box.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  box.textContent = `${textsOf(path)[0]}: ${rule.join(": ")}`;
  ($(`field-${path}`) ?? box).focus();
}

function say(text) {
  $("setup-state").textContent = text;
  $("setup-state").hidden = text === "";
}

export function watchSetup() {
  $("setup-form").addEventListener("submit", confirm);
  $("setup-again").addEventListener("click", lookAgain);
}
