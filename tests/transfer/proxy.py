"""A TCP proxy on loopback that does harm, and small HTTP servers that answer badly."""

import contextlib
import http.server
import socket
import threading


class Proxy:
    """Passes bytes on to (host, port); each new connection asks `plan` for what to do with it.

    A plan is a list with one entry a connection, the last one for all that follow: None passes
    everything, a number cuts the connection after so many bytes from the server, ("up", n) after so
    many from the client, "stall" accepts and never answers.
    """

    def __init__(self, port, plan):
        self.port_behind, self.plan, self.connections = port, list(plan), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            step = self.plan[min(self.connections, len(self.plan) - 1)]
            self.connections += 1
            self.open.append(client)
            if step == "stall":
                continue
            behind = socket.create_connection(("127.0.0.1", self.port_behind))
            self.open.append(behind)
            up = step[1] if isinstance(step, tuple) else None
            down = step if isinstance(step, int) else None
            done = []
            for source, to, limit in ((client, behind, up), (behind, client, down)):
                threading.Thread(target=self.carry, args=(source, to, limit, done),
                                 daemon=True).start()

    def carry(self, source, to, limit, done):
        self.pump(source, to, limit)
        for one in (source, to):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        done.append(None)
        if len(done) == 2: # both directions: what was not read makes it a reset
            source.close()
            to.close()

    @staticmethod
    def pump(source, to, limit):
        passed = 0
        with contextlib.suppress(OSError):
            while bytes_ := source.recv(65536):
                if limit is not None and passed + len(bytes_) >= limit:
                    to.sendall(bytes_[:limit - passed])
                    return
                to.sendall(bytes_)
                passed += len(bytes_)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR) # wakes the thread that accepts
        self.listener.close()
        for one in self.open:
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Answers:
    """An HTTP server that gives the answers of a list, one a request, the last one for ever.

    An answer is (status, headers, body); headers may lie about the body. What was asked is kept in
    `requests` as (method, path, headers).
    """

    def __init__(self, *answers):
        outer = self
        self.answers, self.requests = list(answers), []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                at = min(len(outer.requests), len(outer.answers) - 1)
                outer.requests.append((self.command, self.path, dict(self.headers)))
                status, headers, body = outer.answers[at]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if not {"Content-Length", "Transfer-Encoding"} & set(headers):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                if headers.get("Connection") == "close":
                    self.close_connection = True

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer
            do_PROPFIND = do_MKCOL = do_MOVE = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass # clients that hang up are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
