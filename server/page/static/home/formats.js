// Times, money and numbers in the user's way: the words of the texts, the customs of the browser's region.
import { Money } from "../data/words.js";
import { TEXTS } from "./texts.js";

let zone; // of the home

const locale = localeOf();

/** The language of the texts with the browser's region, as en-DE: so the clock has 12 or 24 hours. */
function localeOf() {
  try {
    const { region } = new Intl.Locale(navigator.language).maximize();
    return new Intl.Locale(TEXTS.language, { region }).toString();
  } catch {
    return TEXTS.language;
  }
}

export function useZone(name) {
  try {
    new Intl.DateTimeFormat(locale, { timeZone: name });
    zone = name ?? undefined;
  } catch {
    zone = undefined; // the browser's own
  }
}

const format = (stamp, options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(new Date(stamp));

const HOURS = { hour: "numeric", minute: "2-digit" };
export const time = (stamp) => format(stamp, HOURS);

/** A time, with its day where that is not today. */
export function when(stamp, now = Date.now()) {
  if (dateOf(stamp) === dateOf(now)) return time(stamp);
  const isNear = Math.abs(new Date(stamp) - now) < 6 * 864e5;
  return format(stamp, isNear ? { weekday: "short", ...HOURS } : { day: "numeric", month: "short", ...HOURS });
}

/** The local date of an instant, YYYY-MM-DD. */
function dateOf(stamp) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const found = Object.fromEntries(parts.formatToParts(new Date(stamp)).map(({ type, value }) => [type, value]));
  return `${found.year}-${found.month}-${found.day}`;
}

/** A local date, `days` from today. */
export function dateFromToday(days) {
  const date = new Date(`${dateOf(Date.now())}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function dayName(date) {
  const options = { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale, options).format(new Date(`${date}T00:00:00Z`));
}

/** The next instant at which the home's clock shows HH:MM; null where it skips that time. */
export function nextTime(clock) {
  const step = 60_000;
  const start = Math.ceil(Date.now() / step) * step;
  const shown = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  for (let at = start; at < start + 90_000_000; at += step) {
    if (shown.format(at) === clock) return new Date(at).toISOString();
  }
  return null;
}

const SIGNS = { USD: "$", AUD: "$", NZD: "$", CAD: "$", EUR: "€", GBP: "£" };
export const money = (currency) => new Money(SIGNS[currency] ?? currency ?? "$");
