"""An HTTP/1.1 server whose answers are decided beforehand: http_server.py DIRECTORY OWNER HOST (see http_server.lua).

DIRECTORY/routes.json holds the routes and is read anew for every request; each request is recorded as one line of
DIRECTORY/requests before it is answered. Prints its port and process id once it listens, and goes to the background.
Ends on SIGTERM, or by itself, removing DIRECTORY, when the process OWNER is gone.
"""
import http.client
import http.server
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # which -I leaves out
import python_server  # noqa: E402


class Answers:
    """Which answer of which route is next. A text is bytes, one character each (Latin-1)."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'routes.json')
        self.lock = threading.Lock()
        self.given = {}

    def next(self, key):
        with self.lock:
            with open(self.path, encoding='latin-1') as source:
                routes = dict(json.load(source) or {})
            route = routes.get(key)
            if route is None:
                return {'status': 404, 'body': 'no route for ' + key}
            serial = (key, route['serial'])
            index = self.given.get(serial, 0)
            self.given[serial] = index + 1
            answers = route['answers']
            return answers[min(index, len(answers) - 1)] if answers else {}


def response_bytes(answer):
    status = int(answer.get('status', 200))
    body = answer.get('body', '')
    lines = ['HTTP/1.1 %d %s' % (status, http.client.responses.get(status, 'Unknown'))]
    named = set()
    for name, value in dict(answer.get('headers') or {}).items():
        named.add(name.lower())
        lines += ['%s: %s' % (name, item) for item in (value if isinstance(value, list) else [value])]
    if not named & {'content-length', 'transfer-encoding'} and status not in (204, 304):
        lines.append('Content-Length: %d' % len(body))
    return '\r\n'.join(lines + ['', body]).encode('latin-1')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    rbufsize = -1
    disable_nagle_algorithm = True

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.record(body)
        answer = self.server.answers.next(self.command + ' ' + self.path.partition('?')[0])
        if answer.get('delay'):
            time.sleep(answer['delay'])
        if answer.get('close'):
            self.reset()
        elif 'raw' in answer:
            self.close_connection = True
            self.wfile.write(answer['raw'].encode('latin-1'))
        else:
            self.wfile.write(response_bytes(answer))

    def __getattr__(self, name):
        if name.startswith('do_'):
            return self.handle_any
        raise AttributeError(name)

    def record(self, body):
        headers = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = headers[name] + ', ' + value if name in headers else value
        words = [self.command, self.path, body.hex() or '-']
        words += ['%s=%s' % (name, value.encode('latin-1', 'replace').hex()) for name, value in headers.items()]
        os.write(self.server.record, (' '.join(words) + '\n').encode('latin-1'))

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.server.reset_request(self.connection)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, directory, host):
        self.address_family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.answers = Answers(directory)
        self.record = os.open(os.path.join(directory, 'requests'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        super().__init__((host, 0), Handler)

    def server_bind(self):
        """Without HTTPServer's look-up of the host's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def reset_request(self, connection):
        """Closing with a linger time of zero resets; a shutdown first would end the connection in peace."""
        connection.close()

    def shutdown_request(self, request):
        if request.fileno() >= 0:
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


def main(directory, owner, host):
    server = Server(directory, host)
    python_server.run(directory, owner, server.server_port, server.serve_forever)


if __name__ == '__main__':
    main(*sys.argv[1:])
