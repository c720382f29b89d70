"""Linking compiler and chains, in a folder and an environment of the test's own."""

import json
import os
import stat
import subprocess
import sys

import pytest

from careledger.chain import toolchain
from careledger.errors import ToolchainError

NATIVE = b"\x7fELF that answers"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A virtual environment, a home and a build folder that nothing else uses."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "venv"))
    monkeypatch.setattr(toolchain, "SOLCX_FOLDER", tmp_path / "build" / "solcx")
    monkeypatch.setattr(toolchain, "native_solc", lambda: None)
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    return tmp_path


class TestMain:
    def test_everything_is_linked_and_a_second_run_changes_nothing(self, place, capsys):
        toolchain.main()
        assert "linking" in capsys.readouterr().out
        solc = place / "venv" / "bin" / "solc"
        said = subprocess.run(
            [solc, "--version"], capture_output=True, text=True, check=True
        ).stdout
        assert "Version: 0.8.37+commit" in said
        for tool in ("anvil", "forge", "ganache"):
            assert (place / "venv" / "bin" / tool).resolve().is_file()
        hook = (place / "venv" / "careledger-toolchain.pth").read_text()
        assert "SOLCX_BINARY_PATH" in hook
        before = {path: os.lstat(path).st_mtime_ns for path in place.rglob("*")}
        toolchain.main()
        assert capsys.readouterr().out == ""
        assert {path: os.lstat(path).st_mtime_ns for path in place.rglob("*")} == before

    def test_a_native_compiler_goes_before_npms(self, place, monkeypatch):
        native = place / "native-solc"
        native.write_bytes(NATIVE)
        monkeypatch.setattr(toolchain, "native_solc", lambda: native)
        toolchain.main()
        assert (toolchain.SOLCX_FOLDER / "solc-v0.8.37").readlink() == native

    def test_outside_a_virtual_environment_the_system_is_left_alone(self, place, monkeypatch):
        monkeypatch.setattr(sys, "base_prefix", sys.prefix)
        toolchain.main()
        assert list((place / "venv" / "bin").iterdir()) == []

    def test_an_older_brownies_networks_are_warned_of(self, place, capsys):
        (place / "home" / ".brownie").mkdir()
        (place / "home" / ".brownie" / "network-config.yaml").write_text("cmd: ganache-cli")
        toolchain.main()
        assert "older Brownie" in capsys.readouterr().err

    def test_without_npms_packages_it_says_what_to_do(self, place, monkeypatch):
        monkeypatch.setattr(toolchain, "MODULES", place / "nowhere")
        with pytest.raises(ToolchainError, match="make setup"):
            toolchain.main()

    def test_another_version_of_npms_compiler_is_refused(self, place, monkeypatch):
        monkeypatch.setattr(toolchain, "SOLC_VERSION", "0.8.99")
        with pytest.raises(ToolchainError, match=r"is not 0\.8\.99"):
            toolchain.main()


class TestForgetDeletedSources:
    def test_brownies_artifacts_go_when_one_of_a_deleted_source_is_among_them(self, tmp_path):
        here = {"sourcePath": "contracts/identity/IdentityRegistry.sol"}
        (tmp_path / "A.json").write_text(json.dumps(here))
        toolchain._forget_deleted_sources(tmp_path)
        assert (tmp_path / "A.json").is_file()
        (tmp_path / "B.json").write_text(json.dumps({"sourcePath": "contracts/gone/Gone.sol"}))
        toolchain._forget_deleted_sources(tmp_path)
        assert not tmp_path.exists()


class TestNativeSolc:
    def test_only_a_program_of_the_exact_version_counts(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
        monkeypatch.setattr("os.get_exec_path", lambda: [str(tmp_path)])
        assert toolchain.native_solc() is None
        found = tmp_path / "solc"
        found.write_bytes(NATIVE)
        assert toolchain.native_solc() is None  # not executable
        found.chmod(found.stat().st_mode | stat.S_IXUSR)
        answers = iter(["Version: 0.8.36+commit.x", "Version: 0.8.37+commit.x"])
        monkeypatch.setattr(
            "subprocess.run",
            lambda *a, **_: subprocess.CompletedProcess(a, 0, stdout=next(answers), stderr=""),
        )
        assert toolchain.native_solc() is None
        assert toolchain.native_solc() == found
        found.write_text(
            "#!/bin/sh\necho Version: 0.8.37+commit.x\n"
        )  # a script: ours, or somebody's
        assert toolchain.native_solc() is None
