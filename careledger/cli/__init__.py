"""The command line: `careledger <noun> <verb>`, a thin edge above `Suite`."""


def main() -> None:
    """Run the command line."""
    from careledger.cli.app import main as run  # the edge is loaded when it is used

    run()
