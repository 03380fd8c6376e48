"""Many random templates and changes, each judged twice: by the test client's DOM and by Chromium.

``python -m tests.fuzz [--cases 20000] [--seed N]``. A case is known by its seed; one that fails is printed with it.
"""

import argparse
import multiprocessing
import os
import random
import time
import traceback
from dataclasses import dataclass

import django

BATCH = 100


@dataclass
class Report:
    """What a batch of cases came to."""

    passed: int
    refused: int  # templates that say themselves that they have no single root element
    failures: list[tuple[int, str]]


def _prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
    django.setup()


def run_batch(seeds: range) -> Report:
    """Try the cases of these seeds."""
    from livecomp.exceptions import TemplateError
    from livecomp.templating import compile_template
    from tests.fuzz.chromium import Chromium, Story
    from tests.fuzz.templates import INCLUDES, case
    from tests.templating.rendering import Browser, make_engine

    engine = make_engine(INCLUDES)
    report = Report(0, 0, [])
    stories: list[tuple[int, Story]] = []
    for seed in seeds:
        source, states = case(random.Random(seed).choice)
        try:
            browser = Browser(compile_template(engine.from_string(source)), states[0])
            browser.check_plain(states[0])
            first, steps = browser.fresh(states[0]), []
            for state in states[1:]:
                steps.append((browser.show(state), browser.fresh(state)))
                browser.check_plain(state)
        except TemplateError:
            report.refused += 1
        except Exception:
            report.failures.append((seed, traceback.format_exc()))
        else:
            stories.append((seed, (first, steps)))
    with Chromium() as chromium:
        for index, step, text in chromium.failures([story for _, story in stories]):
            report.failures.append((stories[index][0], f"In Chromium, step {step + 1}: {text}"))
    report.passed = len(stories) - len({seed for seed, _ in stories} & {seed for seed, _ in report.failures})
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1000, help="of the first case")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    failures: list[tuple[int, str]] = []
    passed = refused = 0
    last = options.seed + options.cases
    batches = [range(start, min(start + BATCH, last)) for start in range(options.seed, last, BATCH)]
    with multiprocessing.get_context("spawn").Pool(options.processes, _prepare) as pool:
        for report in pool.imap_unordered(run_batch, batches):
            passed, refused = passed + report.passed, refused + report.refused
            failures += report.failures
            print(
                f"\r{passed + refused + len(failures)} of {options.cases}, {len(failures)} failed", end="", flush=True
            )
    print(f"\n{passed} cases passed, {refused} templates were refused, {len(failures)} failed")
    for seed, text in failures[:5]:
        print(f"\n--seed {seed} --cases 1\n{text[-3000:]}")
    return 1 if failures else 0
