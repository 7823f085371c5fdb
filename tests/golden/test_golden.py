"""The application answers the golden requests as it did when they were recorded."""

import pytest

from tests.golden.compare import chosen, differences_of, recorded

ANSWERS = recorded()
REQUESTS = chosen(ANSWERS)
KINDS = tuple(dict.fromkeys(request.kind for request in REQUESTS))


def test_every_recorded_request_is_still_asked():
    assert {request.name for request in REQUESTS} == set(ANSWERS)
    assert len(REQUESTS) >= 320


@pytest.mark.parametrize("kind", KINDS)
async def test_answers_stay_as_recorded(kind):
    found = await differences_of([one for one in REQUESTS if one.kind == kind], ANSWERS)

    assert not found, "\n".join(": ".join(difference) for difference in found)
