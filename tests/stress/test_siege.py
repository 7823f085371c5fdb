"""A second of some attacks (`make load` has all): honest clients are served, memory stays small."""

import pytest

from tests.stress.siege import as_in_the_image, besiege, complaints

FEW_CONNECTIONS = (
    *("large_chunked_bodies", "deep_json", "wide_json", "bombs"),
    *("pipelined", "header_floods", "old_http", "bad_chunks", "noise"),
)
SECONDS = 1.0
SCALE = 0.3
MOST_RISE = 100  # MiB; 250 and more where all bodies are kept


@pytest.fixture(scope="module")
def besieged(tmp_path_factory):
    with as_in_the_image(tmp_path_factory.mktemp("siege")) as server:
        yield server


# A wave that is called off while it connects leaves half a stream of its own behind.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FEW_CONNECTIONS)
async def test_an_honest_client_is_served_during(name, besieged):
    siege = await besiege(besieged, name, SECONDS, SCALE)

    assert siege.wrong == []
    assert siege.rose < MOST_RISE
    assert complaints(siege.log) == []
    assert not {"reset", "unanswered", "500"} & siege.outcomes.keys()
