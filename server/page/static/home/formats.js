// Times, money and numbers in the user's way.
import { Money } from "../data/words.js";

let zone;

export function useZone(name) {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    zone = name;
  } catch {
    zone = undefined; // the browser's own
  }
}

const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });

const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
export const time = (stamp) => format(HOURS).format(new Date(stamp));
const dayOf = (stamp) => format({ dateStyle: "short" }).format(new Date(stamp));

/** A time, with its day where that is not today. */
export function when(stamp, now = Date.now()) {
  if (dayOf(stamp) === dayOf(now)) return time(stamp);
  return format({ weekday: "short", ...HOURS }).format(new Date(stamp));
}

/** A local date, YYYY-MM-DD, `days` from today. */
export function dateFromToday(days) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  return parts.format(new Date(Date.now() + days * 864e5));
}

export function dayName(date) {
  const options = { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(`${date}T00:00:00Z`));
}

const SIGNS = { USD: "$", AUD: "$", NZD: "$", CAD: "$", EUR: "€", GBP: "£" };
export const money = (currency) => new Money(SIGNS[currency] ?? currency ?? "$");
