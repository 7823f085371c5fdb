"""Seconds of what `make fuzz` does for minutes, drawn the same each time."""

import pytest

from server.options import Options
from server.plans.planning import optimise_any
from tests.end_to_end import NOW
from tests.fuzz import codec, forms, seeds


def test_arbitrary_json_is_a_sound_plan_or_a_refusal():
    codec.check(60)


def test_whatever_is_not_read_by_the_letter_is_said():
    misread, read = forms.check(1500)

    assert misread == []
    assert read > 1000


def test_every_seed_is_judged():
    assert sum(codec.judge(body) for body in seeds.bodies()) >= 10


def test_deep_json_is_refused_by_the_command_too():
    codec_body = b'{"prices_import": ' + b"[" * 3000 + b"]" * 3000 + b"}"

    with pytest.raises(codec.ProblemError):
        optimise_any(codec_body, Options(), lambda: NOW)


def test_the_decoder_reads_its_seeds():
    pytest.importorskip("atheris", reason="needs atheris (extra `fuzz`)")
    from tests.fuzz import instrumented  # noqa: PLC0415

    for body in seeds.bodies():
        instrumented.read(body)


@pytest.mark.timeout(1200)  # generators for our deep schemas take their time to build
def test_the_api_is_what_its_document_says(tmp_path):
    pytest.importorskip("schemathesis", reason="needs schemathesis (extra `fuzz`)")
    from tests.fuzz import api  # noqa: PLC0415

    said, code, complained = api.check(tmp_path, examples=3, phases="fuzzing")

    assert code == 0, said[-5000:]
    assert complained == []
