// The plan as people read it: half hours with what is done, price and cost, and totals of each day.
import { actionAt, actionName, costAt, hoursOf } from "../data/plan.js";
import { $, el, percent, roundKilowatts } from "../data/words.js";

const HALF = 18e5; // ms

/** Show the plan from `first` on, up to the instant `until`. */
export function showHours(plan, first, until) {
  $("days").replaceChildren(daysTable(plan));
  $("hours").replaceChildren(hoursTable(plan, first, until));
}

/** Intervals by half hour of the clock; a longer interval stands alone. */
function halves(plan) {
  const rows = [];
  let sum = 0;
  for (let t = 0; t < plan.n; t += 1) {
    const slot = Math.floor(plan.clock.local(plan.instants[t]) / HALF);
    if (rows.at(-1)?.slot !== slot) rows.push({ slot, ts: [], cost: 0 });
    const row = rows.at(-1);
    sum += costAt(plan, t);
    row.ts.push(t);
    row.cost += costAt(plan, t);
    row.sum = sum;
  }
  return rows;
}

/** Mean of a series over some intervals. */
function mean(plan, series, ts) {
  const hours = ts.reduce((total, t) => total + hoursOf(plan, t), 0);
  return ts.reduce((total, t) => total + series[t] * hoursOf(plan, t), 0) / hours;
}

function hoursTable(plan, first, until) {
  const { money, devices, clock, instants } = plan;
  const rows = halves(plan).filter(({ ts }) => ts.at(-1) >= first && instants[ts[0]] < until);
  const heads = [["From", ""], ...devices.map(({ name }) => [name, "what"]),
    ...["Buy at", "Sell at", "Cost", "So far"].map((text) => [text, ""])];
  const body = [];
  let day = null;
  for (const { ts, cost, sum } of rows) {
    const begin = instants[ts[0]];
    if (day === null || !clock.sameDay(begin, day)) {
      body.push(el("tr", { class: "day" }, el("th", { colspan: String(heads.length), scope: "colgroup", text: clock.date(begin) })));
      day = begin;
    }
    body.push(el("tr", {}, el("th", { scope: "row", text: clock.time(begin) }),
      ...devices.map((device) => doing(plan, device, ts)),
      ...[money.bare(mean(plan, plan.importPrice, ts)), money.bare(mean(plan, plan.exportPrice, ts)),
        money.bare(cost), money.bare(sum)].map((text) => el("td", { text }))));
  }
  return el("table", {},
    el("caption", { text: `Money in ${money.currency}, prices per kWh, mean powers; below zero you earn.` }),
    el("thead", {}, el("tr", {}, ...heads.map(([text, kind]) => el("th", { scope: "col", class: kind, text })))),
    el("tbody", {}, ...body));
}

/** What a device mostly does in some intervals, with its mean power and where that leads. */
function doing(plan, device, ts) {
  const energies = {};
  for (const t of ts) {
    const action = actionAt(plan, device, t);
    const energy = (action === "charge" ? device.charge[t] : device.discharge[t]) * hoursOf(plan, t);
    if (energy > 0) energies[action] = (energies[action] ?? 0) + energy;
  }
  const [action] = Object.keys(energies).sort((one, other) => energies[other] - energies[one]);
  const after = percent(device.soc[ts.at(-1) + 1]);
  if (!action) {
    const idle = actionAt(plan, device, ts[0]);
    return el("td", { class: "what quiet" }, `${actionName(idle)} `,
      el("small", { text: idle === "away" ? "" : after }));
  }
  const series = action === "charge" ? device.charge : device.discharge;
  return el("td", { class: "what" }, el("i", { class: device.colour }),
    `${actionName(action)} ${roundKilowatts(mean(plan, series, ts))} `, el("small", { text: `→ ${after}` }));
}

function daysTable(plan) {
  const { money, bill, batteries, vehicles } = plan;
  const columns = [
    ["Sun", plan.solar],
    ...(plan.curtailed.some((watts) => watts > 1) ? [["Sun unused", plan.curtailed]] : []),
    ["Home", plan.load],
    ...(vehicles.length ? [["Cars in", total(plan, vehicles, "charge")]] : []),
    ...(vehicles.some(({ discharge }) => discharge.some((watts) => watts > 0)) ? [["Cars out", total(plan, vehicles, "discharge")]] : []),
    ...(batteries.length ? [["Battery in", total(plan, batteries, "charge")], ["Battery out", total(plan, batteries, "discharge")]] : []),
    ["Bought", plan.gridImport],
    ["Sold", plan.gridExport],
  ];
  const rows = [];
  for (let t = 0; t < plan.n; t += 1) {
    const begin = plan.instants[t];
    if (!rows.length || !plan.clock.sameDay(begin, rows.at(-1).begin)) rows.push({ begin, ts: [] });
    rows.at(-1).ts.push(t);
  }
  const kwh = (series, ts) => (ts.reduce((sum, t) => sum + series[t] * hoursOf(plan, t), 0) / 1000).toFixed(1);
  const cost = (ts) => money.bare(ts.reduce((sum, t) => sum + costAt(plan, t), 0));
  const line = (name, ts) => el("tr", {}, el("th", { scope: "row", text: name }),
    ...columns.map(([, series]) => el("td", { text: kwh(series, ts) })), el("td", { text: cost(ts) }));
  const all = [...Array(plan.n).keys()];
  const extra = [["Demand charge", bill.demand_cost], ["Allowances", -bill.allowance_credit]]
    .filter(([, value]) => value);
  if (extra.length) extra.push(["Bill", bill.total_cost]);
  return el("table", {},
    el("caption", { text: `Energy in kWh, cost in ${money.currency}` }),
    el("thead", {}, el("tr", {}, ...["Day", ...columns.map(([name]) => name), "Cost"]
      .map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...rows.map(({ begin, ts }) => line(plan.clock.date(begin), ts)), line("All", all),
      ...extra.map(([name, value]) => el("tr", {},
        el("th", { scope: "row", colspan: String(columns.length + 1), text: name }),
        el("td", { text: money.bare(value) })))));
}

const total = (plan, devices, name) =>
  plan.solar.map((_, t) => devices.reduce((sum, device) => sum + device[name][t], 0));
