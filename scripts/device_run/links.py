"""TCP links that can be cut: a load node reaches the chain and its gateways through them alone."""

import select
import socket
import threading

CHUNK = 65_536


class Link:
    """Forwards connections on a loopback port to a target, while it is up."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.is_up, self.pairs = True, set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                inner, _ = self.listener.accept()
            except OSError:
                return
            try:
                pair = (inner, socket.create_connection(self.target, 5)) if self.is_up else None
            except OSError:
                pair = None
            if pair is None:
                inner.close()
                continue
            with self.lock:
                self.pairs.add(pair)
            threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def carry(self, inner, outer):
        other = {inner: outer, outer: inner}
        try:
            while True:
                for source in select.select([inner, outer], [], [])[0]:
                    data = source.recv(CHUNK)
                    if not data:
                        return
                    other[source].sendall(data)
        except (OSError, ValueError):
            return
        finally:
            self.drop((inner, outer))

    def drop(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for each in pair:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def cut(self):
        """From here on nobody connects, and who is connected is not."""
        self.is_up = False
        for pair in list(self.pairs):
            self.drop(pair)

    def heal(self):
        self.is_up = True

    def close(self):
        self.cut()
        self.listener.close()
