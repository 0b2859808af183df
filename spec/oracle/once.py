"""Runs an oracle unless it has already answered the same cases: once.py FOLDER PYTHON SCRIPT INPUT OUTPUT.

FOLDER keeps the answers. The specs of each Lua ask about the same cases, and what botocore answers does not depend on the Lua.
The order of an object's members does not count: Lua has none.
"""
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys


def main(folder, python, script, cases, output):
    with open(cases, encoding='utf-8') as source:
        canonical = json.dumps(json.load(source), sort_keys=True)
    name = hashlib.sha256('\n'.join((python, script, canonical)).encode()).hexdigest()
    kept = os.path.join(folder, name)
    with open(kept + '.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits for the answer
        if not os.path.exists(kept):
            status = subprocess.run([python, script, cases, kept + '.new'], check=False).returncode
            if status:
                return status
            os.rename(kept + '.new', kept)
    shutil.copyfile(kept, output)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
