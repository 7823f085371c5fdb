// The books: what each day really cost, what it would have cost, and what the plan had said.
import { $, el, pairs, percent } from "../data/words.js";
import * as api from "./api.js";
import { dateFromToday, dayName, money } from "./formats.js";
import { fill, TEXTS } from "./texts.js";

const T = TEXTS.history;
// What is told of a day or of several, and where it is found; a part explains the line before.
const LINES = [
  [T.saved, ({ bills }) => bills.saved], [T.stored, ({ bills }) => bills.more_stored, "part"],
  [T.real, ({ bills }) => bills.real], [T.bought, ({ bills }) => bills.import_cost, "part"], [T.sold, ({ bills }) => bills.export_income, "part"],
  [T.plain, ({ bills }) => bills.self_consumption], [T.none, ({ bills }) => bills.idle], [T.wear, ({ bills }) => bills.wear],
  [T.watched, ({ bills }) => bills.watched, "where known"], [T.watchedSaved, ({ bills }) => bills.watched_saved, "where known"],
  [T.claimed, ({ claim }) => claim?.claimed], [T.realThen, ({ claim }) => claim?.real],
  [T.forecast, ({ claim }) => claim?.from_forecast, "part"], [T.execution, ({ claim }) => claim?.from_execution, "part"],
  [T.price, ({ claim }) => claim?.from_price, "part"],
];
const ENERGIES = ["grid_in", "grid_out", "solar", "load", "car", "battery_in", "battery_out"];
const open = new Set(); // dates of the days that are

let asked = 0; // a later question makes earlier answers void

async function showHistory() {
  const days = Number(document.querySelector("input[name=days]:checked").value);
  const [first, last] = days === 1 ? [dateFromToday(-1), dateFromToday(-1)] : [dateFromToday(1 - days), dateFromToday(0)];
  $("books-csv").href = `books.csv?first=${first}&last=${last}`;
  const mine = (asked += 1);
  try {
    const { days: found } = await api.get(`books/days.json?first=${first}&last=${last}`);
    if (mine === asked) show(found.filter(({ bills }) => bills).reverse());
  } catch (error) {
    if (mine === asked) say(error.message);
  }
}

export const enter = showHistory;

const say = (text) => { $("books-state").textContent = text; };

function show(days) {
  say(days.length ? "" : T.empty);
  $("books").hidden = $("books-csv").hidden = days.length === 0;
  if (!days.length) return;
  const cash = money(days[0].currency);
  const parts = days.length > 1 ? [total(days, cash)] : [];
  $("books").replaceChildren(...parts, ...days.map((day) => dayOf(day, cash, days.length === 1)));
}

/** A day: what it cost and saved; all the rest where it is opened. */
function dayOf(day, cash, isAlone) {
  const { date, share, claim, energies } = day;
  const rows = LINES.map(([name, of, kind]) => [name, of(day), kind]);
  const notes = [share < 0.995 ? fill(T.share, { share: percent(share) }) : "", claim ? claimNote(claim) : T.noClaim];
  const text = energies ? ENERGIES.filter((name) => typeof energies[name] === "number")
    .map((name) => `${T.energies[name]} ${energies[name].toFixed(1)} kWh`).join(" · ") : "";
  const box = el("details", { class: "book-day" }, summary(dayName(date), rows, cash, share < 0.995), lines(rows, cash),
    el("p", { class: "quiet", text }), el("p", { class: "quiet", text: notes.filter(Boolean).join(" ") }));
  box.open = isAlone || open.has(date);
  box.addEventListener("toggle", () => (box.open ? open.add(date) : open.delete(date)));
  return box;
}

const claimNote = ({ share }) => (share < 0.995 ? fill(T.claimShare, { share: percent(share) }) : "");

function total(days, cash) {
  const rows = LINES.map(([name, of, kind]) => {
    const values = days.map(of).filter((value) => typeof value === "number");
    const known = values.length < days.length && values.length ? ` (${fill(T.ofDays, { known: values.length, all: days.length })})` : "";
    return [name + known, values.length ? values.reduce((all, value) => all + value, 0) : null, kind];
  });
  const box = el("details", { class: "book-day" }, summary(fill(T.total, { days: days.length }), rows, cash, false), lines(rows, cash));
  box.open = true;
  return box;
}

const text = (value, cash) => (typeof value === "number" ? cash.text(value) : "–");

const summary = (name, [[, saved], , [, real]], cash, isPart) => el("summary", {},
  el("span", { class: "date", text: isPart ? `${name} *` : name }),
  el("span", { class: "quiet", text: `${T.real} ${text(real, cash)}` }),
  el("span", { class: "saving", text: `${T.saved} ${text(saved, cash)}` }));

const lines = (rows, cash) => el("dl", { class: "pairs" },
  ...rows.filter(([, value, kind]) => !kind || typeof value === "number")
    .flatMap(([name, value, kind]) => {
      const made = pairs([[name, text(value, cash)]]);
      if (kind === "part") made[0].className = kind;
      return made;
    }));

async function erase() {
  $("erase-ask").close();
  try {
    await api.post("books/delete", {});
    await showHistory();
    say(T.erased);
  } catch (error) {
    say(error.message);
  }
}

$("days-choice").addEventListener("change", showHistory);
$("books-erase").addEventListener("click", () => $("erase-ask").showModal());
$("erase-no").addEventListener("click", () => $("erase-ask").close());
$("erase-yes").addEventListener("click", erase);
