// Every interval and every series as a table, built when somebody opens it.
import { actionName } from "../data/plan.js";
import { $, el, percent } from "../data/words.js";

const kw = (watts) => (watts / 1000).toFixed(2);

function columnsOf(plan) {
  const { money } = plan;
  return [
    ["Price to buy", (t) => money.price(plan.importPrice[t])],
    ["Price to sell", (t) => money.price(plan.exportPrice[t])],
    ["Solar kW", (t) => kw(plan.solar[t])],
    ["Home kW", (t) => kw(plan.load[t])],
    ["Grid in kW", (t) => kw(plan.gridImport[t])],
    ["Grid out kW", (t) => kw(plan.gridExport[t])],
    ...plan.devices.flatMap(({ name, charge, discharge, soc }) => [
      [`${name} in kW`, (t) => kw(charge[t])],
      [`${name} out kW`, (t) => kw(discharge[t])],
      [`${name} after`, (t) => percent(soc[t + 1], 1)],
    ]),
    ...(plan.actions ? [["Action", (t) => actionName(plan.actions[t])]] : []),
  ];
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
    el("caption", { text: `From ${clock.date(plan.instants[0])}, local time of the plan; prices in ${plan.money.currency}` }),
    el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...rows));
}
