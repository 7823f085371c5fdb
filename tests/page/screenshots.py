"""Screenshots for the README: ``python -m tests.page.screenshots docs``.

The clock of the browser stands at 16:35 of the example's first day, so that a picture made again
shows the same plan.
"""

import argparse
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from tests.page.browsers import chromium, hover
from tests.page.conftest import example, post
from tests.server.processes import running_server

WIDTHS = {"phone": 360, "desktop": 1400}
FROM_HOUR = 16.5  # of the example; interesting: the evening is ahead
N_BEFORE = 6
MOST_HEIGHT = 1750  # px; health fits no more on a phone, and need not


def main(folder):
    """Write a picture for each theme and width into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as logs,
        running_server(Path(logs)) as server,
        chromium() as browser,
    ):
        start = _fill(server)
        for theme in ("light", "dark"):
            for screen, width in WIDTHS.items():
                _picture(
                    browser, server, start, (theme, width), folder / f"page-{theme}-{screen}.png"
                )


def _fill(server):
    """Post the example as PowerSync would, every five minutes; gives the last beginning."""
    day = example("dynamic_day")
    begin = datetime.fromisoformat(day["start_time"])
    first = round(FROM_HOUR * 12)
    soc = 0.55
    for t in range(first - N_BEFORE, first + 1):
        request = {**day, "start_time": (begin + timedelta(minutes=5 * t)).isoformat()}
        for name in ("prices_import", "prices_export", "solar_forecast", "load_forecast"):
            request[name] = day[name][t:] + day[name][288 : 288 + t]
        request["battery"] = {**day["battery"], "current_soc": soc}
        soc = post(server, request)["schedule"]["soc_trajectory"][1]
    return begin + timedelta(minutes=5 * first)


def _at_the_time(route, start):
    """Let plans be made when they begin, whatever the clock of this machine says."""
    answer = route.fetch()
    text = re.sub(r'"at":"[^"]*"', f'"at":"{start.isoformat()}"', answer.text())
    route.fulfill(response=answer, body=text)


def _picture(browser, server, start, screen, path):
    theme, width = screen
    context = browser.new_context(
        color_scheme=theme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.route(re.compile(r"view\.json|plans\.json"), lambda route: _at_the_time(route, start))
    page.clock.set_fixed_time(start + timedelta(minutes=2))
    page.goto(f"http://127.0.0.1:{server.page_port}/")
    page.wait_for_selector("#plot-soc canvas")
    hover(page, 30, 576)
    page.evaluate("scrollTo(0, 0)")
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, MOST_HEIGHT)}
    page.screenshot(path=path, full_page=True, clip=clip)
    context.close()
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.page.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go; made where absent")
    main(parser.parse_args().folder)
