"""The commands of `careledger identity`, a file for each group; `identity/cli.py` hangs them into the tree."""
