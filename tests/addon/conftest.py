"""The wheel as the image holds it: built once, installed beside nothing."""

import shutil

import pytest

from tests.conftest import pytest_collection_modifyitems
from tests.wheel import ROOT, build_wheel, built_wheel, pip

__all__ = ["ROOT", "build_wheel", "installed", "pytest_collection_modifyitems", "wheel"]


@pytest.fixture(scope="session")
def wheel():
    """The wheel of this machine, kernels compiled."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler (Debian: g++), kernels cannot be compiled ahead of time")
    return built_wheel()


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """Folder that holds our packages from the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder
