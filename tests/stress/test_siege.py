"""A second or two of every attack: honest clients are served, memory and log stay small."""

import pytest

from tests.stress.attacks import ATTACKS
from tests.stress.siege import as_in_the_image, besiege, complaints

SECONDS = 1.5
SCALE = 0.3
MOST_RISE = 100  # MiB; 250 and more where all bodies are kept


@pytest.fixture(scope="module")
def besieged(tmp_path_factory):
    with as_in_the_image(tmp_path_factory.mktemp("siege")) as server:
        yield server


# A wave that is called off while it connects leaves half a stream of its own behind.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ATTACKS)
async def test_an_honest_client_is_served_during(name, besieged):
    siege = await besiege(besieged, name, SECONDS, SCALE)

    assert siege.wrong == []
    assert siege.rose < MOST_RISE
    assert complaints(siege.log) == []
    assert not {"reset", "unanswered", "500"} & siege.outcomes.keys()
