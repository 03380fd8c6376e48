"""Run commands at the same time: tests that wait for servers and browsers beside tests that compute.

    python3 scripts/side_by_side.py "make test-servers" "make test-unit"

The last command's output is shown as it comes, that of the others when they have ended. The exit status is that of the
first that failed, 0 when none did. Standard library only.
"""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence


def main(commands: Sequence[str]) -> int:
    *beside, shown = map(shlex.split, commands)
    outputs = [tempfile.TemporaryFile() for _ in beside]  # noqa: SIM115 (they end with this process)
    running = [
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        for command, output in zip(beside, outputs, strict=True)
    ]
    codes = [subprocess.run(shown, check=False).returncode]
    for command, process, output in zip(beside, running, outputs, strict=True):
        codes.append(process.wait())
        output.seek(0)
        print(f"\n$ {shlex.join(command)}", flush=True)
        sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
