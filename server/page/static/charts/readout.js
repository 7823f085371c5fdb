// The numbers of one interval, which the charts point at.
import { actionName, intervalNow } from "../data/plan.js";
import { $, el, kilowatts, percent } from "../data/words.js";

function direction(one, other) {
  if (one > 0) return `${kilowatts(one)} in`;
  return other > 0 ? `${kilowatts(other)} out` : kilowatts(0);
}

function rowsOf(plan) {
  const { money } = plan;
  const rows = [
    ["Price to buy", "import", (t) => money.price(plan.importPrice[t])],
    ["Price to sell", "export", (t) => money.price(plan.exportPrice[t])],
    ["Solar", "solar", (t) => kilowatts(plan.solar[t])],
    ["Home", "house", (t) => kilowatts(plan.load[t])],
    ["Grid", "grid", (t) => direction(plan.gridImport[t], plan.gridExport[t])],
  ];
  if (plan.curtailed.some((watts) => watts > 1)) {
    rows.push(["Solar unused", "ink", (t) => kilowatts(plan.curtailed[t])]);
  }
  for (const { name, colour, charge, discharge, soc } of plan.devices) {
    rows.push([name, colour, (t) => `${direction(charge[t], discharge[t])}, ${percent(soc[t + 1], 1)}`]);
  }
  if (plan.worth) rows.push(["Stored kWh worth", "none", (t) => money.price(plan.worth[t])]);
  return rows;
}

/** The read-out of a plan: built once, only its texts change. */
export function readoutOf(plan) {
  const rows = rowsOf(plan).map(([name, colour, value]) => ({ name, colour, value, place: el("dd") }));
  $("reading-values").replaceChildren(...rows.map(({ name, colour, place }) =>
    el("div", {}, el("dt", {}, el("i", { class: colour }), name), place)));
  const { clock, instants } = plan;
  const readout = {
    t: -1,
    set(t) {
      if (t === readout.t) return;
      readout.t = t;
      const [begin, end] = [instants[t], instants[t + 1]];
      $("reading-action").textContent = plan.actions ? actionName(plan.actions[t]) : "";
      $("reading-time").textContent = `${clock.day(begin)} ${clock.time(begin)}–${clock.time(end)}`;
      for (const { place, value } of rows) place.textContent = value(t).replace(/ (kW|%)/g, "\u00a0$1");
    },
  };
  readout.set(intervalNow(plan) ?? 0);
  return readout;
}
