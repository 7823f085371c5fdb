// What now, why, what next, what it saves; controls and the health of every source.
import { $, el, pairs, percent, roundKilowatts } from "../data/words.js";
import * as api from "./api.js";
import { money, time, useZone, when } from "./formats.js";
import { fill, TEXTS } from "./texts.js";

const T = TEXTS.home;
const POWERED = new Set(["charge", "export"]);

export function showHome(home) {
  useZone(home.timezone);
  $("home-hello").hidden = home.is_set_up;
  $("home-shown").hidden = !home.is_set_up;
  if (!home.is_set_up) return;
  showCommand(home);
  showProblems(home);
  showDays(home);
  showBeside(home);
  showControls(home);
  showSources(home);
}

function showCommand({ command, following, storages, planned_at: planned }) {
  $("home-stamp").textContent = planned ? `${T.planned} ${time(planned)}` : "";
  $("home-command").textContent = command ? sentence(command) : T.noPlan;
  $("home-means").textContent = command ? TEXTS.meaning[command.action] ?? "" : "";
  $("home-why").textContent = command ? ended(command.reason) : "";
  $("home-next").textContent = following ? `${T.next}: ${sentence(following, true)}` : "";
  const several = storages.length > 1;
  $("home-storages").replaceChildren(...storages.map((storage) => row(storage, several)));
}

function sentence({ action, power_w: power, since, until }, fromWhen = false) {
  const name = TEXTS.actions[action] ?? action;
  const strength = POWERED.has(action) && power ? ` ${T.at} ${roundKilowatts(power)}` : "";
  return fromWhen ? `${name}${strength}, ${when(since)}` : `${name}${strength} ${T.until} ${when(until)}`;
}

const ended = (text) => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`);

function row({ name, soc, command, following }, several) {
  const made = el("li", { class: "device" }, el("div", { class: "who" },
    el("h3", { text: name }), el("span", { class: "share", text: soc === null ? "?" : percent(soc) })));
  if (soc !== null) {
    const level = el("span", { class: "level battery-1", "aria-hidden": "true" }, el("span", { class: "fill battery-1" }));
    level.firstChild.style.width = `${100 * Math.min(1, Math.max(0, soc))}%`;
    made.append(level);
  }
  if (several && command) {
    made.append(el("p", { class: "doing", text: sentence(command) }), el("p", { class: "why", text: ended(command.reason) }));
    if (following) made.append(el("p", { class: "quiet", text: `${T.next}: ${sentence(following, true)}` }));
  }
  return made;
}

function showProblems({ problems, link }) {
  const all = link.connected ? problems : [`${T.linkDown}${link.last_error ? `: ${link.last_error}` : ""}.`, ...problems];
  $("home-problems").hidden = all.length === 0;
  $("home-problems").replaceChildren(...all.map((text) => el("li", { class: "alert missed", text })));
}

function showDays({ days, currency }) {
  const cash = money(currency);
  $("home-money").hidden = days.length === 0;
  const names = [T.today, T.tomorrow];
  $("home-days").replaceChildren(...pairs(days.slice(0, 2).map(({ cost, savings }, i) =>
    [names[i], `${T.saves} ${cash.text(savings)}, ${T.bill} ${cash.text(cost)}`])));
}

function showBeside({ powersync, currency }) {
  $("home-beside").hidden = !powersync;
  if (!powersync) return;
  const more = powersync.cost - powersync.our_cost;
  const text = more > 0.005 ? fill(T.besideMore, { more: money(currency).text(more) }) : T.besideLess;
  $("home-beside-text").textContent = `${text} ${powersync.why}`;
}

function showControls({ mode, reserve, charge_now: charge, acting, told }) {
  if ($("home-controls").contains(document.activeElement)) return; // someone is at them
  $("mode").value = mode;
  $("mode-means").textContent = TEXTS.modeMeaning[mode];
  $("reserve").value = Math.round(100 * (reserve ?? 0));
  $("reserve-box").hidden = reserve === null;
  $("charge-box").hidden = reserve === null;
  $("charge-stop").hidden = !charge;
  $("charge-text").textContent = charge ? `${T.chargeNow} ${percent(charge.soc)} ${T.by} ${when(charge.until)}` : "";
  const acts = acting?.action ? `${T.actsWith} ${acting.action}` : T.actsNot;
  const last = acting?.last_call ? `; ${T.lastCall} ${when(acting.last_call)}: ${TEXTS.actions[acting.last_command] ?? ""}` : "";
  $("acting").textContent = `${acts}${last}${acting?.error ? `; ${acting.error}` : ""}`;
  const ways = { mqtt: T.toldMqtt, states: T.toldStates };
  $("told").textContent = `${T.told}: ${ways[told] ?? T.toldNot}`;
}

function showSources({ sources }) {
  $("home-sources").replaceChildren(...sources.map(({ label, value, at, state, text }) =>
    el("li", { class: `source ${state}` },
      el("span", { class: "what", text: label }),
      el("span", { text: value }),
      el("span", { class: "quiet", text: at ? when(at) : "" }),
      el("span", { class: `state ${state === "good" ? "good" : "fair"}`, text: TEXTS.health[state] }),
      ...(text ? [el("span", { class: "because", text })] : []))));
}

async function change(order) {
  $("control-state").textContent = T.saving;
  try {
    await api.post("control", order);
    $("control-state").textContent = T.done;
  } catch (error) {
    $("control-state").textContent = error.message;
  }
}

/** The next instant at which the home's clock shows HH:MM. */
function nextTime(clock) {
  const step = 60_000;
  const start = Math.ceil(Date.now() / step) * step;
  for (let at = start; at < start + 90_000_000; at += step) {
    if (time(at) === clock) return new Date(at).toISOString();
  }
  return null;
}

export function watchHome() {
  $("mode").replaceChildren(...Object.entries(TEXTS.modes).map(([value, text]) => el("option", { value, text })));
  $("mode").addEventListener("change", () => {
    $("mode-means").textContent = TEXTS.modeMeaning[$("mode").value];
    change({ mode: $("mode").value });
  });
  $("reserve").addEventListener("change", () => change({ reserve: Number($("reserve").value) / 100 }));
  $("charge-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const until = nextTime($("charge-by").value);
    if (until) change({ charge_now: { soc: Number($("charge-to").value) / 100, until } });
  });
  $("charge-stop").addEventListener("click", () => change({ charge_now: null }));
  $("replan").addEventListener("click", () => change({ replan: true }));
}
