"""What a development container and Binder are told to do works in a plain shell, in a fresh clone."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
PAGE = (ROOT / "docs" / "in_a_browser.md").read_text("utf-8")


def shell(command, folder, **more):
    done = subprocess.run(
        command, cwd=folder, shell=True, env={**os.environ, **more}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The last commit, as somebody gets it."""
    folder = tmp_path_factory.mktemp("clone") / "bobanalysis"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_kernel_that_binder_starts_is_that_of_the_project(clone, tmp_path):
    shell("./.binder/postBuild", clone, NB_PYTHON_PREFIX=str(tmp_path))
    kernel = json.loads((tmp_path / "share" / "jupyter" / "kernels" / "python3" / "kernel.json").read_text())
    asked = "import bobanalysis, nbclient, statsmodels; print(bobanalysis.__file__)"
    found = subprocess.run([kernel["argv"][0], "-c", asked], cwd=tmp_path, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(clone), found.stderr


@pytest.mark.slow
def test_the_commands_of_the_container_end_with_a_lab_that_answers(clone):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shell(CONTAINER["postCreateCommand"], clone)
    command = CONTAINER["postAttachCommand"].replace("8888", port)
    if os.geteuid() == 0:  # nobody is root in the container
        command = command.replace("--no-browser", "--no-browser --allow-root")
    lab = subprocess.Popen(command, cwd=clone, shell=True, start_new_session=True)
    try:
        assert "version" in answer(f"http://127.0.0.1:{port}/api")
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(30)


def answer(address, tries=90):
    for _ in range(tries):
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return page.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
    raise AssertionError(f"{address} did not answer")


def test_the_forwarded_port_is_the_one_that_lab_listens_to():
    asked = re.search(r"--port (\d+)", CONTAINER["postAttachCommand"])[1]
    assert [int(asked)] == CONTAINER["forwardPorts"]
    assert asked in CONTAINER["portsAttributes"]


def test_binder_installs_the_one_program_that_its_commands_need_and_may_run_them():
    assert (ROOT / ".binder" / "apt.txt").read_text().split() == ["make"]
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)
    assert re.fullmatch(r"python-3\.1[1-9]\n", (ROOT / ".binder" / "runtime.txt").read_text())


def test_the_page_says_what_was_not_tried():
    assert "**Not tried:**" in PAGE
    assert "Docker" in PAGE
