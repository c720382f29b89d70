"""The two forms of a signature that points take, and wallets that answer wrongly about one."""

VRS, BYTES = "uint8,bytes32,bytes32", "bytes"
MOODS = ("YES", "NO", "REVERT", "SHORT", "DIRTY", "EMPTY", "BURN")  # of LyingWallet


def wallet_in(evm, mood):
    wallet = evm.deploy("LyingWallet")
    wallet.transact("setMood", MOODS.index(mood))
    return wallet
