from pathlib import Path

from careledger.settings import DEFAULT_RPC, Settings


def test_an_empty_environment_gives_the_defaults():
    settings = Settings.from_environment({})
    assert settings == Settings(DEFAULT_RPC, Path("deployments"), None, None, None)


def test_every_variable_is_read():
    settings = Settings.from_environment(
        {
            "CARELEDGER_RPC": "http://n:1",
            "CARELEDGER_DEPLOYMENTS": "/d",
            "CARELEDGER_KEYSTORE": "~/k",
            "CARELEDGER_PASSWORD_FILE": "/p",
            "CARELEDGER_PRIVATE_KEY": "0x1",
        }
    )
    assert settings == Settings(
        "http://n:1", Path("/d"), Path("~/k").expanduser(), Path("/p"), "0x1"
    )


def test_an_empty_variable_counts_as_not_set():
    assert (
        Settings.from_environment({"CARELEDGER_PRIVATE_KEY": "", "CARELEDGER_RPC": ""})
        == Settings()
    )
