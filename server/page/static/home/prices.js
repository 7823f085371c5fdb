// Prices of one direction: what was found, a table, one price; and what is added to it.
import { el } from "../data/words.js";
import { field, textsOf } from "./fields.js";
import { setAt, valueAt } from "./paths.js";
import { TEXTS } from "./texts.js";

const EMPTY = {
  fixed: () => ({ from: "fixed", price: undefined }),
  tariff: () => ({ from: "tariff", tariff: { otherwise: undefined, rates: [], holidays: [] } }),
  entities: () => ({ from: "entities", entities: [] }),
  state: () => ({ from: "state", entity: undefined }),
};

/** Editor of the prices at `path`; `found` are sources to choose from, each with its texts. */
export function priceEditor(settings, path, found) {
  const own = el("div", { class: "price" });
  const [label] = textsOf(path);
  const draw = () => {
    const prices = valueAt(settings, path);
    own.replaceChildren(chooser(settings, path, label, found, draw), ...(prices ? details(settings, path, prices, draw) : []),
      el("p", { class: "fault", id: `fault-${path}`, role: "alert" }));
  };
  draw();
  return own;
}

function chooser(settings, path, label, found, draw) {
  const id = `field-${path}`;
  const source = valueAt(settings, path)?.source;
  const same = found.findIndex(({ choice }) => JSON.stringify(choice?.source) === JSON.stringify(source));
  const options = found.map((one, i) => el("option", { value: `found ${i}`, text: describe(one) }));
  if (source && same < 0) options.push(el("option", { value: "present", text: TEXTS.kinds[source.from] ?? source.from }));
  const kinds = Object.keys(EMPTY).filter((kind) => kind !== source?.from || same >= 0);
  options.push(...kinds.map((kind) => el("option", { value: kind, text: TEXTS.kinds[kind] })));
  options.push(el("option", { value: "", text: TEXTS.setup.none }));
  const select = el("select", { id, "aria-describedby": `fault-${path}` }, ...options);
  select.value = !source ? "" : same >= 0 ? `found ${same}` : "present";
  select.addEventListener("change", () => {
    setAt(settings, path, chosen(select.value, found, valueAt(settings, path)));
    draw();
    document.getElementById(id).focus();
  });
  return el("div", { class: "field", "data-path": path }, el("label", { for: id, text: label }), select);
}

function chosen(value, found, present) {
  if (value === "") return undefined;
  if (value === "present") return present;
  const place = /^found (\d+)$/.exec(value);
  return place ? structuredClone(found[place[1]].choice) : { source: EMPTY[value]() };
}

const describe = ({ label, value, unit }) => [label, [value, unit].filter(Boolean).join(" ")].filter(Boolean).join(": ");

function details(settings, path, { source }, draw) {
  const inside = {
    fixed: () => [field(settings, `${path}.source.price`)],
    tariff: () => tariff(settings, `${path}.source.tariff`, draw),
    entities: () => [field(settings, `${path}.source.entities`)],
    state: () => [field(settings, `${path}.source.entity`)],
  }[source.from];
  const formula = el("details", {}, el("summary", { text: TEXTS.setup.formula }),
    el("div", { class: "fields" }, ...["surcharge", "fee", "tax"].map((name) => field(settings, `${path}.${name}`))));
  return [...(inside ? inside() : []), ...(source.from === "tariff" || source.from === "fixed" ? [] : [formula])];
}

function tariff(settings, path, draw) {
  const rates = valueAt(settings, `${path}.rates`) ?? [];
  const add = el("button", { type: "button", class: "more", text: TEXTS.setup.addRate });
  add.addEventListener("click", () => {
    setAt(settings, `${path}.rates[${rates.length}]`, { price: undefined });
    draw();
    document.getElementById(`field-${path}.rates[${rates.length}].price`).focus();
  });
  return [
    ...rates.map((_, i) => rate(settings, path, i, draw)), add,
    field(settings, `${path}.otherwise`), field(settings, `${path}.holidays`),
  ];
}

function rate(settings, path, i, draw) {
  const own = `${path}.rates[${i}]`;
  const remove = el("button", { type: "button", class: "more", text: TEXTS.setup.remove });
  remove.addEventListener("click", () => {
    valueAt(settings, `${path}.rates`).splice(i, 1);
    draw();
  });
  const names = ["price", "start", "end", "weekdays", "months"];
  return el("fieldset", { class: "item" }, el("legend", { text: `${TEXTS.fields.rate[0]} ${i + 1}` }),
    el("div", { class: "fields" }, ...names.map((name) => field(settings, `${own}.${name}`))), remove);
}
