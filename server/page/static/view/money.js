// What the plan saves, against plain self-consumption and against no battery, line by line.
import { $, el } from "../data/words.js";

export function showMoney(plan) {
  const { bill, money, summary } = plan;
  const hours = `${Math.round(summary.hours)} h`;
  const plain = plan.batteries.length || !plan.vehicles.length ? "plain self-consumption" : "charging at once";
  $("savings").textContent = money.text(bill.savings_vs_self_consumption);
  $("savings-of").textContent = `saved over ${hours} against ${plain}`;
  const less = bill.savings < 0 ? "more" : "less";
  $("savings-also").textContent = plan.batteries.length
    ? `Against no battery: ${money.text(Math.abs(bill.savings))} ${less} on the bill.` : "";
  $("money").replaceChildren(table(plan, plain));
  $("money-note").textContent = noteOf(plan);
}

function noteOf({ batteries, vehicles, devices }) {
  if (!devices.length) return "There is no battery or car: nothing can be saved.";
  const cars = vehicles.length ? "cars charge as they come" : "";
  if (!batteries.length) return `Charging at once: ${cars}.`;
  return "Plain self-consumption: the battery stores spare sun and powers the home, no more"
    + `${cars ? `; ${cars}` : ""}. What is left at the end counts on both sides.`;
}

/** Costs of this plan, of plain self-consumption and of no battery; blank where not counted. */
function table(plan, plain) {
  const { bill, money } = plan;
  const hasBattery = plan.batteries.length > 0;
  const demand = bill.demand_cost;
  const rows = [];
  if (demand) rows.push(["Energy", bill.total_cost - demand], [demandName(bill), demand]);
  rows.push(["Bill", bill.total_cost, bill.self_consumption_cost, hasBattery ? bill.baseline_cost : undefined]);
  if (bill.wear_cost || bill.self_consumption_wear_cost) rows.push(["Wear", bill.wear_cost, bill.self_consumption_wear_cost]);
  if (bill.end_value || bill.self_consumption_end_value) {
    rows.push(["Charge left at the end", -bill.end_value, -bill.self_consumption_end_value]);
  }
  if (rows.at(-1)[0] !== "Bill") {
    const usual = bill.self_consumption_cost + bill.self_consumption_wear_cost - bill.self_consumption_end_value;
    rows.push(["All told", bill.total_cost + bill.wear_cost - bill.end_value, usual]);
  }
  const heads = ["", "This plan", capital(plain), ...(hasBattery ? ["No battery"] : [])];
  const cell = (value) => el("td", { text: value === undefined ? "" : money.bare(value) });
  return el("table", {},
    el("thead", {}, el("tr", {}, el("td", { text: money.currency }),
      ...heads.slice(1).map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...rows.map(([name, ...values]) => el("tr", {}, el("th", { scope: "row", text: name }),
      ...heads.slice(1).map((_, place) => cell(values[place]))))));
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function demandName({ demand_peaks: peaks }) {
  const most = peaks.map(({ peak_kw: peak }) => `${peak.toFixed(1)} kW`).join(", ");
  return `Demand charge (${most})`;
}
