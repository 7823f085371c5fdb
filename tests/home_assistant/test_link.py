async def test_followed_entities_are_kept_and_no_others(home_assistant, link):
    await home_assistant.set_state("sensor.soc", 55, {"unit_of_measurement": "%"})
    await home_assistant.set_state("sensor.other", 1)

    await link.follow(["sensor.soc", "sensor.missing"])

    assert set(link.followed) == {"sensor.soc"}
    assert link.followed["sensor.soc"].attributes == {"unit_of_measurement": "%"}
