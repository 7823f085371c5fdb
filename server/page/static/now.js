// What to do now and why, what comes next, what it saves, and how full everything is.
import { actionName, intervalNow, madeAt } from "./model.js";
import { $, duration, el, epochOf, kilowatts, money, percent } from "./words.js";

const N_NEXT = 5;
const STALE = 2 * 3600; // s without a new plan

export function showNow(plan) {
  const [first, ...others] = plan.why;
  showSentence($("why"), first ?? "");
  $("more").replaceChildren(...others.map((text) => el("li", { text: `${text}.` })));
  $("stamp").textContent = stampOf(plan);
  $("now-title").textContent = titleOf(plan);
  const now = intervalNow(plan) === null ? -Infinity : Date.now() / 1000;
  const coming = plan.next.filter(({ end }) => epochOf(end) > now).slice(0, N_NEXT);
  $("next-title").textContent = plan.hasVehicles && plan.hasBattery ? "Next for the battery" : "Next";
  $("next").replaceChildren(...coming.map((run) => nextItem(plan, run)));
  showMoney(plan);
  showLevels(plan);
}

/** The part before the colon says what, the rest why. */
function showSentence(place, sentence) {
  const cut = sentence.indexOf(": ");
  const ended = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  if (cut < 0) place.replaceChildren(el("strong", { text: ended }));
  else place.replaceChildren(el("strong", { text: sentence.slice(0, cut + 1) }), ended.slice(cut + 1));
}

/** "Now" only while what the plan began with still goes on. */
function titleOf(plan) {
  const t = intervalNow(plan);
  if (t !== null && (t === 0 || plan.actions?.[t] === plan.actions?.[0])) return "Now";
  const day = t === null ? `${plan.clock.day(plan.instants[0])} ` : "";
  return `At ${day}${plan.clock.time(plan.instants[0])}`;
}

function stampOf(plan) {
  const made = epochOf(plan.summary.at);
  const hours = `${Math.round(plan.summary.hours)} h`;
  if (intervalNow(plan) === null) {
    return `for ${hours} from ${plan.clock.date(plan.instants[0])} ${plan.clock.time(plan.instants[0])}`;
  }
  const age = Date.now() / 1000 - made;
  const old = age > STALE ? `, ${duration(age)} ago: no program has asked since` : "";
  return `planned at ${madeAt(plan.summary)} for ${hours}${old}`;
}

function nextItem(plan, run) {
  const [start, end] = [epochOf(run.start), epochOf(run.end)];
  const { clock } = plan;
  const day = clock.sameDay(start, plan.instants[0]) ? "" : `${clock.day(start)} `;
  const doing = plan.hasBattery ? actionName(run.action) : run.action === "idle" ? "Wait" : "Charge";
  const power = run.action === "idle" ? "" : kilowatts(run.power_w);
  return el("li", { class: `next ${run.action}` },
    el("span", { class: "at", text: `${day}${clock.time(start)}–${clock.time(end)}` }),
    el("span", { class: "do", text: doing }),
    el("span", { class: "power", text: power }),
    el("span", { class: "then", text: `→ ${percent(run.soc_end)}` }));
}

function showMoney(plan) {
  const { bill, summary } = plan;
  const hours = `${Math.round(summary.hours)} h`;
  $("savings").textContent = money(bill.savings);
  $("savings-of").textContent = plan.hasVehicles && !plan.hasBattery
    ? `less over ${hours} than charging at once` : `less over ${hours} than without control`;
  const rows = [
    ["Bill", money(bill.total_cost)],
    [plan.hasVehicles ? "Without control" : "Battery idle", money(bill.baseline_cost)],
  ];
  if (bill.demand_cost > 0) rows.push(["of it for demand", money(bill.demand_cost)]);
  if (bill.wear_cost > 0) rows.push(["Wear, not in the bill", money(bill.wear_cost)]);
  if (bill.end_value > 0) rows.push(["Worth of what is left, not in the bill", money(bill.end_value)]);
  $("money").replaceChildren(...rows.flatMap(([name, value]) =>
    [el("dt", { text: name }), el("dd", { text: value })]));
}

function showLevels(plan) {
  const t = intervalNow(plan) ?? 0;
  $("levels").replaceChildren(...plan.levels.map((level) => {
    const share = level.soc[t];
    const bar = el("span", { class: `level ${level.kind}`, "aria-hidden": "true" }, el("span", { class: "fill" }));
    bar.firstChild.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
    if (level.reserve) {
      const mark = el("span", { class: "reserve" });
      mark.style.left = `${100 * level.reserve}%`;
      bar.append(mark);
    }
    const kept = level.reserve ? `, reserve ${percent(level.reserve)}` : "";
    const energy = level.kind === "battery" && plan.capacity
      ? ` · ${(share * plan.capacity).toFixed(1)} of ${plan.capacity.toFixed(1)} kWh` : "";
    return el("li", {}, el("span", { class: "name", text: level.name }), bar,
      el("span", { class: "share", text: percent(share) }),
      el("span", { class: "quiet rest", text: `${energy}${kept}`.replace(/^( · |, )/, "") }));
  }));
}
