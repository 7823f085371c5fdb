// What now, why, what next, what it saves; controls and the health of every source.
import { $, el, percent, roundKilowatts } from "../data/words.js";
import * as api from "./api.js";
import { dateFromToday, money, nextTime, time, useZone, when } from "./formats.js";
import { fill, TEXTS } from "./texts.js";

const T = TEXTS.home;
const POWERED = new Set(["charge", "export", "discharge"]);
const BOOKS_EVERY = 600_000; // ms

export function showHome(home) {
  useZone(home.timezone);
  showProblems(home);
  $("home-hello").hidden = home.is_set_up;
  $("home-shown").hidden = !home.is_set_up;
  if (!home.is_set_up) {
    showLost();
    return;
  }
  showCommand(home);
  showDays(home);
  showBeside(home);
  showControls(home);
  showSources(home);
}

let lost = null;

/** Why there are no settings though there were some. */
function showLost() {
  lost ??= api.setup().then(({ problem }) => { $("home-lost").textContent = problem ?? ""; }, () => { lost = null; });
}

/** What is told and why; where that is not what the plan says, what it says as well. */
function showCommand({ command, planned, following, storages, loads, planned_at: at, is_proved: proof, mode }) {
  const isPlan = at && proof !== null; // the last look may have led to none
  $("home-stamp").textContent = isPlan ? `${T.planned} ${when(at)}` : "";
  $("home-command").textContent = command ? sentence(command) : T.noPlan;
  $("home-means").textContent = command ? TEXTS.meaning[command.action] ?? "" : "";
  $("home-why").textContent = command ? ended(command.reason) : T.noPlanNote;
  $("home-planned").hidden = !planned;
  if (planned) {
    const text = mode === "watch" ? T.wouldDo : T.planSays;
    $("home-planned-text").textContent = fill(text, { command: sentence(planned) });
    $("home-planned-why").textContent = ended(planned.reason);
  }
  $("home-next").textContent = following ? `${T.next}: ${sentence(following, true)}` : "";
  $("home-loads").replaceChildren(...loads.map((load) => el("li", { class: "next-line", text: runOf(load) })));
  const several = storages.filter(({ kind }) => kind === "battery").length > 1;
  $("home-storages").replaceChildren(...storages.map((storage) => row(storage, several)));
}

function sentence({ action, power_w: power, since, until }, isNext = false) {
  const name = TEXTS.actions[action] ?? action;
  const strength = POWERED.has(action) && power ? ` ${T.at} ${roundKilowatts(power)}` : "";
  return isNext ? `${name}${strength}, ${T.from} ${when(since)}` : `${name}${strength} ${T.until} ${when(until)}`;
}

/** A load with the times of its run. */
function runOf({ name, start, end, is_on: isOn }) {
  if (!start) return `${name}: ${T.notPlanned}`;
  return isOn ? `${name}: ${T.running} ${T.until} ${when(end)}` : `${name} ${when(start)} – ${time(end)}`;
}

const ended = (text) => (!text || /[.!?]$/.test(text) ? text ?? "" : `${text}.`);

function row({ name, kind, soc, command }, several) {
  const colour = kind === "car" ? "vehicle-1" : "battery-1";
  const isKnown = typeof soc === "number";
  const made = el("li", { class: "device" }, el("div", { class: "who" },
    el("h3", { text: name }), el("span", { class: "share", text: isKnown ? percent(soc) : T.unknown })));
  if (isKnown) {
    const level = el("span", { class: `level ${colour}`, "aria-hidden": "true" }, el("span", { class: `fill ${colour}` }));
    level.firstChild.style.width = `${100 * Math.min(1, Math.max(0, soc))}%`;
    made.append(level);
  }
  if (command && (several || kind === "car")) {
    made.append(el("p", { class: "part", text: sentence(command) }), el("p", { class: "quiet", text: ended(command.reason) }));
  }
  return made;
}

function showProblems({ problems, link }) {
  const down = link.connected ? [] : [fill(T.linkDown, { reason: link.last_error ? ` (${link.last_error})` : "" })];
  const all = [...down, ...problems];
  $("home-problems").hidden = all.length === 0;
  $("home-problems").replaceChildren(...all.map((text) => el("li", { class: "alert missed", text: ended(text) })));
}

const yesterday = { date: null, read: 0, book: null };

/** What the plan saves, and what yesterday saved by the books. */
async function showDays({ days, currency, mode }) {
  const date = dateFromToday(-1);
  if (yesterday.date !== date || Date.now() - yesterday.read > BOOKS_EVERY) {
    Object.assign(yesterday, { date, read: Date.now() });
    yesterday.book = await api.get(`books/days.json?first=${date}&last=${date}`).then((found) => found.days[0], () => null);
  }
  const { bills, share } = yesterday.book ?? {};
  const cash = money(currency);
  const head = el("thead", {}, el("tr", {}, el("td"), ...[T.saves, T.bill].map((text) => el("th", { scope: "col", text }))));
  const line = (name, values) => el("tr", {}, el("th", { scope: "row", text: name }),
    ...values.map((value) => el("td", { text: typeof value === "number" ? cash.text(value) : "–" })));
  const rows = days.map(({ day, savings, cost }) => line(T.days[day] ?? day, [savings, cost]));
  if (bills) rows.unshift(line(T.days.yesterday + (share < 0.995 ? ` (${fill(T.share, { share: percent(share) })})` : ""), [bills.saved, bills.real]));
  $("home-money").hidden = rows.length === 0;
  $("home-days").replaceChildren(el("table", {}, head, el("tbody", {}, ...rows)));
  $("home-watched").textContent = mode === "watch" ? watchedText(bills, cash) : "";
}

/** What our commands would have made of yesterday, as far as it was watched. */
function watchedText(bills, cash) {
  if (typeof bills?.watched !== "number") return "";
  const { real, watched, watched_saved_more: more, watched_share: share } = bills;
  const parts = [fill(T.wouldHave, { real: cash.text(real), watched: cash.text(watched), share: percent(share ?? 1) })];
  if (typeof more === "number") parts.push(fill(more < 0 ? T.wouldCost : T.wouldSave, { more: cash.text(Math.abs(more)) }));
  return parts.join(" ");
}

function showBeside({ powersync, currency }) {
  $("home-beside").hidden = !powersync;
  if (!powersync) return;
  const { cost, our_cost: ours, hours, why } = powersync;
  const more = cost - ours;
  const values = { more: money(currency).text(Math.abs(more)), hours: Math.round(hours) };
  $("home-beside-text").textContent = fill(Math.abs(more) < 0.005 ? T.besideSame : more > 0 ? T.besideMore : T.besideLess, values);
  $("home-beside-why").textContent = ended(why);
}

/** The controls as they are; nobody's typing is disturbed. */
function showControls(home) {
  showActing(home);
  const { mode, reserve, charge_now: charge } = home;
  const hasBattery = typeof reserve === "number";
  $("reserve-box").hidden = $("charge-form").hidden = !hasBattery;
  const isCharging = charge !== null && Date.parse(charge.until) > Date.now();
  $("charge-stop").hidden = $("charge-text").hidden = !isCharging;
  $("charge-text").textContent = isCharging ? fill(T.charging, { soc: percent(charge.soc), by: when(charge.until) }) : "";
  if ($("home-controls").contains(document.activeElement)) return;
  $("mode").value = mode;
  $("mode-means").textContent = TEXTS.modeMeaning[mode] ?? "";
  if (hasBattery) $("reserve").value = Math.round(100 * reserve);
}

function showActing({ acting, told }) {
  const parts = [acting?.action ? fill(T.actsWith, { action: acting.action }) : T.actsNot];
  if (acting?.last_call) {
    parts.push(fill(T.lastCall, { at: when(acting.last_call), command: TEXTS.actions[acting.last_command] ?? acting.last_command ?? "" }));
  }
  if (acting?.error) parts.push(ended(acting.error));
  $("acting").textContent = parts.join(" ");
  $("told").textContent = { mqtt: T.toldMqtt, states: T.toldStates }[told] ?? T.toldNot;
}

function showSources({ sources }) {
  const bad = sources.filter(({ state }) => state !== "good").length;
  $("home-sources-state").textContent = bad ? fill(T.notGood, { count: bad }) : sources.length ? T.allGood : "";
  $("home-sources").replaceChildren(...sources.map(({ label, value, at, state, text }) =>
    el("li", { class: "source" },
      el("span", { class: "what", text: label }), el("span", { class: "value", text: value }),
      el("span", { class: `state ${state === "good" ? "good" : "fair"}`, text: TEXTS.health[state] ?? state }),
      el("span", { class: "because", text: [at ? when(at) : "", ended(text)].filter(Boolean).join(" · ") }))));
}

async function change(order) {
  $("control-state").textContent = T.saving;
  try {
    await api.post("control", order);
    $("control-state").textContent = `${T.done} (${time(Date.now())})`;
    document.dispatchEvent(new Event("changed"));
  } catch (error) {
    $("control-state").textContent = ended(error.message.replace(/^[\w.[\]]+: (must|there)/, "$1"));
  }
}

function chargeNow(event) {
  event.preventDefault();
  const until = nextTime($("charge-by").value);
  if (until) change({ charge_now: { soc: $("charge-to").valueAsNumber / 100, until } });
  else $("control-state").textContent = T.noSuchTime;
}

export function watchHome() {
  $("mode").replaceChildren(...Object.entries(TEXTS.modes).map(([value, text]) => el("option", { value, text })));
  $("mode").addEventListener("change", () => {
    $("mode-means").textContent = TEXTS.modeMeaning[$("mode").value];
    change({ mode: $("mode").value });
  });
  $("reserve").addEventListener("change", () => {
    if ($("reserve").value !== "" && $("reserve").reportValidity()) change({ reserve: $("reserve").valueAsNumber / 100 });
  });
  $("charge-form").addEventListener("submit", chargeNow);
  $("charge-stop").addEventListener("click", () => change({ charge_now: null }));
  $("replan").addEventListener("click", () => change({ is_replan: true }));
}
