"""Three workers on one database, killed and frozen at random: each effect once, on both databases.

The seed is printed; CARELEDGER_SEED repeats a run, CARELEDGER_KILLS=100 lengthens it.
"""

import os
import random
import signal

from tests.worlds.outbox import in_process, serve

SEED = int(os.environ.get("CARELEDGER_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
KILLS = int(os.environ.get("CARELEDGER_KILLS", "4"))
WORKERS = 3
MOST_EFFECTS = 40 + 12 * KILLS


def frozen_for(process, seconds):
    """Freeze a process for a while."""
    os.kill(process.pid, signal.SIGSTOP)
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGCONT)


def test_three_workers_that_are_killed_and_frozen_do_each_effect_once(world):
    print(f"CARELEDGER_SEED={SEED}")
    choose = random.Random(SEED)
    added = kills = freezes = 0

    def start():
        return in_process(serve, world, MOST_EFFECTS)

    workers = [start() for _ in range(WORKERS)]
    while kills < KILLS or freezes < KILLS // 2:
        if added < MOST_EFFECTS - 10:
            world.add(*range(added, added + 5))
            added += 5

        at = choose.randrange(WORKERS)
        workers[at].join(choose.uniform(0.05, 0.8))
        if choose.random() < 0.6:
            workers[at].kill()
            workers[at].join(60)
            kills += 1
            workers[at] = start()
        else:
            frozen_for(workers[at], choose.uniform(0.2, 2.5))
            freezes += 1

    world.add(*range(added, MOST_EFFECTS))
    for worker in workers:
        worker.join(300)
        assert worker.exitcode == 0, f"CARELEDGER_SEED={SEED}"

    world.expect_each_once(MOST_EFFECTS)
