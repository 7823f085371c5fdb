// Numbers and elements; whatever is shown goes through `textContent`.

export const $ = (id) => document.getElementById(id);

/** An element with a class, a text, or children. */
export function el(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** Terms and their values, for a list of definitions. */
export const pairs = (rows) =>
  rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]);

const minus = (text) => text.replace("-", "−");

/** Text of a number without "−0.00". */
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace("-", "") : text);
}

export const kilowatts = (watts) => `${fixed(watts / 1000, 2)} kW`;
export const roundKilowatts = (watts) => `${fixed(watts / 1000, watts < 100 ? 2 : 1)} kW`;
export const percent = (share, digits = 0) => `${fixed(100 * share, digits)} %`;
export const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

/** The money of a plan; a sign stands before the number, a name after it. */
export class Money {
  /** `dearest` is a price per kWh: where even that is tiny, there are more digits. */
  constructor(currency = "$", dearest = 1) {
    this.currency = currency;
    this.digits = 2 + Math.max(0, -Math.floor(Math.log10(dearest || 1)) - 2);
  }

  text(value) {
    return this.#named(fixed(value, this.digits));
  }

  /** A number alone, for a column whose heading names the currency. */
  bare(value) {
    return fixed(value, this.digits);
  }

  /** A price: two digits more where there are any. */
  price(value) {
    const digits = this.digits;
    const [whole, rest] = fixed(value, digits + 2).split(".");
    return `${whole}.${rest.slice(0, digits)}${rest.slice(digits).replace(/0+$/, "")}`;
  }

  #named(text) {
    if (/^\p{L}{2}/u.test(this.currency)) return `${text} ${this.currency}`;
    return text.startsWith("−") ? `−${this.currency}${text.slice(1)}` : this.currency + text;
  }
}

/** A tiny number, in words where it is nothing. */
export function tiny(value, unit = "") {
  if (value === 0) return "none";
  return `${value < 1e-6 ? "less than 0.000001" : value.toPrecision(1)} ${unit}`.trim();
}

export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
