// How the server is, how long it took, what was odd about the question, and what was refused.
import { $, duration, el, milliseconds, pairs } from "../data/words.js";
import { solverName, timeOf } from "./trust.js";

const N_BINS = 20;

export function showHealth(status, plan, summaries) {
  $("health-card").hidden = false;
  $("health").replaceChildren(...pairs([
    ["Version", status.version],
    ["Solvers", status.solvers.map(solverName).join(", ")],
    ["Memory", `${status.peak_memory_mb} MB at most`],
    ["Up for", duration(status.uptime_s)],
  ]));
  showWarnings(plan);
  showRefused(status.refused, plan);
  showTimes(summaries);
}

function showWarnings(plan) {
  const items = (plan?.warnings ?? []).map(({ field, message }) =>
    el("li", {}, el("code", { text: field }), ` ${plan.clock.words(message)}`));
  if (!items.length) items.push(el("li", { class: "quiet", text: plan ? "None: the request was read as it is." : "None." }));
  $("warnings").replaceChildren(...items);
}

/** Requests that were refused, the last one first. */
function showRefused(refused, plan) {
  const items = [...refused].reverse().map((one) => el("li", {}, `${timeOf(one, plan)} `,
    el("code", { text: one.path }), ` ${one.status}: ${one.error} `));
  if (!items.length) items.push(el("li", { class: "quiet", text: "None since the start." }));
  $("refused").replaceChildren(...items);
}

function showTimes(summaries) {
  const times = summaries.map(({ solve_ms: time }) => time).sort((one, other) => one - other);
  $("times-box").hidden = !times.length;
  if (!times.length) return;
  const [least, most] = [times[0], times.at(-1)];
  const width = (most - least) / N_BINS || 1;
  const counts = new Array(N_BINS).fill(0);
  for (const time of times) counts[Math.min(N_BINS - 1, Math.floor((time - least) / width))] += 1;
  const highest = Math.max(...counts);
  $("times").replaceChildren(...counts.map((count) => {
    const bar = el("span", { class: count ? "bar" : "bar none" });
    bar.style.height = `${(100 * count) / highest}%`;
    return bar;
  }));
  $("times-most").textContent = `${highest} ${highest === 1 ? "plan" : "plans"}`;
  $("times-from").textContent = milliseconds(least);
  $("times-to").textContent = milliseconds(least + N_BINS * width);
  const plans = times.length === 1 ? "1 plan" : `the last ${times.length} plans`;
  $("times-text").textContent = `${plans}, half of them within ${milliseconds(times[times.length >> 1])}`;
}
