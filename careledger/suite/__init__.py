"""One door to everything: the suite on a chain, and its typed clients by noun.

```python
from careledger import Suite

suite = Suite.open()
suite.identity.registry.identity_owner("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
suite.refunds.escrow.release(terms)
```

`Suite.open` reads the environment where an argument is not given, and asks nobody: the node is
connected to, a key is loaded and a client is made when something first needs it. Reading takes no
key. A program that has a `Web3` already hands it over with `Suite.open(web3=...)`; a first script
without any node begins with `with Suite.local() as suite:`.
"""

from careledger.suite.suite import Suite

__all__ = ["Suite"]
