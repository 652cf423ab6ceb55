"""Threads wait asleep from the moment torch is loaded, unless a user has said how they shall."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def policy(code: str, **own: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | own
    command = [sys.executable, "-c", f"{code}; import os; print(os.environ.get('OMP_WAIT_POLICY', 'not set'))"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment)
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["graphrec", "graphrec.cli", "graphrec.compute.training"])
def test_it_is_set_before_torch_is_loaded_wherever_one_comes_in(module):
    watch = (
        "import sys, os\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': print(os.environ.get('OMP_WAIT_POLICY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
    )
    assert policy(f"{watch}import {module}").splitlines()[-1] == "passive"
    assert "None" not in policy(f"{watch}import {module}")


@pytest.mark.parametrize("own", [{"OMP_WAIT_POLICY": "active"}, {"GOMP_SPINCOUNT": "9"}, {"KMP_BLOCKTIME": "5"}])
def test_a_users_own_setting_stays(own):
    assert policy("import graphrec", **own) == own.get("OMP_WAIT_POLICY", "not set")


def test_it_comes_too_late_where_torch_is_loaded():
    assert policy("import torch, graphrec") == "not set"
