import json

import pytest
from eth_utils.crypto import keccak

from careledger.chain import compile as compiler
from careledger.chain.artifacts import load
from careledger.chain.toolchain import SHIM, native_solc
from careledger.errors import CompileError, ToolchainError

GOOD = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {IThing} from "./IThing.sol";
contract Thing is IThing {
    uint256 public immutable AT = block.timestamp;
    function say() external pure returns (uint256) { return 7; }
}
"""
INTERFACE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
interface IThing { function say() external view returns (uint256); }
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout of its own, compiled into a folder of its own."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Thing.sol").write_text(GOOD)
    (tmp_path / "contracts" / "IThing.sol").write_text(INTERFACE)
    monkeypatch.setattr(compiler, "ROOT", tmp_path)
    monkeypatch.setattr(compiler, "CONTRACTS", tmp_path / "contracts")
    monkeypatch.setattr(compiler, "ARTIFACTS", tmp_path / "build" / "artifacts")
    monkeypatch.setattr(compiler, "STANDARD_JSON", tmp_path / "build" / "standard-json")
    monkeypatch.setattr(compiler.units, "__defaults__", (tmp_path / "contracts",))
    return tmp_path


class TestCompileAll:
    def test_a_source_and_its_interface_become_artifacts(self, checkout):
        told = []
        assert compiler.compile_all(told.append) == ["contracts/Thing.sol"] == told
        thing = load("Thing", checkout / "build" / "artifacts")
        assert thing.bytecode
        assert thing.compiler["settings"]["evmVersion"] == "shanghai"
        assert thing.compiler["settings"]["optimizer"] == {"enabled": True, "runs": 1_000_000}
        assert thing.raw["storageLayout"] is not None
        assert json.loads(thing.raw["metadata"])["compiler"]["version"].startswith("0.8.37+commit")
        interface = load("IThing", checkout / "build" / "artifacts")
        assert interface.bytecode == b""

    def test_nothing_is_compiled_twice(self, checkout):
        compiler.compile_all()
        assert compiler.compile_all() == []

    def test_of_what_is_imported_from_npm_no_artifact_is_made(self, checkout):
        text = GOOD.replace(
            "import {IThing}", 'import {ECDSA} from "solady/utils/ECDSA.sol";\nimport {IThing}'
        )
        (checkout / "contracts" / "Thing.sol").write_text(text)
        compiler.compile_all()
        assert {file.stem for file in (checkout / "build" / "artifacts").glob("*.json")} == {
            "Thing",
            "IThing",
        }

    def test_a_change_of_an_import_compiles_its_importer(self, checkout):
        compiler.compile_all()
        (checkout / "contracts" / "IThing.sol").write_text(INTERFACE + "// another line\n")
        assert compiler.compile_all() == ["contracts/Thing.sol"]

    def test_a_lost_artifact_is_made_again(self, checkout):
        compiler.compile_all()
        (checkout / "build" / "artifacts" / "Thing.json").unlink()
        assert compiler.compile_all() == ["contracts/Thing.sol"]

    def test_a_torn_record_is_made_again(self, checkout):
        compiler.compile_all()
        (checkout / "build" / "artifacts" / "units" / "contracts--Thing.sol.json").write_text("{")
        assert compiler.compile_all() == ["contracts/Thing.sol"]

    def test_the_kept_input_compiles_to_the_same_bytecode(self, checkout):
        compiler.compile_all()
        kept = json.loads((checkout / "build" / "standard-json" / "Thing.json").read_text())
        output = compiler.solc(kept)
        code = output["contracts"]["contracts/Thing.sol"]["Thing"]["evm"]["bytecode"]["object"]
        assert bytes.fromhex(code) == load("Thing", checkout / "build" / "artifacts").bytecode

    def test_every_broken_source_is_named_and_the_others_are_compiled(self, checkout):
        (checkout / "contracts" / "Bad.sol").write_text(
            "pragma solidity 0.8.37; contract Bad { nonsense }"
        )
        (checkout / "contracts" / "Worse.sol").write_text(
            "pragma solidity 0.8.37; contract Worse { nonsense }"
        )
        with pytest.raises(CompileError, match=r"(?s)Bad\.sol.*Worse\.sol"):
            compiler.compile_all()
        assert (checkout / "build" / "artifacts" / "Thing.json").is_file()

    def test_a_warning_of_ours_is_an_error(self, checkout):
        (checkout / "contracts" / "Warns.sol").write_text(
            "pragma solidity 0.8.37; contract Warns {}"
        )
        with pytest.raises(CompileError, match="SPDX"):
            compiler.compile_all()

    def test_two_contracts_of_one_name_are_refused(self, checkout):
        (checkout / "contracts" / "sub").mkdir()
        text = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\ncontract Thing {}\n"
        (checkout / "contracts" / "sub" / "Other.sol").write_text(text)
        with pytest.raises(CompileError, match="Thing is defined in both"):
            compiler.compile_all()

    @pytest.mark.parametrize("target", ["./Nowhere.sol", "solady/Nowhere.sol"])
    def test_a_missing_import_is_named_with_who_wants_it(self, checkout, target):
        (checkout / "contracts" / "Thing.sol").write_text(f'import {{X}} from "{target}";')
        with pytest.raises(CompileError, match=r"contracts/Thing\.sol imports .*Nowhere"):
            compiler.compile_all()


class TestSolc:
    def test_an_unlinked_compiler_says_what_to_do(self, monkeypatch, tmp_path):
        monkeypatch.setattr(compiler, "SOLCX_FOLDER", tmp_path)
        with pytest.raises(ToolchainError, match="make setup"):
            compiler.solc({})

    def test_a_compiler_that_crashes_is_told_apart_from_one_that_refuses(self):
        with pytest.raises(CompileError):
            compiler.solc({"language": "Nonsense"})

    def test_native_and_npm_compiler_make_the_same_bytecode(self, checkout):
        native = native_solc()
        if native is None:
            pytest.skip("no native solc of this version here, so there is nothing to compare")
        import solcx

        unit = compiler.collect("contracts/Thing.sol")
        codes = [
            solcx.compile_standard(unit.standard_json, solc_binary=binary)["contracts"][
                "contracts/Thing.sol"
            ]["Thing"]["evm"]["bytecode"]["object"]
            for binary in (native, SHIM)
        ]
        assert codes[0] == codes[1]


class TestArtifact:
    def test_functions_events_and_errors_are_found_by_what_the_chain_shows(self):
        escrow, registry = load("RefundEscrow"), load("IdentityRegistry")
        assert (
            registry.functions[keccak(text="identityOwner(address)")[:4]]["name"] == "identityOwner"
        )
        assert (
            registry.events[keccak(text="DIDOwnerChanged(address,address,uint256)")]["name"]
            == "DIDOwnerChanged"
        )
        opened = keccak(text="RefundEscrow_AlreadyOpened(bytes32,uint8)")[:4]
        assert escrow.errors[opened]["name"] == "RefundEscrow_AlreadyOpened"

    def test_code_with_filled_immutables_matches(self, checkout):
        compiler.compile_all()
        thing = load("Thing", checkout / "build" / "artifacts")
        code = bytearray(thing.deployed_bytecode)
        assert thing.immutable_references
        for places in thing.immutable_references.values():
            for place in places:
                code[place["start"]] = 9
        assert thing.matches(bytes(code))
        code[0] ^= 1
        assert not thing.matches(bytes(code))
        assert not thing.matches(b"")

    def test_a_contract_that_was_not_compiled_says_what_to_do(self, tmp_path):
        with pytest.raises(ToolchainError, match="careledger compile"):
            load("Nothing", tmp_path)
