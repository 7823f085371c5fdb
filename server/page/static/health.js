// Whether the answer is proved, how long it took, and what was odd about the question.
import { $, duration, el, milliseconds, money, tiny } from "./words.js";

const N_BINS = 20;
const WORTH_TELLING = 0.00005; // of money
const SOLVERS = { highs: "HiGHS", highs_mip: "HiGHS with binaries", scipy_linprog: "SciPy linprog", value_function: "Value function", rules: "Rules" };

export function showHealth(status, plan, summaries) {
  $("health-card").hidden = false;
  const rows = [
    ...(plan ? proofRows(plan) : []),
    ["Version", status.version],
    ["Solvers", status.solvers.map((name) => SOLVERS[name] ?? name).join(", ")],
    ["Memory", `${status.peak_memory_mb} MB at most`],
    ["Up for", duration(status.uptime_s)],
  ];
  $("health").replaceChildren(...rows.flatMap(([name, value]) =>
    [el("dt", { text: name }), el("dd", { text: value })]));
  $("verdict").textContent = plan ? verdict(plan) : "Ready to plan.";
  showWarnings(plan);
  showTimes(summaries);
}

const isProved = ({ summary }) => summary.status === "optimal" && summary.gap !== null;

export function showProof(plan) {
  const pill = $("proof");
  pill.hidden = plan === null;
  if (!plan) return;
  const [kind] = plan.summary.status.split(" ");
  pill.textContent = isProved(plan) ? "Proved optimal" : kind === "feasible" ? "Not proved optimal" : "Rule of thumb";
  pill.className = `pill ${isProved(plan) ? "good" : "fair"}`;
}

function verdict(plan) {
  const { gap, status } = plan.summary;
  const calm = plan.certificate.preference_cost;
  if (isProved(plan)) {
    const best = gap >= WORTH_TELLING
      ? `Proved: no schedule for this home costs ${gap.toFixed(4)} less`
      : "Proved: no schedule for this home costs less";
    return calm >= WORTH_TELLING ? `${best}, but for the ${calm.toFixed(4)} given for a calmer one.` : `${best}.`;
  }
  if (gap !== null) return `The best plan found; a better one could save ${money(gap)} at most.`;
  return `A plan by rule of thumb: ${status}`;
}

function proofRows({ certificate: proof, summary }) {
  const rows = [["Answered by", SOLVERS[proof.solver] ?? proof.solver], ["Solved in", milliseconds(summary.solve_ms)]];
  if (proof.gap !== null) {
    rows.push(["Gap of the search", `${money(proof.optimum_gap)} (${tiny(proof.optimum_gap)})`]);
    rows.push(["Gap of this plan", `${money(proof.gap)} (${tiny(proof.gap)})`]);
  }
  if (proof.primal_residual !== null) rows.push(["Largest violation", `${tiny(proof.primal_residual)} kWh`]);
  if (proof.dual_residual !== null) rows.push(["Dual residual", `${tiny(proof.dual_residual)} per kWh`]);
  rows.push(["Simulated again", `off by ${tiny(proof.energy_error)} kWh, ${tiny(proof.bill_error)} in money`]);
  if (proof.made_exact > 0) rows.push(["Made possible", `${proof.made_exact} intervals that a plain programme gets wrong`]);
  return rows;
}

function showWarnings(plan) {
  const warnings = plan?.warnings ?? [];
  const items = warnings.map(({ field, message }) =>
    el("li", {}, el("code", { text: field }), ` ${message}`));
  if (!items.length) items.push(el("li", { class: "quiet", text: plan ? "None: the request was read as it is." : "None." }));
  $("warnings").replaceChildren(...items);
}

function showTimes(summaries) {
  const times = summaries.map(({ solve_ms: time }) => time).sort((one, other) => one - other);
  $("times-title").hidden = $("times").hidden = $("times-text").hidden = !times.length;
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
  const middle = times[times.length >> 1];
  const plans = times.length === 1 ? "1 plan" : `the last ${times.length} plans`;
  $("times-text").textContent = `${plans}: ${milliseconds(least)} to ${milliseconds(most)}, half within ${milliseconds(middle)}`;
}
