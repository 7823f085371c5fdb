// Asks a small question every so often, and for a plan only when there is a new one.
import { loadChart, showChart, watchChart } from "./charts/charts.js";
import { madeAt } from "./data/clock.js";
import { intervalNow, planOf } from "./data/plan.js";
import { $ } from "./data/words.js";
import { get } from "./home/api.js";
import { showHome, watchHome } from "./home/home.js";
import { isPresent, onEnter, openRooms } from "./home/rooms.js";
import { writeTexts } from "./home/texts.js";
import { showHealth } from "./view/health.js";
import { showHours } from "./view/hours.js";
import { showMoney } from "./view/money.js";
import { showNow } from "./view/now.js";
import { showDifferences, showPast } from "./view/past.js";
import { showTable } from "./view/table.js";
import { showTrust } from "./view/trust.js";

const EVERY = 20_000; // ms
const HOUR = 3600; // s
const SOON = [300, 1500, 3000, 6000, 12_000]; // ms after a change: a plan takes a moment

const page = {
  hasHome: true, // until the server says otherwise
  status: null,
  plans: { summaries: [], kept: [] },
  latest: null, // which run and plan of the server is known here
  plan: null, // the one shown
  before: null, // the one before it, of the same home
  follows: true, // whether a new plan takes its place
  chart: null, // whether there is a charting library
};

async function json(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

const getStatus = () => fetch("status.json").then((response) => response.json());
const getPlan = async (which) => planOf(await json(`plans/${which}/view.json`));

let asking = Promise.resolve();

/** Ask anew, once all that was asked before is answered. */
function refresh() {
  asking = asking.then(ask);
}

async function ask() {
  if (document.hidden) return;
  try {
    await refreshHome();
    page.status = await getStatus();
    page.chart ??= loadChart(page.status.chart);
    if (page.status.latest !== page.latest) await welcome();
    else if (page.plan && !$("devices").contains(document.activeElement)) showNow(page.plan); // time goes on
    say("");
  } catch (error) {
    console.debug(error);
    say("The optimiser does not answer. Trying again soon.");
    return;
  }
  $("empty").hidden = page.plan !== null;
  tellHealth();
}

/** The home that is planned for by itself, where there is one. */
async function refreshHome() {
  if (!page.hasHome) return;
  const home = await get("home.json");
  page.hasHome = home.has_home;
  $("no-home").textContent = home.why ?? "";
  if (!home.has_home) return;
  openRooms();
  showHome(home);
}

/** Show a room whose modules are loaded when somebody enters it. */
async function enter(address) {
  try {
    const room = await import(address);
    room.enter();
  } catch (error) {
    console.debug(error);
    say("The optimiser does not answer. Trying again soon.");
  }
}

/** Look again a few times: something has been asked for. */
function refreshSoon() {
  for (const pause of SOON) setTimeout(() => { if (isPresent("home")) refresh(); }, pause);
}

function tellHealth() {
  showTrust(page.plan, page.status, !page.follows && !isExample());
  showHealth(page.status, page.plan, page.plans.summaries);
}

/** There is a plan that this page has not seen, or the server has begun anew. */
async function welcome() {
  const { latest } = page.status;
  page.plans = await json("plans.json");
  if (latest === null) {
    page.plan = null;
    $("shown").hidden = true;
  } else if (page.follows || isExample() || !page.plan) {
    page.follows = true;
    await show("latest");
  } else {
    showPast(page.plans, page.plan.summary.number, choose);
  }
  page.latest = latest;
}

const isExample = () => page.plan?.view.example === true;

async function show(which) {
  const plan = await getPlan(which);
  page.before = await planBefore(plan);
  page.plan = plan;
  $("shown").hidden = false;
  $("empty").hidden = true;
  showNow(plan);
  showMoney(plan);
  showTable(plan);
  const name = plan.view.example ? "example" : plan.summary.number;
  $("csv").href = `plans/${name}/plan.csv`;
  $("json").href = `plans/${name}/plan.json`;
  $("chart-missing").hidden = await page.chart;
  $("charts").hidden = $("chart-help").hidden = !(await page.chart);
  showHorizon();
  $("past-box").hidden = isExample();
  if (!isExample()) {
    showPast(page.plans, plan.summary.number, choose);
    showDifferences(plan, page.before);
  }
  tellBanner();
  tellHealth();
}

/** Charts and half hours over the chosen horizon, which begins now. */
function showHorizon() {
  const { plan, before } = page;
  const t = intervalNow(plan) ?? 0;
  const hours = Number(document.querySelector("input[name=horizon]:checked").value);
  const end = plan.instants[plan.n];
  const until = hours ? Math.min(end, plan.instants[t] + hours * HOUR) : end;
  showChart(plan, before, until);
  showHours(plan, t, until);
}

/** The plan before `plan` of the same endpoint and home, where it is kept. */
async function planBefore({ summary, view }) {
  if (view.example) return null;
  const { summaries, kept } = page.plans;
  const same = summaries.filter(({ home, number }) =>
    home === summary.home && number < summary.number && kept.includes(number));
  try {
    return same.length ? await getPlan(same.at(-1).number) : null;
  } catch {
    return null; // forgotten in the meantime
  }
}

let choosing = null; // the last wish of a slider that is still moving

async function choose(number) {
  choosing = number;
  page.follows = number === page.plans.kept.at(-1);
  try {
    const wish = number;
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    if (choosing === wish) await show(wish);
  } catch (error) {
    console.debug(error);
    say("That plan is no longer kept.");
  }
}

function tellBanner() {
  const banner = $("banner");
  const isOld = !page.follows && !isExample();
  banner.hidden = !isExample() && !isOld;
  $("banner-text").textContent = isExample()
    ? "This is the built-in example of a made-up home, not a plan for yours."
    : isOld ? `You are looking at an earlier plan, made at ${madeAt(page.plan.summary)}.` : "";
  $("back").textContent = isExample() ? "Close the example" : "Show the latest";
}

async function goBack() {
  if (isExample()) {
    page.plan = null;
    $("shown").hidden = true;
    $("empty").hidden = false;
    tellHealth();
    $("try").focus();
    return;
  }
  page.follows = true;
  await show("latest");
}

async function tryExample() {
  const button = $("try");
  button.disabled = true;
  try {
    say("Planning the example…");
    await show("example");
    say("");
    $("main").focus();
  } catch (error) {
    console.debug(error);
    say("The example cannot be planned now. Try again soon.");
  } finally {
    button.disabled = false;
  }
}

function say(text) {
  $("state").textContent = text;
  $("state").hidden = text === "";
}

$("try").addEventListener("click", tryExample);
$("back").addEventListener("click", goBack);
$("horizon").addEventListener("change", showHorizon);
writeTexts();
watchHome();
onEnter("home", refresh);
onEnter("history", () => enter("./home/history.js"));
onEnter("setup", () => enter("./setup/setup.js"));
document.addEventListener("changed", refreshSoon);
watchChart();
refresh();
setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
