import pytest

from server.controller import controller as module
from tests.controller.place import Place


@pytest.fixture
async def place(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.05)
    monkeypatch.setattr(module, "_GROUP", 0.01)
    monkeypatch.setattr(module, "_BOOKS_EVERY", 0.02)
    monkeypatch.setattr(module, "_GROUP_LATER", 0.05)
    made = Place(tmp_path)
    await made.start()
    yield made
    await made.stop()
    await made.fake.stop()
