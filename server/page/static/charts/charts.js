// Three plots over one time axis, and the read-out that all of them share.
import { intervalNow, socAt } from "../data/plan.js";
import { $, el } from "../data/words.js";
import { layersOf, nightsOf, stacked } from "./layers.js";
import { readoutOf } from "./readout.js";

const HOUR = 3600;
const AXIS = 46; // px for the numbers beside each plot
const TICK = 52; // px that one time needs
const HEIGHTS = { price: 120, power: 230, soc: 130 };
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3]]; // of the charge of batteries, and of cars
const SVG = "http://www.w3.org/2000/svg";

let plots = [];
let shown = null; // { plan, before, until }
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

/** Draw a plan up to an instant; the charge of the one before it is drawn as a ghost. */
export function showChart(plan, before, until) {
  shown = { plan, before, until };
  reading = readoutOf(plan);
  if (window.uPlot) draw();
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
  const places = DASHES.map((_, place) => place + 1);
  const names = ["ink", "quiet", "rule", "card", "night", "solar", "grid", "house", "import",
    "export", "now", "charge-fill", ...places.flatMap((place) => [`battery-${place}`, `vehicle-${place}`])];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function common(plan, ink, nights, hasTimes) {
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
    scales: { x: scaleX(plan) },
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

const scaleX = (plan) => ({ time: false, range: () => [plan.instants[0], shown.until] });

/** Round local hours, as many as there is room for. */
function timesOf(plan, width) {
  const { clock, instants } = plan;
  const [first, last] = [instants[0], shown.until];
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
  for (const [begin, end] of nights.filter(([first]) => first < shown.until)) {
    const left = plot.valToPos(begin, "x", true);
    const right = plot.valToPos(Math.min(end, shown.until), "x", true);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
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
  key("price", [["To buy", "import", []], ["To sell", "export", [5, 4]]]);
  return {
    name: "price",
    data: [plan.instants, toEnd(plan.importPrice), toEnd(plan.exportPrice)],
    options: {
      series: [{},
        line("To buy", ink.import, { paths: steps() }),
        line("To sell", ink.export, { paths: steps(), dash: [5, 4] })],
    },
  };
}

function powerPlot(plan, ink) {
  const { from, to } = layersOf(plan);
  const entries = [...new Map([...from, ...to].map(({ name, colour }) => [colour, [name, colour]])).values()];
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
    const dash = [2, 3];
    areas.push(line("Solar offered", ink.ink, { paths: steps(), width: 1, dash }));
    data.push(toEnd(plan.solar.map((watts) => watts / 1000)));
    entries.push(["Solar offered", "ink", dash]);
  }
  key("power", entries);
  return { name: "power", data, options: { series: [{}, ...areas] } };
}

/** States of charge: a line for each device, its reserve, and the plan before. */
function socPlot(plan, before, ink) {
  const series = [{}];
  const data = [plan.instants];
  const names = [];
  const add = (name, colour, soc, { dash = [], ...extra } = {}) => {
    series.push(line(name, ink[colour], { dash, ...extra }));
    data.push(soc.map((share) => (share === null ? null : 100 * share)));
    names.push([name, colour, dash]);
  };
  const isAlone = plan.devices.length === 1;
  for (const device of plan.devices) {
    const fill = isAlone ? { fill: ink["charge-fill"], fillTo: () => 0 } : {};
    add(device.name, device.colour, device.soc, { dash: DASHES[device.place % DASHES.length], ...fill });
  }
  plan.devices.forEach(({ colour }, place) => {
    if (!before) return;
    const ghost = plan.instants.map((epoch) => socAt(before, before.devices[place], epoch));
    add("Plan before", colour, ghost, { width: 1, dash: [1, 3] });
  });
  const reserves = new Map(plan.batteries.map(({ name, reserve }) => [reserve, name]));
  for (const [reserve, name] of reserves) {
    if (reserve) add(reserves.size > 1 ? `Reserve of ${name}` : "Reserve", "now", plan.instants.map(() => reserve), { width: 1.5, dash: [6, 4] });
  }
  key("soc", names);
  return { name: "soc", data, options: { series, scales: { x: scaleX(plan), y: { range: () => [0, 100] } } } };
}

/** The legend of a plot: a block for an area, and for a line one with the same dash. */
function key(plot, entries) {
  $(`key-${plot}`).replaceChildren(...entries.map(([name, colour, dash]) =>
    el("span", { class: "swatch" }, dash ? stroke(colour, dash) : el("i", { class: colour }), name)));
}

function stroke(colour, dash) {
  const [svg, made] = ["svg", "line"].map((tag) => document.createElementNS(SVG, tag));
  svg.setAttribute("class", colour);
  svg.setAttribute("viewBox", "0 0 24 8");
  svg.setAttribute("aria-hidden", "true");
  const geometry = { x1: 0, x2: 24, y1: 4, y2: 4, "stroke-dasharray": dash.join(" ") };
  for (const [name, value] of Object.entries(geometry)) made.setAttribute(name, value);
  svg.append(made);
  return svg;
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

function move(event) {
  if (!shown || !reading) return;
  const { plan } = shown;
  const perHour = Math.max(1, Math.round((HOUR * plan.n) / (plan.instants[plan.n] - plan.instants[0])));
  const by = event.shiftKey ? perHour : 1;
  const last = Math.min(plan.n - 1, plan.clock.indexAt(shown.until - 1));
  const target = {
    ArrowLeft: reading.t - by,
    ArrowRight: reading.t + by,
    PageUp: reading.t - perHour,
    PageDown: reading.t + perHour,
    Home: 0,
    End: last,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  const t = Math.min(last, Math.max(0, target));
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
