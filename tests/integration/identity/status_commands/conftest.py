"""A bank at its command line, in a folder of its own."""

import json
from datetime import timedelta

import pytest

from careledger.identity.credentials.did_keys import present
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.did.did import format_did
from careledger.identity.did.model import name32
from tests.support.commands import read_document

TYPE, LIST, URI = "https://bank.example/kyc/1", "kyc-2026", "https://bank.example/status/kyc-2026"
CLAIMS = {"given_name": "Xiomara-Distinctive", "birthdate": "1971-03-29", "income": 73_519_846}
LISTED = ("--list", LIST, "--uri", URI)
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with Ana's claims."""
    (tmp_path / "ana.json").write_text(json.dumps(CLAIMS))
    (tmp_path / "store").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bank(careledger, folder, senders, monkeypatch):
    """Return a function that runs a command as the bank, in that folder."""
    monkeypatch.setenv("CARELEDGER_STORE", str(folder / "store" / "bank.db"))
    return lambda *arguments: careledger(*arguments, key=senders[1])


@pytest.fixture
def did(senders):
    return format_did(senders[1].address, 31337)


@pytest.fixture
def issue(bank, did, folder):
    """Return a function that issues to a file and returns the place."""

    def call(*more, to="ana.credential"):
        given = ("--issuer", did, "--type", TYPE, "--out", to, "--json")
        return read_document(bank("issue", "ana.json", *given, *LISTED, *more))["statusIndex"]

    return call


@pytest.fixture
def write(chain, suite, senders, folder):
    """Return a function that writes a credential whose status stands wherever the test wants."""

    def call(account=1, key=None, vc_jwt=False, **changes):
        owner = senders[account].address
        place = {
            "uri": URI,
            "index": 7,
            "chain_id": chain.chain_id,
            "contract": suite["CredentialStatus"],
        }
        where = StatusReference(**(place | {"issuer": owner, "list_id": name32(LIST)} | changes))
        by = Issuer(
            format_did(owner, chain.chain_id),
            key or SigningKey.of_account(senders[account].account),
        )
        validity = Validity(present(chain) - DAY, present(chain) + DAY)
        if vc_jwt:
            text = issue_vc_jwt(by, [TYPE], None, CLAIMS, validity, status=where)
        else:
            text = issue_sd_jwt(by, TYPE, CLAIMS, validity, holder=None, status=where)
        (folder / "written").write_text(text)
        return "written"

    return call


@pytest.fixture
def later(development, chain):
    """Return what lets so many seconds pass."""
    return lambda seconds: development.warp(chain.timestamp() + seconds)


@pytest.fixture
def export(bank, did):
    """Return a function that exports the list to a file."""

    def call(*more, uri=URI, form="token", list_=LIST):
        given = ("--list", list_, "--uri", uri, "--out", "list", "--form", form, "--json")
        return read_document(bank("status", "export", did, *given, *more))

    return call
