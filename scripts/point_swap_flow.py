"""Two brands' points change hands by a signed offer and in a pool; both brands report."""

from careledger.cli.demo import play_script


def main() -> None:
    """Play the flow; `brownie run scripts/point_swap_flow.py` calls this, on Brownie's network."""
    play_script("point-swap")


if __name__ == "__main__":
    main()
