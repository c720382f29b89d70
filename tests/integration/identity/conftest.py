from datetime import UTC, datetime, timedelta

import pytest

from careledger.identity.client import IdentityRegistry


@pytest.fixture
def registry(chain, suite, senders):
    """Return the deployed registry; the second development account pays, and controls itself."""
    return IdentityRegistry(chain, suite["IdentityRegistry"], senders[1])


@pytest.fixture
def soon(chain):
    """Return a time an hour after the newest block's."""
    return datetime.fromtimestamp(chain.timestamp(), UTC) + timedelta(hours=1)
