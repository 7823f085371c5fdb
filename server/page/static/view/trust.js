// May the plan be trusted: what was proved of it, what its inputs leave open, and how old it is.
import { Clock, epochOf } from "../data/clock.js";
import { intervalNow } from "../data/plan.js";
import { $, duration, el, milliseconds, pairs, tiny } from "../data/words.js";

const GRACE = 120; // s after its first step in which the next plan may still arrive
const N_SHOWN = 3; // of each kind; Health lists all
const SOLVERS = { highs: "HiGHS", highs_mip: "HiGHS with binaries", scipy_linprog: "SciPy linprog", value_function: "Value function", rules: "Rule of thumb" };
const KINDS = {
  missed: ["Target missed", "A target or limit is missed"],
  stale: ["Out of date", "Out of date"],
  assumed: ["Inputs assumed", "Assumed, because the request did not say"],
  guessed: ["Inputs doubtful", "Read otherwise than written, or doubtful"],
};

export const solverName = (name) => SOLVERS[name] ?? name;

/** All that speaks against a plan at this moment, the most pressing first. */
function doubtsOf(plan) {
  const doubts = plan.trust.doubts.map(({ kind, about, message }) =>
    ({ kind, text: `${about}: ${plan.clock.words(message)}` }));
  const age = plan.view.example ? null : ageOf(plan);
  if (age) doubts.push({ kind: "stale", text: age });
  return Object.keys(KINDS).flatMap((kind) => doubts.filter((doubt) => doubt.kind === kind));
}

/** In words: how a plan is of another time than now. */
function ageOf(plan, now = Date.now() / 1000) {
  const { clock, instants, n } = plan;
  if (now < instants[0] - GRACE) return `the plan begins only on ${clock.date(instants[0])} at ${clock.time(instants[0])}.`;
  if (intervalNow(plan, now) === null && now >= instants[n]) {
    return `the plan ended on ${clock.date(instants[n])} at ${clock.time(instants[n])}, ${duration(now - instants[n])} ago.`;
  }
  if (now <= instants[1] + GRACE) return "";
  return `the plan is from ${clock.when(instants[0], now)}, ${duration(now - instants[0])} ago, and no newer one was asked for.`;
}

/** Show the verdict, what speaks against it, and requests that were refused since. */
export function showTrust(plan, status, isEarlier) {
  const doubts = plan ? doubtsOf(plan) : [];
  const open = status?.open ?? [];
  const isGood = plan !== null && plan.trust.is_proved && !isEarlier && !doubts.length && !open.length;
  const pill = $("proof");
  pill.hidden = plan === null;
  if (plan) {
    const short = isEarlier ? "Earlier plan" : verdict(plan, doubts, open);
    pill.textContent = short;
    pill.className = `pill ${isGood ? "good" : "fair"}`;
    $("proof-title").textContent = `May I trust this plan? ${isGood ? "✓ " : ""}${short}.`;
    $("proof-text").textContent = `${proofText(plan, doubts)}.`;
    $("proof-rows").replaceChildren(...pairs(proofRows(plan)));
  }
  $("alerts").replaceChildren(...open.map((one) => refusal(one, plan)), ...groupsOf(doubts));
  $("alerts").hidden = !$("alerts").childElementCount;
}

function verdict(plan, doubts, open) {
  if (doubts.length) return KINDS[doubts[0].kind][0];
  if (open.length) return "Request refused";
  if (plan.trust.is_proved) return "Proved best";
  return plan.summary.gap === null ? "Rule of thumb" : "Not proved best";
}

function proofText({ trust }, doubts) {
  if (!trust.is_proved) return trust.proof;
  const inputs = doubts.length ? "For the inputs as they were read" : "For the prices, sun and loads that were sent";
  return `Proved. ${inputs}: ${trust.proof[0].toLowerCase()}${trust.proof.slice(1)}`;
}

function groupsOf(doubts) {
  return Object.entries(KINDS).flatMap(([kind, [, title]]) => {
    const own = doubts.filter((doubt) => doubt.kind === kind);
    if (!own.length) return [];
    const rest = own.length > N_SHOWN ? `and ${own.length - N_SHOWN} more, listed under Health` : "";
    const texts = [...own.slice(0, N_SHOWN).map(({ text }) => text), ...(rest ? [rest] : [])];
    return [notice(kind, title, texts)];
  });
}

const notice = (kind, title, texts) => el("li", { class: `alert ${kind}` },
  el("strong", { text: title }), ...texts.map((text) => el("span", { text })));

function refusal(refused, plan) {
  const verb = refused.status < 500 ? "refused" : "not answered";
  return notice("missed", `A request was ${verb} at ${timeOf(refused, plan)}`,
    [`${refused.path}: ${refused.error}`, "No plan was made for it."]);
}

/** Time of a refusal, by the clock of the plan shown, or else of the server. */
export const timeOf = ({ at }, plan) => (plan?.clock ?? new Clock([at])).time(epochOf(at));

function proofRows(plan) {
  const { certificate: proof, summary, money } = plan;
  const rows = [
    ["Found by", solverName(proof.solver)],
    ["Time taken", milliseconds(summary.solve_ms)],
  ];
  if (proof.optimum_gap !== null) rows.push(["Left open by the search", `${money.text(proof.optimum_gap)} (${tiny(proof.optimum_gap)})`]);
  if (proof.preference_cost > 0) rows.push(["Accepted for a steadier plan", `${money.text(proof.preference_cost)} (${tiny(proof.preference_cost)})`]);
  if (proof.primal_residual !== null) rows.push(["Limits broken by", tiny(proof.primal_residual, "kWh")]);
  if (proof.dual_residual !== null) rows.push(["Error of the proof", tiny(proof.dual_residual, "per kWh")]);
  rows.push(["Energy, simulated again, differs by", tiny(proof.energy_error, "kWh")]);
  rows.push(["Bill, added up again, differs by", tiny(proof.bill_error, "of the money traded")]);
  return rows;
}
