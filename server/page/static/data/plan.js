// One shape for the replies of all three endpoints: watts, shares, and instants in seconds.
import { Clock, epochOf } from "./clock.js";
import { Money } from "./words.js";

const ACTIONS = {
  charge: "Charge",
  consume: "Power the home",
  export: "Sell",
  discharge: "Discharge",
  idle: "Hold",
  away: "Away",
};
const N_COLOURS = 4; // for batteries, and as many for cars
const HOUR = 3600;

export const actionName = (action) => ACTIONS[action] ?? action;

/** What the page shows of one plan, out of its `view.json`. */
export function planOf(view) {
  const { reply, context, summary, trust } = view;
  const home = reply.home ?? (reply.meter ? null : reply);
  const schedule = home?.aggregated ?? home?.schedule ?? null;
  const meter = schedule ?? reply.meter;
  const stamps = meter.timestamps;
  const clock = new Clock([...stamps, context.end]);
  const prices = [...context.prices_import, ...context.prices_export].map(Math.abs);
  const devices = devicesOf(view, home, schedule);
  return {
    view,
    summary,
    trust,
    clock,
    stamps,
    n: stamps.length,
    instants: clock.instants,
    money: new Money(summary.currency, Math.max(...prices)),
    importPrice: context.prices_import,
    exportPrice: context.prices_export,
    solar: context.solar_w,
    load: context.load_w,
    gridImport: meter.grid_import_w,
    gridExport: meter.grid_export_w,
    curtailed: meter.solar_curtailed_w,
    devices,
    batteries: devices.filter(({ kind }) => kind === "battery"),
    vehicles: devices.filter(({ kind }) => kind === "vehicle"),
    actions: schedule?.action ?? null,
    worth: context.stored_worth,
    bill: reply.bill ?? reply.summary,
    certificate: reply.certificate,
    warnings: reply.warnings,
    nothing: home?.next_actions[0]?.reason ?? "Nothing to plan", // where nothing stores
  };
}

/** Everything that can store: its name, powers, states of charge, runs of actions and colour. */
function devicesOf({ reply, context }, home, schedule) {
  const places = { battery: 0, vehicle: 0 };
  return context.storages.map((storage) => {
    const place = places[storage.kind]++;
    const colour = `${storage.kind}-${(place % N_COLOURS) + 1}`;
    const own = storage.kind === "vehicle"
      ? vehicle(reply.ev_schedules[place])
      : battery(reply.batteries?.[storage.key], home, schedule);
    return { ...storage, ...own, colour, place, name: nameOf(storage, context.storages) };
  }).filter(({ capacity_kwh: capacity }) => capacity > 0);
}

/** What people call it; with its key where another one is called the same. */
function nameOf({ name, key, kind }, all) {
  if (name === null) return kind === "vehicle" ? "Car" : "Battery";
  return all.filter((other) => other.name === name).length > 1 ? `${name} (${key})` : name;
}

function vehicle({ schedule, next_actions: runs, shortfall_kwh: shortfall }) {
  return {
    charge: schedule.charge_power_w,
    discharge: schedule.discharge_power_w,
    soc: schedule.soc,
    runs: runs ?? [],
    shortfall,
  };
}

/** One battery of several, or the only one. */
function battery(one, home, schedule) {
  if (one) {
    const { charge_w: charge, discharge_w: discharge, soc } = one.schedule;
    return { charge, discharge, soc, runs: one.next_actions ?? [] };
  }
  return {
    charge: charged(schedule),
    discharge: schedule.discharge_w ?? schedule.total_discharge_w,
    soc: schedule.soc_trajectory,
    runs: home.next_actions,
  };
}

/** Power into the battery, also where a cautious client is not told of solar. */
function charged(schedule) {
  const told = schedule.charge_w ?? schedule.total_charge_w;
  const flows = [schedule.solar_to_battery_w, schedule.grid_to_battery_w,
    schedule.vehicle_to_battery_w ?? []];
  return told.map((watts, t) => watts || flows.reduce((sum, flow) => sum + (flow[t] ?? 0), 0));
}

/** What a device does in an interval: charge, discharge, or nothing; batteries as the home says. */
export function actionAt(plan, device, t) {
  if (device.charge[t] > 0 && device.charge[t] >= device.discharge[t]) return "charge";
  if (!(device.discharge[t] > 0)) return isHere(device, plan.instants[t], plan.instants[t + 1]) ? "idle" : "away";
  if (device.kind === "vehicle") return "discharge";
  return plan.actions?.[t] === "export" ? "export" : "consume";
}

/** Whether a car is at its charger in a part of a span; a battery always is. */
function isHere({ arrival = null, departure = null }, begin, end) {
  return (arrival === null || epochOf(arrival) < end) && (departure === null || epochOf(departure) > begin);
}

/** Interval in progress, or null where the plan is of another time. */
export function intervalNow(plan, now = Date.now() / 1000) {
  const inside = plan.instants[0] <= now && now < plan.instants[plan.n];
  return inside ? Math.min(plan.clock.indexAt(now), plan.n - 1) : null;
}

export const hoursOf = (plan, t) => (plan.instants[t + 1] - plan.instants[t]) / HOUR;

/** Energy through the meter of one interval, at the prices of the tariff. */
export function costAt(plan, t) {
  const rate = plan.gridImport[t] * plan.importPrice[t] - plan.gridExport[t] * plan.exportPrice[t];
  return (rate * hoursOf(plan, t)) / 1000;
}

/** State of charge of a device at any instant; null outside its plan. */
export function socAt(plan, device, epoch) {
  const { instants, n } = plan;
  if (!device || epoch < instants[0] || epoch > instants[n]) return null;
  const t = Math.min(plan.clock.indexAt(epoch), n - 1);
  const part = (epoch - instants[t]) / (instants[t + 1] - instants[t]);
  return device.soc[t] + part * (device.soc[t + 1] - device.soc[t]);
}
