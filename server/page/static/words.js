// Numbers, times and elements; whatever is shown goes through `textContent`.

export const $ = (id) => document.getElementById(id);

/** An element with a class, a text, or children. */
export function el(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const minus = (text) => text.replace("-", "−");

/** Text of a number without "−0.00". */
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace("-", "") : text);
}

export const money = (value) => fixed(value, 2);
export const kilowatts = (watts) => `${fixed(watts / 1000, 2)} kW`;
export const percent = (share, digits = 0) => `${fixed(100 * share, digits)} %`;
export const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

/** A price: two digits, up to four where there are more. */
export function price(value) {
  return fixed(value, 4).replace(/(\.\d\d\d?)0+$/, "$1").replace(/(\.\d\d)0$/, "$1");
}

/** A tiny number, in words where it is nothing. */
export const tiny = (value) => (value === 0 ? "0" : minus(value.toExponential(0)));

export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const two = (number) => String(number).padStart(2, "0");

/** Seconds east of Greenwich that an ISO time stamp carries. */
export function offsetOf(stamp) {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(stamp) ?? [null, "+", 0, 0];
  return (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes));
}

export const epochOf = (stamp) => Date.parse(stamp) / 1000;

/** The clock of the plan's own place, whatever the browser's is. */
export class Clock {
  constructor(stamps) {
    this.instants = stamps.map(epochOf);
    this.offsets = stamps.map(offsetOf);
  }

  /** A date whose UTC fields are local ones. */
  local(epoch) {
    return new Date(1000 * (epoch + this.offsets[this.indexAt(epoch)]));
  }

  /** Last instant at or before `epoch`; the first if there is none. */
  indexAt(epoch) {
    let low = 0;
    let high = this.instants.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.instants[middle] <= epoch) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  time(epoch) {
    const at = this.local(epoch);
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  }

  day(epoch) {
    return DAYS[this.local(epoch).getUTCDay()];
  }

  date(epoch) {
    const at = this.local(epoch);
    return `${this.day(epoch)} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  }

  sameDay(one, other) {
    return Math.floor(this.local(one) / 864e5) === Math.floor(this.local(other) / 864e5);
  }
}
