// The set-up: what was found, what is missing, one confirmation; everything else under details.
import { $, el } from "../data/words.js";
import * as api from "../home/api.js";
import { go, isPresent } from "../home/rooms.js";
import { fill, TEXTS } from "../home/texts.js";
import { clearFaults, tellFault, tellInvalid } from "./faults.js";
import { field } from "./fields.js";
import { choicesOf, foundRows } from "./found.js";
import { isFilled, merged, same } from "./paths.js";
import { priceEditor } from "./prices.js";
import { cleaned, sectionsOf } from "./sections.js";

const T = TEXTS.setup;
const PRICES = new Set(["import_price", "export_price"]);
const AGAIN = 5000; // ms until the next try where Home Assistant does not answer
const KEPT = "powersync-optimiser-setup"; // in this tab, so that a reload loses nothing
const NOTHING = { proposals: [], missing: [], notes: [], draft: {}, powersync: false, energy_dashboard: true };

let found = null;
let settings = null; // as typed
let base = null; // as they were before; what is the same in both, nobody typed
let isConfirmed = false; // whether the home was set up before
let isBusy = false;
let retry = null;

const isTyped = () => settings !== null && !same(settings, base);

/** Show the present settings, or what a look finds; typing goes on. */
export async function enter() {
  if (!isBusy && !isTyped()) await load();
}

async function load() {
  clearTimeout(retry);
  isBusy = true;
  say(T.looking);
  try {
    const answer = await api.setup();
    const fault = await look(answer.found);
    if (settings === null || !fault) {
      begin(answer.settings);
      draw();
    }
    say(answer.problem ?? "");
    if (fault) tryAgain([answer.problem, fault].filter(Boolean).join(" "));
  } catch (error) {
    tryAgain(error.message);
  } finally {
    isBusy = false;
  }
}

function tryAgain(reason) {
  say(`${reason} ${T.retry}`);
  retry = setTimeout(() => { if (isPresent("setup")) enter(); }, AGAIN);
}

/** Look for sources; the last look, or none, where that cannot be done and there are settings. */
async function look(last) {
  try {
    found = await api.post("setup/find", {});
    return "";
  } catch (error) {
    const { settings: present } = await api.setup();
    if (!last && !present) throw error;
    found = last ?? NOTHING;
    return error.message;
  }
}

function begin(present) {
  isConfirmed = present !== null;
  base = present ?? found.draft;
  const kept = recall();
  settings = kept ? merged(kept.settings, kept.base, base) : structuredClone(base);
}

async function lookAgain() {
  if (settings === null) return load();
  if (isBusy) return undefined;
  isBusy = true;
  say(T.looking);
  try {
    found = await api.post("setup/find", {});
    if (!isConfirmed) {
      settings = merged(settings, base, found.draft);
      base = found.draft;
    }
    draw();
    say(T.looked);
  } catch (error) {
    say(error.message);
  } finally {
    isBusy = false;
  }
  return undefined;
}

function draw(focus) {
  const missing = found.missing.filter(({ field: path }) =>
    !isFilled(base, path) && !(settings.use_powersync && PRICES.has(path)));
  const shown = new Set([...missing.map(({ field: path }) => path), "use_powersync"]);
  $("setup-body").hidden = false;
  $("setup-notes").replaceChildren(...found.notes.map((text) => el("li", { text })));
  $("setup-powersync").hidden = !found.powersync && !settings.use_powersync;
  $("setup-powersync").replaceChildren(field(settings, "use_powersync"));
  $("setup-missing-box").hidden = missing.length === 0;
  $("setup-missing").replaceChildren(...missing.map(missingField));
  $("setup-complete").textContent = missing.length ? fill(T.toFill, { count: missing.length }) : T.allFound;
  $("setup-hint").hidden = missing.length === 0 || found.energy_dashboard;
  $("setup-prices").replaceChildren(...[...PRICES].filter((path) => !shown.has(path)).map(editor));
  const rows = foundRows(found, settings, PRICES, changed);
  $("setup-found").replaceChildren(...rows);
  $("setup-found-box").hidden = rows.length === 0;
  $("setup-sections").replaceChildren(...sectionsOf(settings, shown, changed));
  $("setup-discard").disabled = !isTyped();
  if (focus) $(focus)?.focus();
}

/** Draw anew after a choice, and keep what is typed. */
function changed(focus) {
  keep();
  draw(focus);
}

const editor = (path) => priceEditor(settings, path, choicesOf(found, path));

function missingField({ field: path, why, example }) {
  const made = PRICES.has(path) ? editor(path) : field(settings, path);
  made.append(el("p", { class: "quiet", text: `${why}${example ? ` ${fill(T.example, { example })}` : ""}` }));
  return made;
}

async function confirm(event) {
  event.preventDefault();
  clearFaults();
  if (isBusy || tellInvalid()) return;
  isBusy = true;
  $("setup-confirm").disabled = true;
  say(T.saving);
  try {
    const { settings: present } = await api.setup(); // perhaps changed elsewhere in the meantime
    usePowerSync();
    await api.post("setup", cleaned(present ? merged(settings, base, present) : settings));
    forget();
    $("setup-body").hidden = true;
    say(T.confirmed);
    go("home");
    $("main").focus();
    document.dispatchEvent(new Event("changed"));
  } catch (error) {
    const isTold = tellFault(error.message);
    say(isTold ? T.check : error.message);
    if (!isTold) $("setup-state").focus();
  } finally {
    isBusy = false;
    $("setup-confirm").disabled = false;
  }
}

/** Its view has prices as well. */
function usePowerSync() {
  if (settings.use_powersync) settings.import_price ??= { source: { from: "powersync" } };
}

/** Keep what is typed for a reload, where the browser lets us. */
function keep() {
  $("setup-discard").disabled = !isTyped();
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ settings, base }));
  } catch (error) {
    console.debug(error);
  }
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function forget() {
  settings = base = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch (error) {
    console.debug(error);
  }
}

function discard() {
  forget();
  load();
}

function say(text) {
  $("setup-state").textContent = text;
  $("setup-state").hidden = text === "";
}

$("setup-form").addEventListener("submit", confirm);
for (const kind of ["input", "change"]) $("setup-form").addEventListener(kind, keep);
$("setup-powersync").addEventListener("change", () => changed("field-use_powersync"));
$("setup-again").addEventListener("click", lookAgain);
$("setup-discard").addEventListener("click", discard);
