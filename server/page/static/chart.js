// Three plots over one time axis, and the read-out that all of them share.
import { actionName, intervalNow, socAt } from "./model.js";
import { layersOf, nightsOf, stacked } from "./stack.js";
import { $, el, kilowatts, percent, price } from "./words.js";

const HOUR = 3600;
const AXIS = 46; // px for the numbers beside each plot
const TICK = 52; // px that one time needs
const HEIGHTS = { price: 120, power: 230, soc: 130 };

let plots = [];
let shown = null; // { plan, before }
let reading = null; // { t, set(t) }

/** Load the charting library from beside the page; false where this copy has none. */
export function loadChart(isThere) {
  if (!isThere) return Promise.resolve(false);
  document.head.append(el("link", { rel: "stylesheet", href: "static/vendor/uPlot.min.css" }));
  return new Promise((resolve) => {
    const script = el("script", { src: "static/vendor/uPlot.iife.min.js" });
    script.onload = () => resolve(true);
    script.onerror = () => resolve(false);
    document.head.append(script);
  });
}

/** Draw a plan; the charge of the one before it is drawn as a ghost. */
export function showChart(plan, before) {
  shown = { plan, before };
  reading = readingOf(plan);
  reading.set(intervalNow(plan) ?? 0);
  if (!window.uPlot) return;
  draw();
}

function draw() {
  for (const plot of plots) plot.destroy();
  const { plan, before } = shown;
  const ink = colours();
  const nights = nightsOf(plan);
  plots = [pricePlot(plan, ink), powerPlot(plan, ink), socPlot(plan, before, ink)].map(
    ({ name, ...own }) => {
      const options = { ...common(plan, ink, nights, name === "soc"), ...own.options };
      options.height = HEIGHTS[name] + (name === "soc" ? 24 : 0);
      const plot = new window.uPlot(options, own.data, $(`plot-${name}`));
      plot.over.addEventListener("pointermove", follow(plot));
      return plot;
    },
  );
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "quiet", "rule", "card", "night", "solar", "battery", "grid", "house",
    "vehicle", "import", "export", "now", "charge-fill"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function common(plan, ink, nights, hasTimes) {
  const last = plan.instants[plan.n];
  const axis = {
    stroke: ink.quiet,
    font: "12px system-ui, sans-serif",
    grid: { stroke: ink.rule, width: 1 },
    ticks: { show: false },
  };
  return {
    width: $("charts").clientWidth,
    padding: [8, 10, hasTimes ? 0 : 4, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false, setScale: false },
      sync: { key: "plan", setSeries: false },
      dataIdx: (plot, series, closest, x) => plan.clock.indexAt(x),
    },
    scales: { x: { time: false, range: () => [plan.instants[0], last] } },
    axes: [
      {
        ...axis,
        size: hasTimes ? 28 : 0,
        gap: 6,
        splits: (plot) => timesOf(plan, plot.bbox.width / devicePixelRatio),
        values: (plot, splits) => splits.map((epoch) => (hasTimes ? timeLabel(plan, epoch) : "")),
      },
      { ...axis, size: AXIS, gap: 6 },
    ],
    hooks: {
      drawClear: [(plot) => shade(plot, nights, ink.night)],
      draw: [(plot) => markNow(plot, plan, ink.now)],
      setCursor: [(plot) => read(plot)],
    },
  };
}

/** Round local hours, as many as there is room for. */
function timesOf(plan, width) {
  const { clock, instants, n } = plan;
  const [first, last] = [instants[0], instants[n]];
  const room = Math.max(1, Math.floor(width / TICK));
  const end = last - ((last - first) * TICK) / width / 2; // where a time would be cut off
  const step = [1, 2, 3, 6, 12, 24].find((hours) => (last - first) / HOUR / hours <= room) ?? 24;
  const times = [];
  for (let epoch = Math.ceil(first / 900) * 900; epoch <= end; epoch += 900) {
    const at = clock.local(epoch);
    if (at.getUTCMinutes() === 0 && at.getUTCHours() % step === 0) times.push(epoch);
  }
  return times;
}

function timeLabel({ clock }, epoch) {
  const time = clock.time(epoch);
  return time === "00:00" ? clock.day(epoch) : time;
}

function shade(plot, nights, colour) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour;
  for (const [begin, end] of nights) {
    const left = plot.valToPos(begin, "x", true);
    ctx.fillRect(left, bbox.top, plot.valToPos(end, "x", true) - left, bbox.height);
  }
  ctx.restore();
}

function markNow(plot, plan, colour) {
  const now = Date.now() / 1000;
  if (intervalNow(plan, now) === null) return;
  const { ctx, bbox } = plot;
  const left = Math.round(plot.valToPos(now, "x", true));
  ctx.save();
  ctx.fillStyle = colour;
  ctx.fillRect(left, bbox.top, 2 * devicePixelRatio, bbox.height);
  ctx.restore();
}

const toEnd = (values) => [...values, values.at(-1)];

function line(label, colour, extra = {}) {
  return { label, stroke: colour, width: 2, points: { show: false }, ...extra };
}

const steps = () => window.uPlot.paths.stepped({ align: 1 });

function pricePlot(plan, ink) {
  key("price", [["Import", "import"], ["Export", "export dashed"]]);
  return {
    name: "price",
    data: [plan.instants, toEnd(plan.importPrice), toEnd(plan.exportPrice)],
    options: {
      series: [{},
        line("Import", ink.import, { paths: steps() }),
        line("Export", ink.export, { paths: steps(), dash: [5, 4] })],
    },
  };
}

function powerPlot(plan, ink) {
  const { from, to } = layersOf(plan);
  key("power", [...new Map([...from, ...to].map(({ name, colour }) => [name, colour]))]);
  const layers = [...stacked(from, 1), ...stacked(to, -1)];
  const areas = layers.map(({ name, colour }) => ({
    label: name,
    fill: ink[colour],
    stroke: ink.card,
    width: 0.5,
    paths: steps(),
    points: { show: false },
    fillTo: () => 0,
  }));
  const data = [plan.instants, ...layers.map(({ values }) => toEnd(values))];
  if (plan.curtailed.some((watts) => watts > 1)) {
    areas.push(line("Offered by the sun", ink.ink, { paths: steps(), width: 1, dash: [2, 3] }));
    data.push(toEnd(plan.solar.map((watts) => watts / 1000)));
    $("key-power").append(swatch("Solar offered", "ink dashed"));
  }
  return { name: "power", data, options: { series: [{}, ...areas] } };
}

function socPlot(plan, before, ink) {
  const [main, ...others] = plan.levels;
  const isBattery = main?.kind === "battery";
  const series = [{}];
  const data = [plan.instants];
  const names = [];
  const add = (soc, options, name) => {
    series.push(options);
    data.push(soc.map((share) => (share === null ? null : 100 * share)));
    names.push(name);
  };
  if (main) {
    const colour = isBattery ? "battery" : "vehicle";
    const fill = isBattery ? { fill: ink["charge-fill"], fillTo: () => 0 } : {};
    add(main.soc, line(main.name, ink[colour], fill), [main.name, colour]);
  }
  others.forEach(({ name, soc, kind }, place) => {
    const colour = kind === "vehicle" ? "vehicle" : "quiet";
    const dash = [[6, 3], [2, 3], [9, 3, 2, 3]][place % 3];
    add(soc, line(name, ink[colour], { dash, width: 1.5 }), [name, `${colour} dashed`]);
  });
  if (before) {
    const ghost = plan.instants.map((epoch) => socAt(before, epoch));
    add(ghost, line("Plan before", ink.quiet, { width: 1, dash: [2, 3] }), ["Plan before", "quiet dashed"]);
  }
  if (plan.reserve) {
    add(plan.instants.map(() => plan.reserve), line("Reserve", ink.now, { width: 1.5, dash: [6, 4] }), ["Reserve", "now dashed"]);
  }
  key("soc", names);
  return { name: "soc", data, options: { series, scales: { x: common(plan, ink, [], true).scales.x, y: { range: () => [0, 100] } } } };
}

const swatch = (name, colour) => el("span", { class: "swatch" }, el("i", { class: colour }), name);

function key(plot, entries) {
  $(`key-${plot}`).replaceChildren(...entries.map(([name, colour]) => swatch(name, colour)));
}

function read(plot) {
  const { left } = plot.cursor;
  if (left === undefined || left < 0) return;
  reading.set(Math.min(shown.plan.clock.indexAt(plot.posToVal(left, "x")), shown.plan.n - 1));
}

/** A finger that slides along reads like a mouse. */
function follow(plot) {
  return (event) => {
    if (event.pointerType === "mouse") return;
    const box = plot.over.getBoundingClientRect();
    plot.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  };
}

const grid = (plan, t) => direction(plan.gridImport[t], plan.gridExport[t], "in", "out");

function direction(one, other, oneWord, otherWord) {
  if (one > 0) return `${kilowatts(one)} ${oneWord}`;
  return other > 0 ? `${kilowatts(other)} ${otherWord}` : kilowatts(0);
}

function rowsOf(plan) {
  const rows = [
    ["Import price", "import", (t) => price(plan.importPrice[t])],
    ["Export price", "export", (t) => price(plan.exportPrice[t])],
    ["Solar", "solar", (t) => kilowatts(plan.solar[t])],
    ["House", "house", (t) => kilowatts(plan.load[t])],
    ["Grid", "grid", (t) => grid(plan, t)],
  ];
  if (plan.curtailed.some((watts) => watts > 1)) {
    rows.push(["Solar unused", "ink", (t) => kilowatts(plan.curtailed[t])]);
  }
  if (plan.hasBattery) {
    rows.push(["Battery", "battery", (t) => direction(plan.charge[t], plan.discharge[t], "in", "out")]);
  }
  if (plan.hasVehicles) {
    rows.push(["Vehicle", "vehicle", (t) => direction(plan.vehicleCharge[t], plan.vehicleDischarge[t], "in", "out")]);
  }
  for (const { name, soc, kind } of plan.levels) {
    const colour = kind === "part" ? "quiet" : kind;
    rows.push([`${name} after`, colour, (t) => percent(soc[t + 1], 1)]);
  }
  if (plan.worth) rows.push(["Stored worth", "battery", (t) => price(plan.worth[t])]);
  return rows;
}

/** The read-out of a plan: built once, only its texts change. */
function readingOf(plan) {
  const rows = rowsOf(plan).map(([name, colour, value]) => ({ name, colour, value, place: el("dd") }));
  $("reading-values").replaceChildren(...rows.map(({ name, colour, place }) =>
    el("div", {}, el("dt", {}, el("i", { class: colour }), name), place)));
  const { clock, instants } = plan;
  const of = {
    t: -1,
    set(t) {
      if (t === of.t) return;
      of.t = t;
      const [begin, end] = [instants[t], instants[t + 1]];
      $("reading-action").textContent = plan.actions ? actionName(plan.actions[t]) : "";
      $("reading-time").textContent = `${clock.day(begin)} ${clock.time(begin)}–${clock.time(end)}`;
      for (const { place, value } of rows) place.textContent = value(t);
    },
  };
  return of;
}

function move(event) {
  if (!shown || !reading) return;
  const { plan } = shown;
  const perHour = Math.max(1, Math.round((HOUR * plan.n) / (plan.instants[plan.n] - plan.instants[0])));
  const by = event.shiftKey ? perHour : 1;
  const target = {
    ArrowLeft: reading.t - by,
    ArrowRight: reading.t + by,
    PageUp: reading.t - perHour,
    PageDown: reading.t + perHour,
    Home: 0,
    End: plan.n - 1,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  const t = Math.min(plan.n - 1, Math.max(0, target));
  const middle = (plan.instants[t] + plan.instants[t + 1]) / 2;
  for (const plot of plots) plot.setCursor({ left: plot.valToPos(middle, "x"), top: 0 }, false);
  reading.set(t);
}

/** Wire what outlives a single plan: keys, width and theme. */
export function watchChart() {
  const place = $("charts");
  place.addEventListener("keydown", move);
  place.addEventListener("pointerleave", () => {
    if (shown) reading.set(intervalNow(shown.plan) ?? 0);
  });
  new ResizeObserver(() => {
    for (const plot of plots) plot.setSize({ width: place.clientWidth, height: plot.height });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (shown && window.uPlot) draw();
  });
}
