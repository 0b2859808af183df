"""A TCP and TLS server that does to each connection what a script says: hostile_server.py DIRECTORY OWNER DEAF
(see hostile_server.lua).

DIRECTORY/script.json holds the script and is read anew for every connection: a list of connections, the last one
repeated, each a list of steps. What arrives is recorded in DIRECTORY/record before the next step. Prints its port and
process id once it listens, and goes to the background. Ends on SIGTERM, or by itself, removing DIRECTORY, when the
process OWNER is gone. A deaf server (DEAF is 1) accepts nothing and its backlog is full.
"""
import errno
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which -I leaves out
import python_server  # noqa: E402

ENDLESS = 60  # seconds after which even endless sending ends
BLOCK = 64 * 1024
VERSIONS = {'TLSv1.1': ssl.TLSVersion.TLSv1_1, 'TLSv1.2': ssl.TLSVersion.TLSv1_2, 'TLSv1.3': ssl.TLSVersion.TLSv1_3}


class Gone(Exception):
    """The client went away."""


class Connection:
    """Each step is a method: `["send", "text"]` is send("text"). A text is bytes, one character each (Latin-1)."""

    def __init__(self, server, sock, number, steps):
        self.server, self.sock, self.number, self.steps = server, sock, number, steps
        self.pending = b''
        self.open = True

    def run(self):
        at = 0
        try:
            while self.open and at < len(self.steps):
                name, *arguments = self.steps[at]
                jump = getattr(self, name)(*arguments)
                at = at + 1 if jump is None else jump
        except (Gone, OSError) as problem:
            self.server.note(self.number, 'gone', str(problem).encode())
        self.close()

    def tls(self, certificate='server', options=None):
        """Takes the client's handshake. Options: version (the highest), client_ca (asks for a certificate)."""
        options = options or {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = os.path.join(self.server.directory, certificate)
        context.load_cert_chain(path + '.pem', path + '.key')
        if 'version' in options:
            context.set_ciphers('DEFAULT@SECLEVEL=0')
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = VERSIONS[options['version']]
        if 'client_ca' in options:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(os.path.join(self.server.directory, options['client_ca']))
        self.sock = context.wrap_socket(self.sock, server_side=True, suppress_ragged_eofs=False, do_handshake_on_connect=False)
        try:
            self.sock.do_handshake()
        except ssl.SSLError:
            self.drain()
            raise
        self.server.note(self.number, 'handshake', self.sock.version().encode())

    def drain(self):
        """Takes what still comes, so that our alert isn't lost in a reset."""
        self.sock.settimeout(1)
        try:
            while os.read(self.sock.fileno(), BLOCK):
                pass
        except OSError:
            pass

    def receive(self):
        data = self.sock.recv(BLOCK)
        if not data:
            raise Gone('closed by the client')
        self.pending += data

    def request(self):
        """Reads one request and records it."""
        while b'\r\n\r\n' not in self.pending:
            self.receive()
        head, _, self.pending = self.pending.partition(b'\r\n\r\n')
        length = 0
        for line in head.split(b'\r\n')[1:]:
            name, _, value = line.partition(b':')
            if name.strip().lower() == b'content-length':
                length = int(value)
        while len(self.pending) < length:
            self.receive()
        body, self.pending = self.pending[:length], self.pending[length:]
        self.server.note(self.number, 'request', head + b'\r\n\r\n' + body)

    def bytes(self, count):
        """Reads no more than so many bytes."""
        while len(self.pending) < count:
            data = self.sock.recv(count - len(self.pending))
            if not data:
                raise Gone('closed by the client')
            self.pending += data

    def send(self, text):
        self.sock.sendall(text.encode('latin-1'))

    def plain(self, text):
        """Sends below TLS."""
        os.write(self.sock.fileno(), text.encode('latin-1'))

    def drip(self, text, interval):
        """A byte at a time."""
        for byte in text:
            self.send(byte)
            time.sleep(interval)

    def endless(self, text):
        until = time.monotonic() + ENDLESS
        block = text.encode('latin-1') * max(1, BLOCK // len(text))
        while time.monotonic() < until:
            self.sock.sendall(block)

    def mark(self):
        """Records that the script has come here."""
        self.server.note(self.number, 'mark', b'')

    def pause(self):
        """Until the spec says `release`."""
        while not os.path.exists(os.path.join(self.server.directory, 'release')):
            time.sleep(0.005)

    def wait(self, seconds):
        time.sleep(seconds)

    def hang(self):
        """Says nothing until the client goes away."""
        while True:
            self.pending = b''
            self.receive()

    def again(self, step=1):
        return step - 1

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    def notify(self):
        """close_notify alone; nothing is read, and the connection stays."""
        self.sock.setblocking(False)
        try:
            self.sock.unwrap()
        except OSError:
            pass
        self.sock.setblocking(True)

    def goodbye(self):
        """close_notify, then a close."""
        self.sock.settimeout(0.3)
        try:
            self.sock.unwrap()
        except OSError:
            pass
        self.close()

    def close(self):
        if self.open:
            self.open = False
            self.sock.close()
            self.server.note(self.number, 'closed', b'')


class Server:
    def __init__(self, directory, deaf):
        self.directory = directory
        self.record = os.open(os.path.join(directory, 'record'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(0 if deaf else 128)
        self.port = self.listener.getsockname()[1]
        self.crowd = []
        if deaf:
            self.fill_backlog()

    def fill_backlog(self):
        """Connections of our own, until one is not answered any more."""
        while True:
            one = socket.socket()
            one.settimeout(0.2)
            self.crowd.append(one)
            try:
                one.connect(('127.0.0.1', self.port))
            except socket.timeout:
                return

    def note(self, number, what, data):
        os.write(self.record, b'%d %s %s\n' % (number, what.encode(), data.hex().encode() or b'-'))

    def script(self):
        with open(os.path.join(self.directory, 'script.json'), encoding='latin-1') as source:
            script = json.load(source)
        return script['serial'], script['connections']

    def serve(self):
        number, serial = 0, None
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError as problem:
                if problem.errno in (errno.EINTR, errno.ECONNABORTED):
                    continue
                raise
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            current, connections = self.script()
            if current != serial:
                number, serial = 0, current
            number += 1
            self.note(number, 'accepted', b'')
            steps = connections[min(number, len(connections)) - 1] if connections else []
            threading.Thread(target=Connection(self, sock, number, steps).run, daemon=True).start()


def main(directory, owner, deaf):
    warnings.simplefilter('ignore')  # of the old versions of TLS
    server = Server(directory, deaf == '1')
    python_server.run(directory, owner, server.port, server.serve if deaf == '0' else threading.Event().wait)


if __name__ == '__main__':
    main(*sys.argv[1:])
