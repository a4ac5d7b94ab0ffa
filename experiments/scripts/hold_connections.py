#!/usr/bin/env python3
"""Holds many kernel connections to one server, by several processes with a source address each, and says what they cost.

    hold_connections.py SERVER PORT CONNECTIONS FIRST_SOURCE [SECONDS] [--pid PID] [--idle COMMAND]

One process may hold some 20,000 descriptors and one address has some 28,000 ports, so connections are spread over
processes that bind FIRST_SOURCE, FIRST_SOURCE + 1, ... (these must be addresses of this host). When all are open, one
byte goes over each and comes back (the server must be an echo). Then it prints what the kernel spent on its own ends
(/proc/slabinfo and MemFree, before against after) and, with --pid, the server process's RSS, and holds on; COMMAND is run once all are open and idle.
Run it as root, in a namespace of its own:

    ip netns exec NS hold_connections.py 10.9.1.1 7 100000 10.9.0.10 30 --pid $(pidof -s java)
"""
import ipaddress
import os
import select
import socket
import sys
import time

PER_PROCESS = 15_000
ECHO_SECONDS = 40


def meminfo(key):
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))


def slabs():
    with open("/proc/slabinfo") as lines:
        rows = [line.split() for line in lines][2:]
    return {row[0]: (int(row[1]), int(row[2]) * int(row[3]), int(row[3])) for row in rows}


def rss(pid):
    with open("/proc/%d/smaps_rollup" % pid) as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def hold(server, port, source, count, report, release):
    held = []
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        for _ in range(count):
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: connect chooses the port
            s.bind((source, 0))
            s.connect((server, port))
            held.append(s)
    except OSError as e:
        os.write(report, b"%d held, then: %s\n" % (len(held), str(e).encode()))
        os.read(release, 1)
        return
    os.write(report, b"%d open\n" % len(held))
    os.read(release, 1)
    for s in held:
        s.send(b"x")
    good = 0
    waiting = select.epoll(len(held))
    by_descriptor = {s.fileno(): s for s in held}
    for descriptor in by_descriptor:
        waiting.register(descriptor, select.EPOLLIN | select.EPOLLONESHOT)
    limit = time.time() + ECHO_SECONDS
    while good < len(held) and time.time() < limit:
        for descriptor, _ in waiting.poll(1):
            good += by_descriptor[descriptor].recv(1) == b"x"
    os.write(report, b"%d echoed\n" % good)
    os.read(release, 1)
    for s in held:
        s.close()


def main(server, port, count, first_source, seconds, pid, idle):
    children = []
    slab_before, free_before, all_before = slabs(), meminfo("MemFree"), meminfo("Slab")
    rss_before = rss(pid) if pid else 0
    start = time.time()
    for i in range(0, count, PER_PROCESS):
        report_out, report_in = os.pipe()
        release_out, release_in = os.pipe()
        source = str(ipaddress.ip_address(first_source) + i // PER_PROCESS)
        child = os.fork()
        if child == 0:
            os.close(report_out)
            os.close(release_in)
            hold(server, port, source, min(PER_PROCESS, count - i), report_in, release_out)
            os._exit(0)
        os.close(report_in)
        os.close(release_out)
        children.append((child, os.fdopen(report_out), release_in))

    def step(name):
        answers = [report.readline().split(None, 1) for _, report, _ in children]
        total = sum(int(a[0]) for a in answers if a)
        print("%d %s after %.2f s" % (total, name, time.time() - start))
        for a in answers:
            if len(a) < 2 or "then" in a[1]:
                print("  one process:", " ".join(a).strip())
        return total

    opened = step("open")
    print("%.0f connections/s" % (opened / (time.time() - start)))
    own = sum(rss(child) for child, _, _ in children)
    time.sleep(3)  # delayed ACKs leave, what was awake falls asleep
    slab_after, free_after, all_after = slabs(), meminfo("MemFree"), meminfo("Slab")
    print("kernel, its ends only: %.0f B/connection of slab" % ((all_after - all_before) / opened))
    grown = sorted(
        ((after[1] - slab_before.get(name, (0, 0, 0))[1], name, after[2]) for name, after in slab_after.items()),
        reverse=True,
    )
    for size, name, each in grown[:8]:
        print("  %-24s %7.0f B/connection (objects of %d B)" % (name, size / opened, each))
    print("MemFree fell by %.0f MB in all, clients' own RSS %.0f MB" % ((free_before - free_after) / 1e6, own / 1e6))
    if pid:
        grown = rss(pid) - rss_before
        print("server: RSS %.1f MB, %.1f MB more than before: %.0f B/connection" % (rss(pid) / 1e6, grown / 1e6, grown / opened))
    if idle:
        sys.stdout.flush()
        os.system(idle)
    for _, _, release in children:
        os.write(release, b"x")
    echoed = step("echoed")
    if pid:
        print("server: RSS %.1f MB after a byte each way on all" % (rss(pid) / 1e6))
    sys.stdout.flush()
    time.sleep(seconds)
    for child, _, release in children:
        os.write(release, b"x")
        os.waitpid(child, 0)
    print("closed after %.2f s" % (time.time() - start))
    return 0 if opened == echoed == count else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    server_pid = 0
    when_idle = ""
    if "--idle" in arguments:
        at = arguments.index("--idle")
        when_idle = arguments[at + 1]
        del arguments[at : at + 2]
    if "--pid" in arguments:
        at = arguments.index("--pid")
        server_pid = int(arguments[at + 1])
        del arguments[at : at + 2]
    if len(arguments) not in (4, 5):
        sys.exit(__doc__)
    hold_seconds = float(arguments[4]) if len(arguments) == 5 else 0
    sys.exit(main(arguments[0], int(arguments[1]), int(arguments[2]), arguments[3], hold_seconds, server_pid, when_idle))
