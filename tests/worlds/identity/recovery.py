"""Guardians and a recovery, as IdentityRegistry knows them."""

from tests.worlds.identity.registry import DAY

ROOT = b"\7" * 32
WEEK = 7 * DAY


def named(world):
    root, controller, threshold, delay, round_, active = world.ask(
        "guardianship", world.alice.address
    )
    return {
        "root": root,
        "controller": controller,
        "threshold": threshold,
        "delay": delay,
        "round": round_,
        "active": active,
    }


def recovery(world):
    return world.ask("recovery", world.alice.address)


def two(world, **rest):
    return [
        world.approval(world.gina, world.bob, **rest),
        world.approval(world.gus, world.bob, **rest),
    ]
