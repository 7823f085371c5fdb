// The plans that are kept: what each claimed to save, and a slider to look at it again.
import { madeAt } from "./model.js";
import { $, el, money } from "./words.js";

const KINDS = { optimize: "", "multi-battery": ", several batteries", ev: ", vehicles" };

/** Show the plans kept, `number` chosen; `choose` is told of another one. */
export function showPast({ claims, kept }, number, choose) {
  const own = claims.filter((claim) => kept.includes(claim.number));
  const slider = $("past");
  const chosen = Math.max(0, own.findIndex((claim) => claim.number === number));
  slider.max = String(Math.max(0, own.length - 1));
  slider.value = String(chosen);
  slider.disabled = own.length < 2;
  slider.oninput = () => choose(own[Number(slider.value)].number);
  const most = Math.max(...own.map(({ savings }) => Math.abs(savings)), 0.01);
  $("past-bars").replaceChildren(...own.map((claim, place) => {
    const kind = claim.savings < 0 ? " loss" : "";
    const bar = el("span", { class: `bar${place === chosen ? " chosen" : ""}${kind}` });
    bar.style.height = `${Math.max(3, (100 * Math.abs(claim.savings)) / most)}%`;
    return bar;
  }));
  const claim = own[chosen];
  if (!claim) return;
  const text = `${madeAt(claim)}${KINDS[claim.kind] ?? ""}: claimed to save ${money(claim.savings)}`;
  $("past-text").textContent = `Plan ${chosen + 1} of ${own.length}, made at ${text}.`;
  slider.setAttribute("aria-valuetext", `${chosen + 1} of ${own.length}, ${text}`);
}
