"""Runs a program at a terminal of its own: terminal.py [--columns N] [--leash FIFO] EXPECTED ANSWER PROGRAM [ARGUMENT...].

As soon as EXPECTED is on the terminal, ANSWER is typed (\\x03 is Ctrl-C, \\n the return key). What was on the terminal goes to
standard output, then a line with how the program ended. --columns: the terminal's width. --leash: a FIFO that a descendant may have opened for writing; the last
line then says whether it was let go, which happens when all who hold it have ended.

Whoever has not ended after LIMIT seconds is killed.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 45  # below the minute that a credential_process is given


def wait_readable(descriptor, deadline):
    return bool(select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0])


def converse(terminal, expected, answer, deadline):
    """All that is shown until nobody holds the terminal any more, and whether that came in time."""
    shown, is_answered = b'', False
    while wait_readable(terminal, deadline):
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # EIO: the last one has closed it
            return shown, True
        shown += chunk
        if not is_answered and expected in shown:
            os.write(terminal, answer)
            is_answered = True
    return shown, False


def set_width(columns):
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))


def describe(status):
    if os.WIFSIGNALED(status):
        return 'signal %d' % os.WTERMSIG(status)
    return 'exit status %d' % os.WEXITSTATUS(status)


def is_let_go(leash, deadline):
    while wait_readable(leash, deadline):
        if not os.read(leash, 4096):
            return True
    return False


def main(arguments):
    leash, columns = None, None
    if arguments[0] == '--columns':
        columns = int(arguments[1])
        arguments = arguments[2:]
    if arguments[0] == '--leash':
        leash = os.open(arguments[1], os.O_RDONLY | os.O_NONBLOCK)
        arguments = arguments[2:]
    expected = arguments[0].encode()
    answer = arguments[1].encode().decode('unicode_escape').encode()
    deadline = time.monotonic() + LIMIT
    pid, terminal = pty.fork()
    if pid == 0:
        if columns is not None:
            set_width(columns)
        os.execvp(arguments[2], arguments[2:])
    shown, is_over = converse(terminal, expected, answer, deadline)
    if not is_over:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    sys.stdout.write(shown.decode().replace('\r\n', '\n'))
    print(describe(status) if is_over else 'did not end')
    if leash is not None:
        print('let go' if is_let_go(leash, time.monotonic() + LIMIT / 3) else 'held')


if __name__ == '__main__':
    main(sys.argv[1:])
