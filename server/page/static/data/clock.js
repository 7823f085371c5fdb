// The clock of the plan's own place, whatever the browser's is.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)/g;
const two = (number) => String(number).padStart(2, "0");

/** Seconds east of Greenwich that an ISO time stamp carries. */
function offsetOf(stamp) {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(stamp) ?? [null, "+", 0, 0];
  return (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes));
}

export const epochOf = (stamp) => Date.parse(stamp) / 1000;

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

  /** A time, with its day where that is not the day of `since`. */
  when(epoch, since) {
    return this.sameDay(epoch, since) ? this.time(epoch) : `${this.day(epoch)} ${this.time(epoch)}`;
  }

  /** The end of what began at `since`; midnight closes a day. */
  until(epoch, since) {
    const isMidnight = this.time(epoch) === "00:00" && this.sameDay(epoch - 1, since);
    return isMidnight ? "24:00" : this.when(epoch, since);
  }

  /** A span; its days are named where it is of another day than `since`, or crosses midnight. */
  span(begin, end, since) {
    return `${this.when(begin, since)}–${this.until(end, begin)}`;
  }

  /** A text of the server with its time stamps as people write them. */
  words(text) {
    return text.replace(STAMP, (stamp) => {
      const own = new Clock([stamp]);
      return `${own.day(epochOf(stamp))} ${own.time(epochOf(stamp))}`;
    });
  }
}

export const madeAt = (summary) => new Clock([summary.at]).time(epochOf(summary.at));
