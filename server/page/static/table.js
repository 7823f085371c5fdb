// The chart's numbers as a table, built when somebody opens it.
import { actionName } from "./model.js";
import { $, el, percent, price } from "./words.js";

const kw = (watts) => (watts / 1000).toFixed(2);

function columnsOf(plan) {
  const columns = [
    ["Import price", (t) => price(plan.importPrice[t])],
    ["Export price", (t) => price(plan.exportPrice[t])],
    ["Solar kW", (t) => kw(plan.solar[t])],
    ["House kW", (t) => kw(plan.load[t])],
    ["Grid in kW", (t) => kw(plan.gridImport[t])],
    ["Grid out kW", (t) => kw(plan.gridExport[t])],
  ];
  if (plan.hasBattery) {
    columns.push(["Battery in kW", (t) => kw(plan.charge[t])]);
    columns.push(["Battery out kW", (t) => kw(plan.discharge[t])]);
  }
  if (plan.hasVehicles) columns.push(["Vehicle in kW", (t) => kw(plan.vehicleCharge[t])]);
  for (const { name, soc } of plan.levels) columns.push([`${name} at the end`, (t) => percent(soc[t + 1], 1)]);
  if (plan.actions) columns.push(["Action", (t) => actionName(plan.actions[t])]);
  return columns;
}

export function showTable(plan) {
  const box = $("table-box");
  const build = () => {
    if (box.open) $("table").replaceChildren(tableOf(plan));
  };
  box.ontoggle = build;
  $("table").replaceChildren();
  build();
}

function tableOf(plan) {
  const columns = columnsOf(plan);
  const { clock } = plan;
  const heads = ["From", ...columns.map(([name]) => name)];
  const rows = plan.stamps.map((_, t) => {
    const begin = plan.instants[t];
    const when = `${clock.day(begin)} ${clock.time(begin)}`;
    return el("tr", {}, el("th", { scope: "row", text: when }),
      ...columns.map(([, value]) => el("td", { text: value(t) })));
  });
  return el("table", {},
    el("caption", { text: `From ${clock.date(plan.instants[0])}, local time of the plan` }),
    el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...rows));
}
