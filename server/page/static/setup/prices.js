// Prices of one direction: what was found, a table, one price; and what is added to it.
import { el } from "../data/words.js";
import { TEXTS } from "../home/texts.js";
import { disclosure } from "./disclosures.js";
import { faultOf, field, textsOf } from "./fields.js";
import { describe, reasonOf } from "./found.js";
import { holds, setAt, valueAt } from "./paths.js";

const T = TEXTS.setup;
const EMPTY = {
  tariff: () => ({ from: "tariff", tariff: { rates: [], holidays: [] } }),
  fixed: () => ({ from: "fixed" }),
  entities: () => ({ from: "entities", entities: [] }),
  state: () => ({ from: "state" }),
};
const ALWAYS = new Set(["tariff", "fixed"]); // of what is paid: no formula

/** Editor of the prices at `path`; `found` are sources to choose from, each with its texts. */
export function priceEditor(settings, path, found) {
  const own = el("div", { class: "price", "data-path": path });
  const draw = (focus) => {
    const source = valueAt(settings, path)?.source;
    const at = found.findIndex(({ choice }) => holds(source, choice?.source));
    own.replaceChildren(chooser(settings, path, found, at, draw), faultOf(path),
      ...(at >= 0 ? [el("p", { class: "quiet", text: reasonOf(found[at]) })] : []),
      ...(source ? details(settings, path, source, at >= 0, draw) : []));
    if (focus) document.getElementById(focus)?.focus();
  };
  draw();
  return own;
}

function chooser(settings, path, found, at, draw) {
  const id = `field-${path}`;
  const source = valueAt(settings, path)?.source;
  const options = found.map((one, i) => el("option", { value: `found ${i}`, text: describe(one) }));
  if (source && at < 0) options.push(el("option", { value: "present", text: TEXTS.kinds[source.from] ?? source.from }));
  const kinds = Object.keys(EMPTY).filter((kind) => at >= 0 || kind !== source?.from);
  options.push(...kinds.map((kind) => el("option", { value: kind, text: TEXTS.kinds[kind] })));
  if (!source && at < 0) options.unshift(el("option", { value: "", text: T.choose }));
  else if (path === "export_price" && !found.some(({ choice }) => !choice)) options.push(el("option", { value: "", text: T.notPaid }));
  const select = el("select", { id, "aria-describedby": `fault-${path}` }, ...options);
  select.value = at >= 0 ? `found ${at}` : source ? "present" : "";
  select.addEventListener("change", () => {
    setAt(settings, path, chosen(select.value, found, valueAt(settings, path)));
    draw(id);
  });
  return el("div", { class: "field" }, el("label", { for: id, text: textsOf(path)[0] }), select);
}

function chosen(value, found, present) {
  if (value === "") return undefined;
  if (value === "present") return present;
  const place = /^found (\d+)$/.exec(value);
  return place ? structuredClone(found[place[1]].choice) : { source: EMPTY[value]() };
}

function details(settings, path, source, isFound, draw) {
  const inside = {
    fixed: () => [field(settings, `${path}.source.price`)],
    tariff: () => tariff(settings, `${path}.source.tariff`, draw),
    entities: () => [field(settings, `${path}.source.entities`)],
    state: () => [field(settings, `${path}.source.entity`)],
  }[source.from];
  const formula = () => disclosure(`formula ${path}`, T.formula, el("p", { class: "quiet", text: T.formulaNote }),
    el("div", { class: "fields" }, ...["surcharge", "fee", "tax"].map((name) => field(settings, `${path}.${name}`))));
  return [...(inside && !isFound ? inside() : []), ...(ALWAYS.has(source.from) ? [] : [formula()])];
}

function tariff(settings, path, draw) {
  const rates = valueAt(settings, `${path}.rates`) ?? [];
  const add = el("button", { type: "button", class: "more", id: `add-${path}`, text: T.addRate });
  add.addEventListener("click", () => {
    const own = `${path}.rates[${rates.length}]`;
    setAt(settings, own, {});
    draw(`field-${own}.price`);
  });
  return [
    el("p", { class: "quiet", text: T.ratesNote }),
    ...rates.map((_, i) => rate(settings, path, i, draw)), el("p", {}, add),
    el("div", { class: "fields" }, field(settings, `${path}.otherwise`), field(settings, `${path}.holidays`)),
  ];
}

function rate(settings, path, i, draw) {
  const own = `${path}.rates[${i}]`;
  const name = `${TEXTS.fields.rate[0]} ${i + 1}`;
  const remove = el("button", { type: "button", class: "more", text: T.remove, "aria-label": `${T.remove}: ${name}` });
  remove.addEventListener("click", () => {
    valueAt(settings, `${path}.rates`).splice(i, 1);
    draw(`add-${path}`);
  });
  const names = ["price", "start", "end", "weekdays", "months"];
  return el("fieldset", { class: "item" }, el("legend", { text: name }),
    el("div", { class: "fields" }, ...names.map((one) => field(settings, `${own}.${one}`))), remove);
}
