// Everything else that can be set, section by section.
import { el } from "../data/words.js";
import { TEXTS } from "../home/texts.js";
import { disclosure } from "./disclosures.js";
import { faultOf, field } from "./fields.js";
import { setAt } from "./paths.js";

const T = TEXTS.setup;

// Sections and their fields; those of a list are of each of its items.
const SECTIONS = [
  ["connection", ["meter.max_import_kw", "meter.max_export_kw", "meter.energy_in", "meter.energy_out", "home_energy"]],
  ["solar", ["solar.may_curtail", "solar.energy", "solar.forecasts"]],
  ["batteries", ["name", "soc", "capacity_kwh", "charge_kw", "discharge_kw", "reserve", "max_soc", "efficiency", "wear",
    "charge_from_grid", "export", "energy_in", "energy_out"], "battery"],
  ["inverter", ["inverter.ac_limit_kw", "inverter.dc_coupled_solar"]],
  ["cars", ["name", "capacity_kwh", "charge_kw", "min_charge_kw", "soc", "plugged", "target", "departure", "energy"], "car"],
  ["loads", ["name", "power_kw", "energy_kwh", "earliest", "latest", "weekdays", "after", "enabled", "energy"], "load"],
  ["heat", ["name", "level", "at_empty", "at_full", "capacity_kwh", "power_kw", "efficiency", "least", "most", "loss_kw", "draw_kw",
    "energy"], "store"],
  ["demand_charges", ["price_per_kw", "start", "end", "weekdays", "months", "average_minutes", "billing_day", "peak_so_far_kw"], "demand_charge"],
  ["allowances", ["direction", "daily_quota_kwh", "bonus_price", "start", "end", "weekdays", "months"], "allowance"],
  ["provider", ["export_boost_enabled", "export_price_offset", "export_min_price", "export_boost_start", "export_boost_end",
    "chip_mode_enabled", "chip_mode_start", "chip_mode_end", "chip_mode_threshold",
    "spike_protection_enabled", "spike_protection_threshold"].map((name) => `provider.${name}`)],
  ["plan", ["cost_function", "horizon_hours", "currency", "may_publish"]],
];
const POWERSYNC = "power_sync.force_charge"; // any name switches acting on; its own actions are called

/** All sections but the fields in `shown`, which stand elsewhere; `changed` draws anew. */
export const sectionsOf = (settings, shown, changed) =>
  [...SECTIONS.map((section) => sectionOf(section, settings, shown, changed)), acting(settings, changed)];

function sectionOf([name, fields, item], settings, shown, changed) {
  if (!item) return disclosure(name, TEXTS.sections[name], group(settings, fields, shown));
  const items = settings[name] ?? [];
  const add = el("button", { type: "button", class: "more", id: `add-${name}`, text: T.addOne[item] });
  add.addEventListener("click", () => {
    const own = `${name}[${items.length}]`;
    setAt(settings, own, item === "allowance" ? { direction: "import" } : {});
    changed(`field-${own}.${fields[0]}`);
  });
  const title = items.length ? `${TEXTS.sections[name]} (${items.length})` : TEXTS.sections[name];
  return disclosure(name, title, faultOf(name), ...items.map((_, i) => itemOf([name, fields, item], settings, i, shown, changed)), el("p", {}, add));
}

const group = (settings, paths, shown) =>
  el("div", { class: "fields" }, ...paths.filter((path) => !shown.has(path)).map((path) => field(settings, path)));

function itemOf([name, fields, item], settings, i, shown, changed) {
  const title = `${TEXTS.sections[item]} ${i + 1}`;
  const remove = el("button", { type: "button", class: "more", text: T.remove, "aria-label": `${T.remove}: ${title}` });
  remove.addEventListener("click", () => {
    settings[name].splice(i, 1);
    changed(`add-${name}`);
  });
  return el("fieldset", { class: "item" }, el("legend", { text: title }),
    group(settings, fields.map((one) => `${name}[${i}].${one}`), shown), remove);
}

/** Commanding: nothing, a script or action of the owner's, or PowerSync's actions. */
function acting(settings, changed) {
  const { action, preset } = settings.acting ?? {};
  const way = action === undefined || action === null ? "none" : preset === "powersync" ? "powersync" : "script";
  const select = el("select", { id: "acting-way" },
    ...Object.entries(TEXTS.acting).map(([value, text]) => el("option", { value, text })));
  select.value = way;
  select.addEventListener("change", () => {
    const actions = { none: null, script: "", powersync: POWERSYNC };
    settings.acting = { preset: select.value === "powersync" ? "powersync" : "script", action: actions[select.value] };
    changed("acting-way");
  });
  const chooser = el("div", { class: "field" }, el("label", { for: "acting-way", text: TEXTS.fields.acting[0] }), select);
  const own = way === "script" ? [field(settings, "acting.action")] : [faultOf("acting.action")];
  return disclosure("acting", TEXTS.sections.acting, el("p", { class: "quiet", text: T.actingNote }),
    el("div", { class: "fields" }, chooser, ...own));
}

/** Settings without parts that say nothing. */
export function cleaned(settings) {
  const made = structuredClone(settings);
  if (!made.inverter?.ac_limit_kw) delete made.inverter;
  if (made.provider && !Object.values(made.provider).some((value) => value !== false && value !== null)) delete made.provider;
  return made;
}
