// The plans that are kept: the savings of each, and a slider to look at it again.
import { madeAt } from "../data/clock.js";
import { socAt } from "../data/plan.js";
import { $, Money, el, percent } from "../data/words.js";

const KINDS = { optimize: "", "multi-battery": ", several batteries", ev: ", cars" };

const savedBy = (summary) => summary.savings_vs_self_consumption;

/** Show the plans kept, `number` chosen; `choose` is told of another one. */
export function showPast({ summaries, kept }, number, choose) {
  const own = summaries.filter((summary) => kept.includes(summary.number));
  const slider = $("past");
  const chosen = Math.max(0, own.findIndex((summary) => summary.number === number));
  slider.max = String(Math.max(0, own.length - 1));
  slider.value = String(chosen);
  slider.disabled = own.length < 2;
  slider.oninput = () => choose(own[Number(slider.value)].number);
  const summary = own[chosen];
  if (!summary) return;
  showBars(own, chosen);
  const saved = `saves ${new Money(summary.currency).text(savedBy(summary))}`;
  const text = `made at ${madeAt(summary)}${KINDS[summary.kind] ?? ""}: ${saved}`;
  $("past-title").textContent = `Plan ${chosen + 1} of ${own.length}, made at ${madeAt(summary)}`;
  $("past-text").textContent = `This plan was ${text}.`;
  slider.setAttribute("aria-valuetext", `${chosen + 1} of ${own.length}, ${text}`);
}

/** A bar for each plan, from the lowest to the highest saving; the line is at zero. */
function showBars(own, chosen) {
  const savings = own.map(savedBy);
  const [least, most] = [Math.min(0, ...savings), Math.max(0, ...savings)];
  const span = most - least || 1;
  $("past-bars").replaceChildren(...own.map((summary, place) => {
    const saved = savedBy(summary);
    const bar = el("span", { class: `bar${place === chosen ? " chosen" : ""}${saved < 0 ? " loss" : ""}` });
    bar.style.height = `${(100 * Math.abs(saved)) / span}%`;
    bar.style.marginBottom = `${(-100 * (Math.min(saved, 0) - least)) / span}%`;
    return el("span", { class: "slot" }, bar);
  }));
  const money = new Money(own[chosen].currency);
  $("past-most").textContent = money.text(most);
  $("past-least").textContent = money.text(least);
  $("past-span").textContent = `Saved, plans made from ${madeAt(own[0])} to ${madeAt(own.at(-1))}`;
}

/** In words: what this plan does otherwise than the one before it of the same home. */
export function showDifferences(plan, before) {
  $("past-change").textContent = before
    ? `Against the plan before: ${differences(plan, before)}`
    : "No earlier plan of this home is kept to compare it with.";
}

function differences(plan, before) {
  const first = Math.max(plan.instants[0], before.instants[0]);
  const last = Math.min(plan.instants[plan.n], before.instants[before.n]);
  if (first >= last) return "it was about another time.";
  let most = { by: 0 };
  plan.devices.forEach((device, place) => {
    for (const epoch of plan.instants) {
      const [now, then] = [socAt(plan, device, epoch), socAt(before, before.devices[place], epoch)];
      const by = now === null || then === null ? 0 : Math.abs(now - then);
      if (by > most.by) most = { by, epoch, now, then, name: device.name };
    }
  });
  const saved = [before, plan].map(({ summary, money }) => money.text(savedBy(summary))).join(" → ");
  if (most.by < 0.01) return `saves ${saved}; the same state of charge throughout.`;
  const when = `${plan.clock.day(most.epoch)} ${plan.clock.time(most.epoch)}`;
  return `saves ${saved}; ${most.name} differs most at ${when}: ${percent(most.then)} → ${percent(most.now)}.`;
}
