"""Orders are paid into escrow; scans, deadlines, rulings and customers settle them."""

from careledger.cli.demo import play_script


def main() -> None:
    """Play the flow; `brownie run scripts/refund_flow.py` calls this, on Brownie's network."""
    play_script("refund")


if __name__ == "__main__":
    main()
