"""The image of this machine's architecture: the real Dockerfile, built without a Docker engine."""

import json
import shutil
from pathlib import Path

from addon.prove.tools import WORK, base_tree, need, run

NEEDS = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}
_MACHINE_CERTIFICATES = "/run/machine-certificates.crt"


def build(architecture: str, version: str) -> tuple[Path, list[str], dict[str, str]]:
    """Build the image and unpack it.

    Parameters
    ----------
    architecture : str
        Debian's name of this machine's architecture.
    version : str
        For the label.

    Returns
    -------
    tree : Path
        Root of the unpacked image.
    command : list of str
        What it runs.
    environment : dict
        With which variables.

    Raises
    ------
    Lacking
        Where a tool is missing.
    """
    need(NEEDS)
    base = WORK / f"base-{architecture}.tar"
    if not base.exists():
        base_tree(base, architecture=architecture, variant="minbase")
    _import(base)
    _buildah(
        *("build", "--isolation", "chroot", "--format", "docker"),
        *_trust(),
        *("--build-arg", "BUILD_FROM=localhost/powersync-base"),
        *("--build-arg", f"BUILD_VERSION={version}", "--build-arg", f"BUILD_ARCH={architecture}"),
        *("--file", "addon/Dockerfile", "--tag", "localhost/powersync", "."),
    )
    container = _buildah("from", "localhost/powersync")
    tree = WORK / f"tree-{architecture}"
    shutil.rmtree(tree, ignore_errors=True)
    run("cp", "--archive", _buildah("mount", container), tree)
    config = json.loads(_buildah("inspect", "--type", "image", "localhost/powersync"))
    shutil.rmtree(WORK / "store")  # every layer of every stage in full: gigabytes
    run_time = config["Docker"]["config"]
    environment = dict(variable.split("=", 1) for variable in run_time["Env"])
    return tree, run_time["Cmd"], environment


def _buildah(*arguments: str) -> str:
    store = ("--root", str(WORK / "store"), "--runroot", str(WORK / "run"))
    return run("buildah", "--storage-driver", "vfs", *store, *arguments)


def _import(base: Path) -> None:
    shutil.rmtree(WORK / "store", ignore_errors=True)
    container = _buildah("from", "scratch")
    _buildah("add", container, str(base), "/")
    _buildah("commit", "--rm", container, "localhost/powersync-base")


def _trust() -> list[str]:
    """Options that let pip inside the build trust whom this machine's pip trusts."""
    settings = dict(
        line.split("=", 1) for line in run("python3", "-m", "pip", "config", "list").splitlines()
    )
    certificates = next((v.strip("'") for k, v in settings.items() if k.endswith(".cert")), None)
    if certificates is None:
        return []
    file = WORK / "pip.conf"
    file.write_text(f"[global]\ncert = {_MACHINE_CERTIFICATES}\n")
    mounts = {file: "/etc/pip.conf", certificates: _MACHINE_CERTIFICATES}
    return [option for a, b in mounts.items() for option in ("--volume", f"{a}:{b}:ro")]
