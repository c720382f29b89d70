"""The suite through Brownie: it deploys with Brownie's own artifacts and settles as it does through web3.py."""

import brownie
import pytest


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    pass


@pytest.fixture(scope="module")
def registry(IdentityRegistry, accounts):
    return IdentityRegistry.deploy({"from": accounts[0]})


def role(name):
    return "0x" + name.encode().ljust(32, b"\0").hex()


def test_a_delegate_acts_until_its_time_is_over(registry, accounts, chain):
    brand, agent = accounts[1], accounts[2]
    registry.addDelegate(brand, role("careledger.agent"), agent, 1000, {"from": brand})
    assert registry.mayAct(brand, role("careledger.agent"), agent)
    assert not registry.mayAct(brand, role("careledger.issuer"), agent)
    chain.sleep(1001)
    chain.mine()
    assert not registry.mayAct(brand, role("careledger.agent"), agent)


def test_a_stranger_adds_no_delegate(registry, accounts):
    with brownie.reverts("bad_actor"):
        registry.addDelegate(accounts[1], role("careledger.agent"), accounts[2], 1000, {"from": accounts[2]})
