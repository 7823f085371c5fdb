// One shape for the replies of all three endpoints: watts, shares, and instants in seconds.
import { Clock, epochOf } from "./words.js";

const ACTIONS = {
  charge: "Charge",
  consume: "Serve the house",
  export: "Sell to the grid",
  idle: "Idle",
};

export const actionName = (action) => ACTIONS[action] ?? action;

/** What the page shows of one plan, out of its `view.json`. */
export function planOf(view) {
  const { reply, context, summary } = view;
  const home = reply.home ?? (reply.meter ? null : reply);
  const schedule = home?.aggregated ?? home?.schedule ?? null;
  const meter = schedule ?? reply.meter;
  const stamps = meter.timestamps;
  const clock = new Clock([...stamps, context.end]);
  const nothing = stamps.map(() => 0);
  const vehicles = reply.ev_schedules ?? [];
  const plan = {
    view,
    summary,
    clock,
    stamps,
    n: stamps.length,
    instants: clock.instants,
    importPrice: context.prices_import,
    exportPrice: context.prices_export,
    solar: context.solar_w,
    load: context.load_w,
    gridImport: meter.grid_import_w,
    gridExport: meter.grid_export_w,
    curtailed: meter.solar_curtailed_w,
    charge: schedule ? charged(schedule) : nothing,
    discharge: schedule?.discharge_w ?? schedule?.total_discharge_w ?? nothing,
    vehicleCharge: summed(vehicles, "charge_power_w", nothing),
    vehicleDischarge: summed(vehicles, "discharge_power_w", nothing),
    actions: schedule?.action ?? null,
    reserve: home ? context.reserve : null,
    capacity: home ? context.capacity_kwh : 0,
    worth: context.stored_worth,
    hasVehicles: vehicles.length > 0,
    hasBattery: home !== null,
    bill: reply.bill ?? reply.summary,
    certificate: reply.certificate,
    warnings: reply.warnings,
    costFunction: reply.cost_function,
    why: view.why,
  };
  plan.levels = levelsOf(reply, schedule, plan);
  plan.next = home?.next_actions ?? vehicleRuns(vehicles, plan);
  return plan;
}

/** Power into the batteries, also where a cautious client is not told of solar. */
function charged(schedule) {
  const told = schedule.charge_w ?? schedule.total_charge_w;
  const flows = [schedule.solar_to_battery_w, schedule.grid_to_battery_w,
    schedule.vehicle_to_battery_w ?? []];
  return told.map((watts, t) => watts || flows.reduce((sum, flow) => sum + (flow[t] ?? 0), 0));
}

function summed(vehicles, name, nothing) {
  return vehicles.reduce((sum, { schedule }) => sum.map((w, t) => w + schedule[name][t]), nothing);
}

/** State of charge of everything that stores: name, n + 1 shares, and what it is. */
function levelsOf(reply, schedule, plan) {
  const levels = [];
  const batteries = Object.entries(reply.batteries ?? {});
  if (schedule) {
    const name = batteries.length > 1 ? "Batteries" : "Battery";
    levels.push({ name, soc: schedule.soc_trajectory, kind: "battery", reserve: plan.reserve });
  }
  if (batteries.length > 1) {
    for (const [key, { name, schedule: own }] of batteries) {
      levels.push({ name: name ?? key, soc: own.soc, kind: "part" });
    }
  }
  for (const { name, vehicle_id: key, schedule: own } of reply.ev_schedules ?? []) {
    levels.push({ name: name ?? key, soc: own.soc, kind: "vehicle" });
  }
  return levels;
}

/** Runs of charging of vehicles that have no battery beside them. */
function vehicleRuns(vehicles, plan) {
  const [vehicle] = vehicles;
  if (!vehicle) return [];
  const { command_w: power, soc } = vehicle.schedule;
  const ends = [...plan.stamps, plan.view.context.end];
  const runs = [];
  for (let t = 0; t < plan.n; t += 1) {
    const action = power[t] > 0 ? "charge" : "idle";
    const last = runs.at(-1);
    if (last?.action === action) {
      last.powers.push(power[t]);
      Object.assign(last, { end: ends[t + 1], soc_end: soc[t + 1] });
    } else {
      runs.push({ action, start: ends[t], end: ends[t + 1], powers: [power[t]], soc_end: soc[t + 1] });
    }
  }
  return runs.map((run) => ({
    ...run,
    power_w: run.powers.reduce((sum, watts) => sum + watts, 0) / run.powers.length,
  }));
}

/** Interval in progress, or null where the plan is of another time. */
export function intervalNow(plan, now = Date.now() / 1000) {
  const inside = plan.instants[0] <= now && now < plan.instants[plan.n];
  return inside ? Math.min(plan.clock.indexAt(now), plan.n - 1) : null;
}

/** State of charge of the first storage at any instant; null outside its plan. */
export function socAt(plan, epoch) {
  const soc = plan.levels[0]?.soc;
  const { instants, n } = plan;
  if (!soc || epoch < instants[0] || epoch > instants[n]) return null;
  const t = Math.min(plan.clock.indexAt(epoch), n - 1);
  const part = (epoch - instants[t]) / (instants[t + 1] - instants[t]);
  return soc[t] + part * (soc[t + 1] - soc[t]);
}

/** In words: what this plan does otherwise than the one before it. */
export function differences(plan, before, { money, percent }) {
  const first = Math.max(plan.instants[0], before.instants[0]);
  const last = Math.min(plan.instants[plan.n], before.instants[before.n]);
  if (first >= last) return "The plan before was about another time.";
  let most = { by: 0 };
  for (const epoch of plan.instants) {
    const [now, then] = [socAt(plan, epoch), socAt(before, epoch)];
    const by = now === null || then === null ? 0 : Math.abs(now - then);
    if (by > most.by) most = { by, epoch, now, then };
  }
  const savings = `Savings ${money(before.summary.savings)} → ${money(plan.summary.savings)}`;
  if (most.by < 0.01) return `${savings}; the same charge throughout.`;
  const when = `${plan.clock.day(most.epoch)} ${plan.clock.time(most.epoch)}`;
  return `${savings}; the charge differs most at ${when}: ${percent(most.then)} → ${percent(most.now)}.`;
}

export const madeAt = (summary) => new Clock([summary.at]).time(epochOf(summary.at));
