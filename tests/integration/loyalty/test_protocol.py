"""The numbers on docs/protocol/loyalty.md are what the contracts and standard libraries say."""

import json
import re
from datetime import UTC, datetime

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.toolchain import ROOT
from careledger.loyalty.messages import TokenMessages
from careledger.loyalty.offers import Offer
from careledger.loyalty.signed_offers import sign_offer
from tests.support.evm import START, Evm

PAGE = (ROOT / "docs" / "protocol" / "loyalty.md").read_text()
POINT = 10**18
NOBODY = "0x" + "00" * 20


def in_page(value):
    return (value.hex() if isinstance(value, bytes) else value) in re.sub(
        r"\s+", " ", PAGE
    ).replace(" ", "")


def typed(kind):
    name, inside = kind.rstrip(")").split("(")
    return {
        name: [
            dict(zip(("type", "name"), member.split(), strict=True)) for member in inside.split(",")
        ]
    }


def test_every_type_hash_fits_its_type():
    rows = re.findall(r"\| `(\w+\([^`]+\))` \| `0x([0-9a-f]{64})`", PAGE)
    assert len(rows) == 5
    assert all(keccak(text=kind).hex() == found for kind, found in rows)


def test_every_event_has_the_topic_that_it_says():
    for name in ("Swapped", "FeeCharged"):
        for contract in ("PointMarket", "PointPools"):
            events = {
                entry["name"]: topic for topic, entry in artifacts.load(contract).events.items()
            }
            assert in_page(events[name])


def test_the_offer_of_the_example_has_this_id_and_signature():
    kind = re.sub(r"\n\s+", "", re.search(r"Offer\(address[^)]*\)", PAGE)[0])
    assert in_page(keccak(text=kind))
    maker = Account.from_key(keccak(text="careledger example"))
    assert in_page(maker.address)
    domain = {
        "name": "CareLedger PointMarket",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": "0x" + "11" * 20,
    }
    names = [member["name"] for member in typed(kind)["Offer"]]
    tokens = ("0x" + "22" * 20, "0x" + "33" * 20)
    values = (
        maker.address,
        NOBODY,
        *tokens,
        100 * POINT,
        250 * POINT,
        10 * POINT,
        2 * 10**9,
        5 * 256 + 7,
        bytes(32),
    )
    offer = dict(zip(names, values, strict=True))
    message = encode_typed_data(domain, typed(kind), offer)
    assert in_page(message.header)
    assert in_page(message.body)
    assert in_page(keccak(b"\x19\x01" + message.header + message.body))
    assert in_page(bytes(maker.sign_message(message).signature))


def test_the_pool_of_the_example_has_these_prices():
    evm = Evm()
    registry = evm.deploy("IdentityRegistry")
    market = evm.deploy("PointMarket", registry.address)
    pools = evm.deploy("PointPools", market.address)
    brand = evm.deployer.address
    tokens = [evm.deploy("TestToken", name, name, 18) for name in ("a", "b")]
    for token, fee in zip(tokens, (0, 0), strict=True):
        token.transact("belongTo", registry.address, brand)
        token.transact("mint", brand, 10**6 * POINT)
        token.transact("approve", pools.address, 10**6 * POINT)
        market.transact("setPolicy", token.address, (brand, fee, 1000, True, True))
    pair = [token.address for token in tokens]
    funding = (*pair, 1000 * POINT, 2500 * POINT, 0, 0, brand, START)
    shares = pools.transact("addLiquidity", funding).value
    assert in_page(f"{shares // POINT}.{shares % POINT}")
    received, *fees = pools.call("quote", *pair, 10 * POINT)
    assert fees == [0, 0]
    assert in_page(f"{received // POINT}.{received % POINT}")
    for token, fee in zip(pair, (50, 100), strict=True):
        market.transact("setPolicy", token, (brand, fee, 1000, True, True))
    pools.transact("sync", *pair)
    received, fee_in, fee_out = pools.call("quote", *pair, 10 * POINT)
    assert fee_in == POINT // 20
    assert in_page(f"{received // POINT}.{received % POINT}")
    assert in_page(f"0.{fee_out:018}")


def test_pair_and_order_nonce_of_the_example_are_these():
    evm = Evm()
    pools = evm.deploy(
        "PointPools", evm.deploy("PointMarket", evm.deploy("IdentityRegistry").address).address
    )
    give, want = "0x" + "22" * 20, "0x" + "33" * 20
    assert in_page(pools.call("pairOf", want, give)[0])
    assert pools.call("pairOf", give, want)[0] == keccak(
        encode(["address", "address"], [give, want])
    )
    who = Account.from_key(keccak(text="careledger example")).address
    assert in_page(
        pools.call("orderNonce", (who, give, want, POINT, 20 * POINT, who, START, bytes(32)))
    )


def test_the_supply_word_lies_over_the_slot_that_the_base_counts_in():
    layout = {
        entry["label"]: entry
        for entry in artifacts.load("LoyaltyToken").raw["storageLayout"]["storage"]
    }
    assert in_page(f"0x{int(layout['_supply']['slot']):018x}")
    base = (ROOT / "node_modules" / "solady" / "src" / "tokens" / "ERC20.sol").read_text()
    slot = re.search(r"_TOTAL_SUPPLY_SLOT = (0x[0-9a-f]+);", base)[1]
    assert int(slot, 16) == int(layout["_supply"]["slot"])
    assert layout["_supply"]["offset"] == 0


def test_the_file_of_an_offer_has_these_members():
    example = re.search(r"\n    (\{\"format\".*?\}\})\n", PAGE, re.DOTALL)[1]
    account = Account.from_key(keccak(text="careledger example"))
    tokens = ("0x" + "22" * 20, "0x" + "33" * 20)
    at = datetime.fromtimestamp(2 * 10**9, UTC)
    offer = Offer(account.address, *tokens, 100 * POINT, 250 * POINT, at, nonce=5 * 256 + 7)
    points = TokenMessages(31337, tokens[0], "Points")
    signed = sign_offer(account, offer, 31337, "0x" + "11" * 20, token=points)

    def shape(value):
        if isinstance(value, dict):
            return {name: shape(inner) for name, inner in value.items()}
        return type(value)

    assert shape(json.loads(example)) == shape(signed.to_json())
