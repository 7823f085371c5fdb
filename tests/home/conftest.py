from tests.home_assistant.conftest import home_assistant, link  # noqa: F401 - fixtures
