"""Addresses of nodes are shown without what must stay secret."""

import pytest

from careledger.values.urls import without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://user:hunter2@node.example/v3/KEY?token=KEY", "https://node.example"),
        ("http://[::1]:8545/KEY", "http://[::1]:8545"),
        ("AutoProvider", "AutoProvider"),
    ],
)
def test_only_scheme_host_and_port_are_shown(url, shown):
    assert without_secrets(url) == shown
