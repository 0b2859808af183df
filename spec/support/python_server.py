"""How a server beside a spec goes to the background and ends; its other half is python_server.lua.

It ends on SIGTERM, or by itself, removing its directory, when the process that owns it is gone.
"""
import os
import shutil
import threading
import time

GUARD_INTERVAL = 0.5  # seconds


def is_gone(pid):
    """A zombie is gone, too."""
    try:
        os.kill(pid, 0)
        with open('/proc/%d/stat' % pid, 'rb') as stat:
            return stat.read().rpartition(b') ')[2][:1] in b'ZX'
    except ProcessLookupError:
        return True
    except OSError:
        return os.path.isdir('/proc/self')


def guard(directory, owner):
    while not is_gone(owner):
        time.sleep(GUARD_INTERVAL)
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


def run(directory, owner, port, serve):
    """Prints the port and the process id of a child that serves, and ends this process."""
    child = os.fork()
    if child:
        print(port, child, flush=True)
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    threading.Thread(target=guard, args=(directory, int(owner)), daemon=True).start()
    serve()
