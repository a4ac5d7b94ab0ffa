#!/usr/bin/env python3
"""Sends bytes to an echo and demands the same back: SHA-256 of both, time, goodput.

    echo_client.py HOST PORT BYTES

Exit 0 when what came back is what was sent. Where a network namespace is needed: ip netns exec NS echo_client.py ...
"""
import hashlib
import os
import socket
import sys
import threading
import time


def main(host, port, size):
    sock = socket.create_connection((host, port))
    block = os.urandom(1 << 20)
    sent = hashlib.sha256()

    def send():
        left = size
        while left:
            part = memoryview(block)[: min(left, len(block))]
            sock.sendall(part)
            sent.update(part)
            left -= len(part)
        sock.shutdown(socket.SHUT_WR)

    start = time.time()
    sender = threading.Thread(target=send)
    sender.start()
    got, count, buffer = hashlib.sha256(), 0, bytearray(1 << 20)
    while n := sock.recv_into(buffer):
        got.update(memoryview(buffer)[:n])
        count += n
    sender.join()
    seconds = time.time() - start
    same = sent.digest() == got.digest() and count == size
    print("sent     %s  %d bytes" % (sent.hexdigest(), size))
    print("returned %s  %d bytes  %s" % (got.hexdigest(), count, "same" if same else "DIFFERENT"))
    print("%.2f s, %.2f Gbit/s each way" % (seconds, count * 8 / seconds / 1e9))
    return 0 if same else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
