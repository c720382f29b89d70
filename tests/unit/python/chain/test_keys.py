import json

import pytest
from eth_account import Account

from careledger.chain.keys import from_private_key, load_account
from careledger.errors import SettingsError
from careledger.settings import Settings

KEY = "0x" + "12" * 32
ADDRESS = Account.from_key(KEY).address


@pytest.fixture
def keystore(tmp_path):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(Account.encrypt(KEY, "secret", iterations=2)))
    (tmp_path / "password").write_text("secret\n")
    return file


class TestLoadAccount:
    def test_the_key_file_opens_with_the_password_file(self, keystore, tmp_path):
        settings = Settings(keystore=keystore, password_file=tmp_path / "password")
        assert load_account(settings).address == ADDRESS

    def test_the_password_is_asked_for_where_no_file_holds_it(self, keystore, monkeypatch):
        monkeypatch.setattr("careledger.chain.keys.getpass", lambda _: "secret")
        assert load_account(Settings(keystore=keystore)).address == ADDRESS

    def test_the_key_file_goes_before_the_variable(self, keystore, tmp_path):
        settings = Settings(
            keystore=keystore, password_file=tmp_path / "password", private_key="0x" + "34" * 32
        )
        assert load_account(settings).address == ADDRESS

    def test_the_variable_serves_for_development(self):
        assert load_account(Settings(private_key=KEY)).address == ADDRESS

    def test_no_key_says_where_to_put_one(self):
        with pytest.raises(SettingsError, match="CARELEDGER_KEYSTORE"):
            load_account(Settings())

    def test_a_wrong_password_is_said(self, keystore, tmp_path):
        (tmp_path / "password").write_text("wrong")
        with pytest.raises(SettingsError, match="does not open"):
            load_account(Settings(keystore=keystore, password_file=tmp_path / "password"))

    @pytest.mark.parametrize(
        ("content", "says"),
        [("{", "is not JSON"), ("{}", "does not open"), ("[]", "does not open")],
    )
    def test_a_file_that_is_no_key_file_is_said(self, tmp_path, content, says):
        (tmp_path / "key.json").write_text(content)
        (tmp_path / "password").write_text("x")
        with pytest.raises(SettingsError, match=says):
            load_account(
                Settings(keystore=tmp_path / "key.json", password_file=tmp_path / "password")
            )

    def test_missing_files_are_named(self, keystore, tmp_path):
        with pytest.raises(SettingsError, match="nowhere"):
            load_account(Settings(keystore=tmp_path / "nowhere"))
        with pytest.raises(SettingsError, match="nowhere"):
            load_account(Settings(keystore=keystore, password_file=tmp_path / "nowhere"))


class TestCanary:
    """A key must appear in no message and no representation."""

    def test_a_bad_key_is_not_quoted(self):
        bad = "deadbeefcafe" * 5
        with pytest.raises(SettingsError) as caught:
            from_private_key(bad)
        assert bad not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_settings_do_not_show_it(self):
        assert KEY not in repr(Settings(private_key=KEY))
