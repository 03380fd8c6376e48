"""livecomp.this_process: what a forked process does not share with its parent."""

import json
import os
import subprocess
import sys
from pathlib import Path

FORKED = """
import json, os, sys, threading
import django
from django.conf import settings
settings.configure(SECRET_KEY="x", INSTALLED_APPS=[
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "livecomp"
], LIVECOMP={})
django.setup()
from livecomp import liveness, presence, topics
from livecomp.counters import counters
from livecomp.runtime import pool, process
from livecomp.templating.compiler import template
from livecomp.this_process import process_id

class Listener:
    def deliver_soon(self, *args): raise AssertionError("the parent's hub heard it")
    def control_soon(self, *args): raise AssertionError("the parent's hub heard it")

topics.add_listener(Listener())
counters.connections = 7
liveness.heart.hold("a connection")
done = threading.Event()
pool.event_threads.submit(lambda: done.set())
done.wait()
locks = [presence.directory._lock, topics._listeners_lock, counters._lock, template._lock, liveness.heart._lock]
for lock in locks:
    lock.acquire()
reader, writer = os.pipe()
if not os.fork():
    topics.publish_now("a", 1)
    ran = threading.Event()
    pool.event_threads.submit(lambda: ran.set())
    locks = [presence.directory._lock, topics._listeners_lock, counters._lock, template._lock, liveness.heart._lock]
    report = {
        "id": process_id(),
        "outbox": topics.outbox.process,
        "is free": all(lock.acquire(timeout=1) for lock in locks),
        "ran": ran.wait(5),
        "connections": counters.connections,
        "holders": len(liveness.heart._holders),
    }
    os.write(writer, json.dumps(report).encode())
    os._exit(0)
os.wait()
os.close(writer)
print(json.dumps([process_id(), topics.outbox.process, json.loads(os.read(reader, 10000) or b"null")]))
"""


def test_t129_a_forked_process_is_another_process() -> None:
    source = Path(__file__).resolve().parent.parent / "src"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        [sys.executable, "-c", FORKED], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.returncode, done.stderr
    parent, outbox, child = json.loads(done.stdout)
    assert child, done.stderr
    assert parent == outbox
    assert child["id"] == child["outbox"] != parent
    assert (child["is free"], child["ran"], child["connections"], child["holders"]) == (True, True, 0, 0)
