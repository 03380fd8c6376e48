"""Run all parts, or those that are named, and print a table. Exit status 1 when something was not as wanted."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from tests.soak import fleet, floods, greedy, hostile, memory, trouble
from tests.soak.report import Report

Part = Callable[[Report, argparse.Namespace], Awaitable[None]]
PARTS: dict[str, Part] = {
    "cuts": lambda report, given: fleet.nothing_is_lost(report, given.visitors, given.seconds),
    "kills": lambda report, given: fleet.nothing_is_doubled(report, given.visitors, given.seconds),
    "once": lambda report, given: fleet.once_is_once(report, given.visitors // 10, 3 * given.seconds),
    "frozen": lambda report, given: trouble.redis_is_frozen(report, given.visitors, given.seconds),
    "full": lambda report, given: trouble.redis_is_full(report, given.visitors, given.seconds),
    "default": lambda report, given: trouble.default_cache(report, given.default),
    "idle": lambda report, given: memory.of_idle_pages(report, given.idle),
    "churn": lambda report, given: memory.after_many_connections(report, given.churn),
    "hostile": lambda report, given: hostile.others_do_not_notice(report, given.messages),
    "greedy": lambda report, given: greedy.others_do_not_wait(report),
    "floods": lambda report, given: floods.others_do_not_pay(report),
}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, unless some are named")
    parser.add_argument("--visitors", type=int, default=fleet.VISITORS)
    parser.add_argument(
        "--seconds",
        type=float,
        default=fleet.SECONDS,
        help="of trouble, for cuts, kills, frozen and full; three times as many for once",
    )
    parser.add_argument("--default", type=int, default=1000, help="visitors on Django's default cache")
    parser.add_argument("--idle", type=int, default=1000, help="idle connections")
    parser.add_argument("--churn", type=int, default=10_000, help="connections that come and go")
    parser.add_argument("--messages", type=int, default=1_000_000, help="hostile messages")
    given = parser.parse_args()
    report = Report()
    for part in given.parts or PARTS:
        started = time.monotonic()
        report.say(f"{part} …")
        asyncio.run(PARTS[part](report, given))
        report.say(f"{part}: {time.monotonic() - started:.0f} s")
    print(f"\n{report.table()}")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
