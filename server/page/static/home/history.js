// The books: what each day really cost, what it would have cost, and what the plan had said.
import { $, el, percent } from "../data/words.js";
import * as api from "./api.js";
import { dateFromToday, dayName, money } from "./formats.js";
import { fill, TEXTS } from "./texts.js";

const T = TEXTS.history;
// Heading of each column, and its value of a day; null is unknown.
const COLUMNS = [
  [T.real, ({ bills }) => bills?.real], [T.plain, ({ bills }) => bills?.self_consumption],
  [T.none, ({ bills }) => bills?.idle], [T.saved, ({ bills }) => bills?.saved],
  [T.claimed, ({ claim }) => claim?.claimed], [T.forecast, ({ claim }) => claim?.from_forecast],
  [T.execution, ({ claim }) => claim?.from_execution], [T.price, ({ claim }) => claim?.from_price],
];

export async function showHistory() {
  const last = dateFromToday(0);
  const first = dateFromToday(1 - Number(document.querySelector("input[name=days]:checked").value));
  $("books-csv").href = `books.csv?first=${first}&last=${last}`;
  try {
    const { days } = await api.get(`books/days.json?first=${first}&last=${last}`);
    show(days.filter(({ bills }) => bills).reverse());
  } catch (error) {
    $("books-state").textContent = error.message;
  }
}

function show(days) {
  $("books-state").textContent = days.length ? "" : T.empty;
  $("books").hidden = $("books-csv").hidden = days.length === 0;
  if (!days.length) return;
  const cash = money(days[0].currency);
  const text = (value) => (value === null || value === undefined ? "–" : cash.text(value));
  const head = el("thead", {}, el("tr", {}, el("th", { scope: "col", text: T.day }),
    ...COLUMNS.map(([name]) => el("th", { scope: "col", text: name }))));
  const rows = days.map((day) => el("tr", {},
    el("th", { scope: "row" }, dayName(day.date), ...(day.share < 0.995
      ? [" ", el("small", { text: fill(T.share, { share: percent(day.share) }) })] : [])),
    ...COLUMNS.map(([, of]) => el("td", { text: text(of(day)) }))));
  const total = el("tr", { class: "day" }, el("th", { scope: "row", text: T.total }),
    ...COLUMNS.map(([, of]) => el("td", { text: text(sum(days, of)) })));
  $("books").replaceChildren(el("table", {}, head, el("tbody", {}, total, ...rows)));
}

/** A total; null where a day does not know the value. */
function sum(days, of) {
  const values = days.map(of);
  return values.every((value) => typeof value === "number") ? values.reduce((all, value) => all + value, 0) : null;
}

export function watchHistory() {
  $("days-choice").addEventListener("change", showHistory);
  $("books-erase").addEventListener("click", () => $("erase-ask").showModal());
  $("erase-no").addEventListener("click", () => $("erase-ask").close());
  $("erase-yes").addEventListener("click", async () => {
    $("erase-ask").close();
    try {
      await api.post("books/delete", {});
      await showHistory();
      $("books-state").textContent = T.erased;
    } catch (error) {
      $("books-state").textContent = error.message;
    }
  });
}
