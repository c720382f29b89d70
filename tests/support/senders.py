"""What happens to a sender's transactions, at the word of a test."""

from concurrent.futures import ThreadPoolExecutor, wait


def move(sender, chain):
    """Let a sender speak to its node by another way from now on."""
    sender.chain = sender._sent.chain = chain


def drop(chain, *pending):
    """Let the node forget transactions, as nodes do when they restart or their pool is full."""
    for one in pending:
        chain.request("anvil_dropTransaction", "0x" + one.hashes[-1].hex())


def mined(chain, sender, *pending):
    """Wait for the first of transactions, a block every now and then; return whether they were all
    mined.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: [sender.wait(one) for one in pending])
        while not waiting.done():
            chain.request("evm_mine")
            wait([waiting], timeout=0.02)
        return all(receipt.succeeded for receipt in waiting.result())
