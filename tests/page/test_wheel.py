"""The wheel carries the page, with the chart that a build put there."""

import zipfile

from tests.addon.conftest import wheel  # noqa: F401 - a fixture
from tests.page.browsers import needs_chart


@needs_chart
def test_the_wheel_holds_the_page_and_its_chart(wheel):  # noqa: F811
    names = set(zipfile.ZipFile(wheel).namelist())

    for name in ("index.html", "page.js", "vendor/uPlot.iife.min.js", "vendor/uPlot.LICENSE.txt"):
        assert f"server/page/static/{name}" in names
