"""A market of the tests: prices and sun that depend on the local hour alone, but for their day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

# money/kWh of each local hour: cheap in the early morning and at noon, dear in the evening
HOURS = [
    *(0.21, 0.19, 0.18, 0.17, 0.18, 0.22, 0.28, 0.31, 0.29, 0.24, 0.18, 0.12),
    *(0.09, 0.08, 0.10, 0.15, 0.22, 0.33, 0.42, 0.45, 0.38, 0.32, 0.27, 0.23),
]
PEAK_SUN = 5000.0  # W


class Market:
    """Prices from midnight today to the end of what is published.

    Parameters
    ----------
    now : datetime
        The present; tomorrow is published from 13:00.
    dearer : float
        Added to every price. [money/kWh]
    """

    def __init__(self, now, zone=BERLIN, dearer=0.0):
        self.now, self.zone, self.dearer = now.astimezone(zone), zone, dearer
        self.midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.days = 2 if self.now.hour >= 13 else 1

    def price(self, at):
        """Return the price at an instant, exact to six digits. [money/kWh]"""
        local = at.astimezone(self.zone)
        weekday = 0.01 * (local.date() - self.midnight.date()).days
        return round(HOURS[local.hour] + weekday + self.dearer, 6)

    @property
    def present(self):
        return self.price(self.now)

    def day(self, number):
        """Return the instants at which a local day begins and ends, in UTC."""
        date = self.midnight.date() + timedelta(days=number)
        return tuple(
            datetime(d.year, d.month, d.day, tzinfo=self.zone).astimezone(UTC)
            for d in (date, date + timedelta(days=1))
        )

    def steps(self, minutes=60, days=None):
        """Return (start, end, price) of the days, by number; stamps on the local clock."""
        step = timedelta(minutes=minutes)
        found = []
        for number in range(self.days) if days is None else days:
            at, end = self.day(number)
            while at < end:
                found.append(
                    (at.astimezone(self.zone), (at + step).astimezone(self.zone), self.price(at))
                )
                at += step
        return found


def sun(at, zone=BERLIN):
    """Return the power of the panels at an instant, by a parabola from 6 to 20 o'clock. [W]"""
    local = at.astimezone(zone)
    hour = local.hour + local.minute / 60
    return round(max(0.0, PEAK_SUN * (1 - ((hour - 13) / 7) ** 2)), 1)
