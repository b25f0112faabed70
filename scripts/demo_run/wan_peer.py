"""What runs at the sites of the emulated network when it is measured; prints one object of JSON.

Standard library only, and no relay: it sees the network as any program there does.
"""

import json
import socket
import struct
import sys
import threading
import time

UDP_ECHO, TCP_ECHO, UDP_SINK, TCP_SINK = 7001, 7002, 7003, 7004
# A datagram begins with its number and the time at which it left.
HEAD = struct.Struct("!Qd")


def listener(port):
    return socket.create_server(("", port))


def datagrams(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # As much as the system allows: this program is no faster than the network.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    server.bind(("", port))
    return server


def serve():
    """Echoes and swallows until it is ended."""
    services = (
        (echo_udp, datagrams(UDP_ECHO)), (echo_tcp, listener(TCP_ECHO)),
        (sink_udp, datagrams(UDP_SINK)), (sink_tcp, listener(TCP_SINK)),
    )  # fmt: skip
    for work, server in services:
        threading.Thread(target=work, args=(server,), daemon=True).start()
    print(json.dumps({"ready": True}), flush=True)
    threading.Event().wait()


def echo_udp(server):
    while True:
        data, peer = server.recvfrom(2048)
        server.sendto(data, peer)


def echo_tcp(server):
    while True:
        connection = server.accept()[0]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(65536):
            connection.sendall(data)


def sink_udp(server):
    """Counts; an empty datagram asks for the count, and begins anew."""
    count = 0
    while True:
        data, peer = server.recvfrom(2048)
        count += 1
        if not data:
            server.sendto(str(count - 1).encode(), peer)
            count = 0


def sink_tcp(server):
    """Swallows everything, and says so with one byte."""
    while True:
        connection = server.accept()[0]
        while connection.recv(1 << 18):
            pass
        connection.sendall(b".")
        connection.close()


def ping(host, count, per_s):
    """Round trips of datagrams that leave at a steady pace, whatever comes back."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((host, UDP_ECHO))
    taken, order = [], []

    def collect():
        while True:
            data = client.recv(2048)
            number, left = HEAD.unpack(data[: HEAD.size])
            taken.append((time.perf_counter() - left) * 1_000)
            order.append(number)

    threading.Thread(target=collect, daemon=True).start()
    start = time.perf_counter()
    for number in range(count):
        pause(start + number / per_s)
        client.send(HEAD.pack(number, time.perf_counter()) + bytes(100 - HEAD.size))
    time.sleep(1)
    ordered = sum(one > other for one, other in zip(order, order[1:]))
    return {"sent": count, "back": len(taken), "out_of_order": ordered, **spread(taken)}


def request(host, count):
    """Round trips over one TCP connection, one after another, and how long it took to connect."""
    start = time.perf_counter()
    client = socket.create_connection((host, TCP_ECHO))
    connected = (time.perf_counter() - start) * 1_000
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken = []
    for _ in range(count):
        left = time.perf_counter()
        client.sendall(bytes(100))
        client.recv(100)
        taken.append((time.perf_counter() - left) * 1_000)
    return {"connect_ms": connected, **spread(taken)}


def flood(host, per_s, seconds, length):
    """Datagrams at a steady rate, and how many of them arrived."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((host, UDP_SINK))
    count, data = int(per_s * seconds), bytes(length)
    start = time.perf_counter()
    for number in range(count):
        if number % 20 == 0:
            pause(start + number / per_s)
        client.send(data)
    taken = time.perf_counter() - start
    time.sleep(1)
    client.send(b"")
    return {"sent": count, "arrived": int(client.recv(64)), "seconds": taken}


def stream(host, mebibytes):
    """One TCP connection as fast as it goes."""
    client = socket.create_connection((host, TCP_SINK))
    data = bytes(1 << 20)
    start = time.perf_counter()
    for _ in range(mebibytes):
        client.sendall(data)
    client.shutdown(socket.SHUT_WR)
    client.recv(1)
    return {"seconds": time.perf_counter() - start}


def pause(until):
    left = until - time.perf_counter()
    if left > 0:
        time.sleep(left)


def spread(taken):
    """Median and 99th percentile in milliseconds."""
    ranked = sorted(taken)
    at = lambda share: ranked[min(len(ranked) - 1, int(len(ranked) * share))] if ranked else None
    return {"median_ms": at(0.5), "p99_ms": at(0.99), "max_ms": ranked[-1] if ranked else None}


def main():
    role, *words = sys.argv[1:]
    roles = {"serve": serve, "ping": ping, "request": request, "flood": flood, "stream": stream}
    print(json.dumps(roles[role](*(word if "." in word else int(word) for word in words))))


if __name__ == "__main__":
    main()
