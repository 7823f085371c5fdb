// For each battery and car: what it does now and why, where that leads, and what comes next.
import { epochOf, madeAt } from "../data/clock.js";
import { actionName, intervalNow } from "../data/plan.js";
import { $, el, percent, roundKilowatts } from "../data/words.js";

const N_NEXT = 5;
const NEAR = 0.0005; // of a state of charge

const extended = new Set(); // kinds and places of the devices whose next actions are all shown

export function showNow(plan) {
  const t = intervalNow(plan);
  const { clock, instants } = plan;
  $("now-title").textContent = t === null ? `At ${clock.date(instants[0])} ${clock.time(instants[0])}` : "Now";
  $("stamp").textContent = `planned at ${madeAt(plan.summary)} for ${Math.round(plan.summary.hours)} h`;
  const now = t === null ? instants[0] : Date.now() / 1000;
  const rows = plan.devices.map((device) => row(plan, device, now));
  if (!rows.length) rows.push(el("li", { class: "device" }, el("p", { class: "doing", text: `${plan.nothing}.` })));
  $("devices").replaceChildren(...rows);
}

function row(plan, device, now) {
  const coming = device.runs.filter(({ end }) => epochOf(end) > now);
  const [run, ...others] = coming;
  const share = device.soc[plan.clock.indexAt(now)] ?? device.soc.at(-1);
  return el("li", { class: "device" },
    el("div", { class: "who" },
      el("h3", {}, el("i", { class: device.colour }), device.name),
      el("span", { class: "share", text: percent(share) }),
      el("span", { class: "quiet rest", text: energyOf(device, share) })),
    bar(device, share),
    el("p", { class: "doing" }, ...doing(plan, run, now)),
    ...(run?.reason ? [el("p", { class: "why", text: ended(plan.clock.words(run.reason)) })] : []),
    ...goals(plan, device).map(([kind, text]) => el("p", { class: `goal ${kind}`, text })),
    ...next(plan, device, others, now));
}

function energyOf(device, share) {
  const held = `${(share * device.capacity_kwh).toFixed(1)} of ${device.capacity_kwh.toFixed(1)} kWh`;
  return device.reserve ? `${held}, reserve ${percent(device.reserve)}` : held;
}

function bar(device, share) {
  const made = el("span", { class: "level", "aria-hidden": "true" }, el("span", { class: `fill ${device.colour}` }));
  made.firstChild.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  const mark = device.reserve ?? device.target_soc;
  if (mark) {
    made.append(el("span", { class: device.kind === "battery" ? "mark reserve" : "mark target" }));
    made.lastChild.style.left = `${100 * mark}%`;
  }
  return made;
}

const hasPower = ({ action }) => action !== "idle" && action !== "away";
const ended = (sentence) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

function doing({ clock }, run, now) {
  if (!run) return [el("strong", { text: "Nothing planned" })];
  const until = ` until ${clock.until(epochOf(run.end), now)}`;
  const then = run.soc_end === undefined || run.action === "away" ? "" : `, then ${percent(run.soc_end)}`;
  return [el("strong", { text: actionName(run.action) }), `${until}${then}`];
}

/** When a car has what is wanted, or a battery is fullest and emptiest. */
function goals(plan, device) {
  return device.kind === "vehicle" ? carGoals(plan, device) : [batteryGoal(plan, device)];
}

function carGoals(plan, { soc, target_soc: target, arrival, departure, shortfall }) {
  const { clock, instants, n } = plan;
  const day = instants[0];
  const leaves = departure ? epochOf(departure) : null;
  if (leaves !== null && leaves <= day) return [["", "It has left; nothing is planned for it."]];
  if (arrival && epochOf(arrival) >= instants[n]) return [["", "It comes after the end of this plan."]];
  const by = leaves === null ? "by the end of the plan" : `by ${clock.when(leaves, day)}`;
  const last = leaves === null || leaves > instants[n] ? n : instants.findIndex((instant) => instant >= leaves);
  if (target === null) return [["", `No target set: it takes only what is free, and ends with ${percent(soc[n])}.`]];
  if (shortfall > 0.05) {
    return [["short", `Gets ${percent(soc[last])} of the ${percent(target)} wanted ${by}: ${shortfall.toFixed(1)} kWh short.`]];
  }
  if (soc[last] < target - NEAR) return [["", `${percent(target)} wanted ${by}; ${percent(soc[last])} when this plan ends.`]];
  let ready = last; // from then on it keeps what is wanted
  while (ready > 0 && soc[ready - 1] >= target - NEAR) ready -= 1;
  const has = ready === 0 ? `Has the ${percent(target)} wanted ${by}` : `Has ${percent(target)} from ${clock.when(instants[ready], day)} on; wanted ${by}`;
  return [["", `${has}.`]];
}

function batteryGoal({ clock, instants }, { soc }) {
  const [least, most] = [Math.min(...soc), Math.max(...soc)];
  if (most - least < 0.01) return ["", `Stays at ${percent(most)}.`];
  const at = (share) => clock.when(instants[soc.indexOf(share)], instants[0]);
  return ["", `Fullest at ${at(most)} with ${percent(most)}, emptiest at ${at(least)} with ${percent(least)}.`];
}

function next(plan, device, runs, now) {
  if (!runs.length) return [];
  const rest = runs.length - N_NEXT;
  const own = `${device.kind} ${device.place}`;
  const list = el("ol", { class: "plain" });
  const button = el("button", { type: "button", class: "more" });
  const fill = () => {
    const all = extended.has(own);
    list.replaceChildren(...runs.slice(0, all ? runs.length : N_NEXT).map((run) => nextItem(plan, device, run, now, all)));
    button.textContent = all ? "Show less" : rest > 0 ? `Show ${rest} more, and why` : "Show why";
    button.setAttribute("aria-expanded", String(all));
  };
  button.addEventListener("click", () => {
    if (!extended.delete(own)) extended.add(own);
    fill();
  });
  fill();
  return [el("h4", { class: "label", text: "Next" }), list, button];
}

function nextItem({ clock }, device, run, now, withReason) {
  const item = el("li", { class: "next" },
    el("span", { class: "at", text: clock.span(epochOf(run.start), epochOf(run.end), now) }),
    el("span", { class: "do" }, el("i", { class: hasPower(run) ? device.colour : "none" }), actionName(run.action)),
    el("span", { class: "power", text: hasPower(run) ? roundKilowatts(run.power_w) : "" }),
    el("span", { class: "then", text: run.action === "away" ? "" : `→ ${percent(run.soc_end)}` }));
  if (withReason && run.reason) item.append(el("span", { class: "because", text: ended(clock.words(run.reason)) }));
  return item;
}
