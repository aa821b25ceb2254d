"""How often does kill -9 in the middle of writes lose something?

    python bench/kill9.py [--rounds 100] [--writers 16] [--dir FOLDER]

Every round opens the store that the last one left, lets the writers run for a random time, kills them and checks it.
Ends with 1 if an acknowledged write was lost or a transaction was torn.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from steersman.testing.store_crash import CrashReport, crash_round


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", default=None, help="where the data goes (default: the temporary directory)")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    total, begun = CrashReport(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        path = Path(folder) / "state.db"
        for _ in range(options.rounds):
            total.add(crash_round(path, after_s=chance.uniform(0, 0.4), writers=options.writers))
        size = path.stat().st_size
    print(
        f"{options.rounds} rounds in {time.monotonic() - begun:.0f} s, {options.writers} writers:"
        f" {total.acknowledged} transactions acknowledged, {len(total.lost)} lost, {len(total.torn)} torn,"
        f" {total.unacknowledged} there without having been acknowledged; the file has {size / 1e6:.1f} MB"
    )
    for line in total.lost + total.torn:
        print(line)
    sys.exit(bool(total.lost or total.torn))


if __name__ == "__main__":
    main()
