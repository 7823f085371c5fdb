"""What a view says of trust: the proof by what was minimised, and doubts by the warnings."""

import json
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.options import Options
from server.plans import planning
from server.plans.trust import DOUBTS, PLAIN
from server.plans.view import render, summarise
from tests.end_to_end import small_request

SERVER = Path(__file__).parents[3] / "server"
_NOTED = re.compile(r"\bnote\(\s*\"([a-z_]+)\"")
_SLIPS = re.compile(r"\"([a-z_]+)\",\s*\"[^\"]*\{(?:value|kilo):g\}")
_REPLACED = re.compile(r"\bcode=\"([a-z_]+)\"")


def now():
    return datetime(2026, 11, 5, 12, tzinfo=UTC)


def view_of(request, kind=planning.Kind.BATTERY):
    answer = planning.answer_request(kind, json.dumps(request).encode(), Options(zone=UTC), now)
    return json.loads(zlib.decompress(render(answer, summarise(answer, now(), 1))))


def trust_of(**fields):
    return view_of(small_request(**fields))["trust"]


def vehicle_request(**fields):
    request = small_request()
    request["home_battery"] = request.pop("battery")
    car = {"vehicle_id": "k", "name": "Kona", "battery_capacity_kwh": 40, "current_soc": 0.3}
    return {**request, "ev": {**car, **fields}}


def test_every_code_of_a_warning_raises_a_doubt_or_none():
    text = "\n".join(path.read_text() for path in SERVER.rglob("*.py"))

    codes = {code for found in (_NOTED, _SLIPS, _REPLACED) for code in found.findall(text)}

    assert {"default", "unmet", "capped", "implausible", "percent"} <= codes
    assert codes == DOUBTS.keys() | PLAIN
    assert not DOUBTS.keys() & PLAIN


@pytest.mark.parametrize(
    ("cost_function", "said", "unsaid"),
    [
        ("cost", "has a lower bill, counting", "buys less energy"),
        ("profit", "within its hours", "buys less energy"),
        (
            "self_consumption",
            "buys less energy above a price of zero; of those that buy as little",
            "costs",
        ),
    ],
)
def test_the_proof_says_what_was_minimised_and_to_what_gap(cost_function, said, unsaid):
    trust = trust_of(cost_function=cost_function)

    assert trust["is_proved"]
    assert said in trust["proof"]
    assert unsaid not in trust["proof"]
    assert "The search leaves" in trust["proof"]


def test_rules_of_the_provider_and_wear_are_part_of_what_was_minimised():
    battery = {**small_request()["battery"], "cycle_cost": 0.01}
    rules = {"chip_mode_enabled": True, "chip_mode_start": "00:00", "chip_mode_end": "06:00"}
    rules["chip_mode_threshold"] = 30

    proof = trust_of(battery=battery, provider_config=rules)["proof"]

    assert "wear" in proof
    assert "the rules of your provider" in proof


@pytest.mark.parametrize("field", ["battery", "load_forecast", "solar_forecast"])
def test_what_was_assumed_is_a_doubt(field):
    request = small_request()
    request.pop(field)

    doubts = view_of(request)["trust"]["doubts"]

    assert {doubt["kind"] for doubt in doubts} == {"assumed"}
    assert field.replace("_", " ") in {doubt["about"] for doubt in doubts}


def test_a_gap_in_small_money_is_written_out():
    prices = {"prices_import": [0.001] * 4 + [0.004] * 4, "prices_export": [0.0005] * 8}

    proof = trust_of(**prices)["proof"]

    assert re.search(r"less than \$0\.0+1 open", proof)


def test_a_plain_request_raises_none():
    assert trust_of()["doubts"] == []


def test_a_missed_target_comes_first_and_is_about_the_car_by_its_name():
    request = vehicle_request(target_soc=1.0, departure_time="2026-11-05T13:00:00Z")
    request.pop("load_forecast")

    doubts = view_of(request, planning.Kind.VEHICLES)["trust"]["doubts"]

    assert [doubt["kind"] for doubt in doubts][:1] == ["missed"]
    assert doubts[0]["about"] == "Kona, target state of charge"
    assert doubts[-1]["kind"] == "assumed"


def test_a_battery_that_nobody_named_is_called_in_words():
    request = vehicle_request()
    request["home_battery"].pop("max_charge_w")

    (doubt,) = view_of(request, planning.Kind.VEHICLES)["trust"]["doubts"]

    assert doubt["about"] == "home battery, max charge"


def test_a_car_that_has_left_is_doubtful_and_the_plan_is_of_now():
    request = vehicle_request(departure_time="2026-11-04T07:00:00Z")

    doubts = view_of(request, planning.Kind.VEHICLES)["trust"]["doubts"]

    assert [doubt["kind"] for doubt in doubts] == ["guessed"]


def test_a_plan_by_rule_of_thumb_is_not_called_proved():
    body = json.dumps(small_request()).encode()
    answer = planning.answer_request(
        planning.Kind.BATTERY, body, Options(zone=UTC), now, is_fallback=True
    )

    trust = json.loads(zlib.decompress(render(answer, summarise(answer, now(), 1))))["trust"]

    assert not (trust["is_proved"] and not trust["doubts"])


def test_plans_of_one_home_may_be_compared_and_others_not():
    def home(request, kind=planning.Kind.BATTERY):
        return view_of(request, kind)["summary"]["home"]

    battery = small_request()["battery"]
    same = home(small_request(battery={**battery, "current_soc": 0.9}))
    bigger = home(small_request(battery={**battery, "capacity_wh": 20_000}))
    request = small_request()
    several = {**request, "batteries": [{**request.pop("battery"), "id": "a"}]}

    assert same == home(small_request())
    assert bigger != same
    assert home(several, planning.Kind.BATTERIES) != same


def test_a_storage_is_known_by_the_name_that_people_gave_it():
    view = view_of(vehicle_request(), planning.Kind.VEHICLES)

    battery, car = view["context"]["storages"]
    assert battery["name"] is None, "nobody named it"
    assert (car["name"], car["kind"], car["target_soc"]) == ("Kona", "vehicle", 0.8)
