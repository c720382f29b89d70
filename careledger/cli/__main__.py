"""`python -m careledger.cli`: the command line."""

from careledger.cli import main

main()
