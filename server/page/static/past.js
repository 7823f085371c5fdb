// The plans that are kept: the savings of each, and a slider to look at it again.
import { madeAt } from "./model.js";
import { $, el, money } from "./words.js";

const KINDS = { optimize: "", "multi-battery": ", several batteries", ev: ", vehicles" };

/** Show the plans kept, `number` chosen; `choose` is told of another one. */
export function showPast({ summaries, kept }, number, choose) {
  const own = summaries.filter((summary) => kept.includes(summary.number));
  const slider = $("past");
  const chosen = Math.max(0, own.findIndex((summary) => summary.number === number));
  slider.max = String(Math.max(0, own.length - 1));
  slider.value = String(chosen);
  slider.disabled = own.length < 2;
  slider.oninput = () => choose(own[Number(slider.value)].number);
  const most = Math.max(...own.map(({ savings }) => Math.abs(savings)), 0.01);
  $("past-bars").replaceChildren(...own.map((summary, place) => {
    const kind = summary.savings < 0 ? " loss" : "";
    const bar = el("span", { class: `bar${place === chosen ? " chosen" : ""}${kind}` });
    bar.style.height = `${Math.max(3, (100 * Math.abs(summary.savings)) / most)}%`;
    return bar;
  }));
  const summary = own[chosen];
  if (!summary) return;
  const text = `${madeAt(summary)}${KINDS[summary.kind] ?? ""}: claimed to save ${money(summary.savings)}`;
  $("past-text").textContent = `Plan ${chosen + 1} of ${own.length}, made at ${text}.`;
  slider.setAttribute("aria-valuetext", `${chosen + 1} of ${own.length}, ${text}`);
}
