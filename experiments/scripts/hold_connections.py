#!/usr/bin/env python3
"""Holds many kernel connections to one echo server, by several processes with a source address each, and says what they cost.

    hold_connections.py SERVER PORT CONNECTIONS FIRST_SOURCE [SECONDS] [--pid PID] [--stats FILE] [--name NAME] [--json FILE]

One process may hold some 20,000 descriptors and one address has some 28,000 ports, so connections are spread over
processes that bind FIRST_SOURCE, FIRST_SOURCE + 1, ... (these must be addresses of this host). It looks at memory before,
with half of them open and idle, and with all: what the whole costs, divided, has what a JVM takes while it warms up in it;
the slope of the second half has not. Then 16 random bytes of its own go over each connection and must come back. It holds
on for SECONDS, closes all, and looks once more.

What it looks at: the kernel's slab caches, after it has made them give free objects back, and all that the kernel holds
(MemTotal less MemFree, Buffers, Cached and AnonPages); with --pid the RSS of the server's process; with --stats FILE the
Footprint in the statistics that wisp serve --stats FILE writes, once no block is in use any more. Resets are counted by the
kernel (/proc/net/snmp, of this network namespace) and by the server.

A table goes to standard output, the same and more to --json FILE. Exit code 0: all were opened, all echoed right, no reset.
Run it as root, in a namespace of its own; million.sh does all of that:

    ip netns exec NS hold_connections.py 10.9.1.1 7 100000 10.9.0.10 30 --pid $(pidof -s java)
"""
import argparse
import glob
import ipaddress
import json
import os
import select
import signal
import socket
import time

PER_PROCESS = 18_000
AT_ONCE = 50  # connections of a process that have something on its way: all at once would overflow the device's queue
ECHO_BYTES = 16
PATIENCE_SECONDS = 60  # with no progress
REST_SECONDS = 60
KINDS = ["records", "index", "blocks", "frames", "socket_buffers", "context"]
RESETS = ["AttemptFails", "EstabResets", "OutRsts"]


# ---- What is looked at ------------------------------------------------------------------------------


def fields(path):
    with open(path) as lines:
        return {line.split()[0].rstrip(":"): line.split()[1] for line in lines if len(line.split()) > 1}


def slabs():
    """Objects in use and bytes of all pages, by cache."""
    for shrink in glob.glob("/sys/kernel/slab/*/shrink"):
        try:
            with open(shrink, "w") as file:
                file.write("1")
        except OSError:
            pass  # merged caches come and go
    with open("/proc/slabinfo") as lines:
        rows = [line.split() for line in lines][2:]
    return {row[0]: (int(row[1]), int(row[14]) * int(row[5]) * os.sysconf("SC_PAGE_SIZE")) for row in rows}


def kernel_bytes():
    info = fields("/proc/meminfo")
    parts = ["MemFree", "Buffers", "Cached", "SwapCached", "AnonPages"]
    return 1024 * (int(info["MemTotal"]) - sum(int(info[name]) for name in parts)), 1024 * int(info["Slab"])


def rss(pid):
    try:
        return int(fields("/proc/%d/smaps_rollup" % pid)["Rss"]) * 1024 if pid else None
    except (FileNotFoundError, ProcessLookupError, KeyError):
        raise SystemExit("the server's process %d is gone" % pid) from None


def statistics(file):
    with open(file) as f:
        return json.load(f)


def tcp_counts():
    with open("/proc/net/snmp") as lines:
        names, values = [line.split() for line in lines if line.startswith("Tcp:")]
    return dict(zip(names[1:], map(int, values[1:])))


def at_rest(file, connections):
    """The server's statistics once it has so many connections and all of them sleep."""
    limit = time.time() + REST_SECONDS
    time.sleep(3)  # delayed ACKs leave, what was awake falls asleep, a second's statistics are written
    while file:
        now = statistics(file)
        if now["connections"] == connections and now["footprint"]["blocks"]["in_use"] == 0 or time.time() > limit:
            return now
        time.sleep(0.5)
    return None


def look(args, connections):
    stats = at_rest(args.stats, connections)
    caches = slabs()
    everything, slab = kernel_bytes()
    return {
        "connections": connections,
        "footprint": stats and {k: v["reserved"] for k, v in stats["footprint"].items()},
        "footprint_total": stats and stats["reserved_bytes"],
        "application": stats and stats["application_bytes"],
        "rss": rss(args.pid),
        "kernel_slab": slab,
        "kernel_all": everything,
        "server": stats and {k: stats[k] for k in ("connections", "drops", "counters")},
        "caches": caches,
    }


# ---- One of the processes ---------------------------------------------------------------------------


def say(report, count, word, problem=""):
    os.write(report, ("%d %s %s\n" % (count, word, problem)).encode())


def await_release(release):
    if not os.read(release, 1):
        os._exit(1)  # who leads is gone


def open_some(held, server, port, source, count):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    for _ in range(count):
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: connect chooses the port
        s.bind((source, 0))
        s.connect((server, port))
        held.append(s)


def in_turns(held, begin, go_on):
    """begin(socket) on all, on AT_ONCE at a time, and go_on(socket, what begin returned) whenever one can be read, until that
    returns True or False. How often it returned True, and how many others there are."""
    good = 0
    waiting = {}
    left = iter(held)
    poll = select.epoll(AT_ONCE)
    limit = time.time() + PATIENCE_SECONDS
    while time.time() < limit:
        while len(waiting) < AT_ONCE and (s := next(left, None)):
            try:
                waiting[s.fileno()] = (s, begin(s))
                poll.register(s.fileno(), select.EPOLLIN)
            except OSError:
                pass
        if not waiting:
            break
        for descriptor, _ in poll.poll(1):
            s, state = waiting[descriptor]
            try:
                answer = go_on(s, state)
            except OSError:
                answer = False
            if answer is not None:
                good += answer
                limit = time.time() + PATIENCE_SECONDS
                if s.fileno() >= 0:
                    poll.unregister(descriptor)  # one that is closed has left by itself
                del waiting[descriptor]
    poll.close()
    return good, len(held) - good


def echo_all(held):
    def begin(s):
        sent = os.urandom(ECHO_BYTES)
        s.send(sent)
        return sent, bytearray()

    def go_on(s, state):
        sent, got = state
        some = s.recv(4 * ECHO_BYTES)
        got += some
        return None if some and len(got) < len(sent) else got == sent

    return in_turns(held, begin, go_on)


def close_all(held):
    """In order: our FIN, the server's FIN. Who closes a million at once has most of them reset, as orphans that are too many."""

    def go_on(s, _):
        ended = s.recv(1) == b""
        s.close()
        return ended

    return in_turns(held, lambda s: s.shutdown(socket.SHUT_WR), go_on)


def hold(server, port, source, count, report, release):
    held = []
    for share in (count // 2, count - count // 2):
        problem = ""
        try:
            open_some(held, server, port, source, share)
        except OSError as e:
            problem = str(e)
        say(report, len(held), "open", problem)
        await_release(release)
    good, wrong = echo_all(held)
    say(report, good, "echoed", "%d wrong or missing" % wrong if wrong else "")
    await_release(release)
    good, wrong = close_all(held)
    say(report, good, "closed", "%d not in order" % wrong if wrong else "")


# ---- All of them ------------------------------------------------------------------------------------


class Crew:
    """Processes that share the connections, each with an address of its own, and go from step to step together."""

    def __init__(self, args, work):
        """work(server, port, source, count, report, release) is what each does."""
        self.children = []
        for i in range(0, args.connections, PER_PROCESS):
            report_out, report_in = os.pipe()
            release_out, release_in = os.pipe()
            source = str(ipaddress.ip_address(args.first_source) + i // PER_PROCESS)
            child = os.fork()
            if child == 0:
                os.close(report_out)
                os.close(release_in)
                for _, file, descriptor in self.children:
                    file.close()
                    os.close(descriptor)
                await_release(release_out)  # nobody begins before all are there
                work(args.server, args.port, source, min(PER_PROCESS, args.connections - i), report_in, release_out)
                os._exit(0)
            os.close(report_in)
            os.close(release_out)
            self.children.append((child, os.fdopen(report_out), release_in))

    def step(self):
        """Lets them do the next thing; the sum of what they report, and the seconds it took."""
        start = time.time()
        self.release()
        return self.gather(), time.time() - start

    def release(self):
        for _, _, release in self.children:
            os.write(release, b"x")

    def gather(self):
        total = 0
        for child, report, _ in self.children:
            count, word, problem = (report.readline().rstrip("\n") or "0 lost its process").split(" ", 2)
            total += int(count)
            if problem:
                print("process %d: %s %s, then: %s" % (child, count, word, problem), flush=True)
        return total

    def end(self):
        for child, _, _ in self.children:
            os.waitpid(child, 0)


def table(result):
    before, half, full = result["before"], result["half"], result["full"]
    n, m = full["connections"], half["connections"]
    socket_caches = [
        name
        for name, (objects, _) in full["caches"].items()
        if objects - before["caches"].get(name, (0, 0))[0] > 0.9 * n > 0
    ]
    heads = [("", "before", "at half", "at all", "(all-before)", "2nd half's", "all"), ("", "MB", "MB", "MB", "/connection", "slope", "/connection")]
    lines = ["%-38s %9s %9s %9s %13s %11s %12s" % head for head in heads]
    rows = []

    def row(name, get, held=False):
        a, b, c = get(before), get(half), get(full)
        if a is None or b is None or c is None or a == b == c == 0:
            return
        each, slope = (c - a) / n, (c - b) / (n - m)
        rows.append({"what": name.strip(), "before": a, "half": b, "full": c, "each": each, "slope": slope, "held": c / n})
        last = "%10.1f B" % (c / n) if held else ""
        lines.append(("%-38s %9.2f %9.2f %9.2f %11.1f B %9.1f B %s" % (name, a / 1e6, b / 1e6, c / 1e6, each, slope, last)).rstrip())

    row("ours: Footprint, all reserved", lambda x: x["footprint_total"], True)
    for kind in KINDS:
        row("  " + kind, lambda x: x["footprint"] and x["footprint"][kind], True)
    row("the echo service's own, on the heap", lambda x: x["application"], True)
    row("ours: RSS of the process", lambda x: x["rss"])
    row("kernel: caches of sockets *", lambda x: sum(x["caches"].get(c, (0, 0))[1] for c in socket_caches))
    for cache in sorted(socket_caches, key=lambda c: -full["caches"][c][1]):
        row("  " + cache, lambda x: x["caches"].get(cache, (0, 0))[1])
    row("kernel: all slab (of the machine)", lambda x: x["kernel_slab"])
    row("kernel: all its memory (of the machine)", lambda x: x["kernel_all"])
    lines.append("* those with an object more for each connection, by the names of /proc/slabinfo: caches of like objects share one")
    result["table"] = rows
    return lines


def summary(result):
    args, opened = result["arguments"], result["full"]["connections"]
    lines = [
        "%s: %s of %s kernel connections held, opened in %.1f s, %.0f a second"
        % (args["name"], f"{opened:,}", f"{args['connections']:,}", result["open_seconds"], opened / result["open_seconds"]),
        "",
    ]
    lines += table(result) if opened == args["connections"] else ["not all were opened: no figures a connection"]
    lines += [
        "",
        "echo: %d random bytes of its own over each, %s of %s came back right, in %.1f s"
        % (ECHO_BYTES, f"{result['echoed']:,}", f"{opened:,}", result["echo_seconds"]),
        "resets until then: the kernel saw %d (of them %d while opening) and sent %d; segments it resent: %d"
        % (
            result["resets"]["EstabResets"] + result["resets"]["AttemptFails"],
            result["resets"]["AttemptFails"],
            result["resets"]["OutRsts"],
            result["resets"]["RetransSegs"],
        ),
    ]
    after = result["echo_server"]
    if after:
        counters = after["counters"]
        lines.append(
            "the server until then: %d resets sent, %d segments resent, drops %s"
            % (counters.get("resets_sent", 0), counters.get("segments_retransmitted", 0), after["drops"] or "none")
        )
    closed = result["closed"]
    if closed["footprint_total"] is not None:
        lines.append(
            "asleep again: Footprint %.2f MB; %s closed in order: %d connections left, Footprint %.2f MB, RSS %.1f MB"
            % (after["reserved_bytes"] / 1e6, f"{result['closed_in_order']:,}", closed["server"]["connections"], closed["footprint_total"] / 1e6, (closed["rss"] or 0) / 1e6)
        )
    return lines


def main(args):
    crew = Crew(args, hold)
    counts = tcp_counts()
    result = {"arguments": vars(args), "before": look(args, 0)}
    opened, first = crew.step()
    result["half"] = look(args, opened)
    print("%d open after %.1f s" % (opened, first), flush=True)
    opened, second = crew.step()
    result["full"] = look(args, opened)
    print("%d open after %.1f s more" % (opened, second), flush=True)
    result["open_seconds"] = first + second
    result["echoed"], result["echo_seconds"] = crew.step()
    print("%d echoed after %.1f s" % (result["echoed"], result["echo_seconds"]), flush=True)
    result["resets"] = {k: v - counts[k] for k, v in tcp_counts().items() if k in RESETS + ["RetransSegs"]}
    result["echo_server"] = at_rest(args.stats, opened)
    time.sleep(args.seconds)
    result["closed_in_order"], result["close_seconds"] = crew.step()
    print("%d closed after %.1f s" % (result["closed_in_order"], result["close_seconds"]), flush=True)
    crew.end()
    result["closed"] = look(args, 0)
    print("\n" + "\n".join(summary(result)), flush=True)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(result, out, indent=1)
    resets = result["resets"]["EstabResets"] + result["resets"]["AttemptFails"]
    return 0 if opened == result["echoed"] == args.connections and resets == 0 else 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all of them without a word
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("first_source")
    parser.add_argument("seconds", type=float, nargs="?", default=0)
    parser.add_argument("--pid", type=int, default=0)
    parser.add_argument("--stats")
    parser.add_argument("--name", default="server")
    parser.add_argument("--json")
    raise SystemExit(main(parser.parse_args()))
