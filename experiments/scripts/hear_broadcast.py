#!/usr/bin/env python3
"""Many kernel connections that hear one line of wisp serve broadcast, and the most memory that it took the server.

    hear_broadcast.py SERVER PORT CONNECTIONS FIRST_SOURCE --bytes N --lines FIFO --pid PID --stats FILE [--json FILE]

Connections are spread over processes as hold_connections.py does. Once all are open and the server is at rest, a line of N
bytes (random letters) is written to FIFO, the server's standard input. Each receiver reads as it comes and compares every
byte with the line; beyond its end nothing may come. broadcast_kernel.sh does the rest.

Of the server it tells the Footprint idle and the most there was (peak_reserved_bytes and peak_in_use in its statistics: it
looks every 5 ms while it works), and the RSS idle and its high-water mark by the kernel (VmHWM, begun anew when idle).
Exit code 0: everybody had the whole line and not a byte else, none was skipped, no reset.
"""
import argparse
import base64
import json
import os
import select
import signal
import threading
import time

from hold_connections import Crew, at_rest, await_release, close_all, fields, open_some, rss, say, tcp_counts

BUFFER_BYTES = 256 << 10
PATIENCE_SECONDS = 120  # with no byte at all


def hear(held, line):
    """How many have heard all of the line; and pieces that were something else."""
    buffer = bytearray(BUFFER_BYTES)
    view = memoryview(buffer)
    heard = {s.fileno(): 0 for s in held}
    by_descriptor = {s.fileno(): s for s in held}
    poll = select.epoll(len(held))
    for descriptor in heard:
        poll.register(descriptor, select.EPOLLIN)
    complete = wrong = 0
    limit = time.time() + PATIENCE_SECONDS
    while complete < len(held) and time.time() < limit:
        for descriptor, _ in poll.poll(1, 256):
            n = by_descriptor[descriptor].recv_into(buffer)
            at = heard[descriptor]
            if n == 0 or not line.startswith(view[:n], at):
                wrong += 1
                poll.unregister(descriptor)
                continue
            heard[descriptor] = at + n
            complete += at + n == len(line)
            limit = time.time() + PATIENCE_SECONDS
    poll.close()
    return complete, wrong


def more_than_that(held):
    """How many have something else to read."""
    more = 0
    for s in held:
        s.setblocking(False)
        try:
            s.recv(1)
            more += 1
        except BlockingIOError:
            pass
        except OSError:
            more += 1
        s.setblocking(True)
    return more


def receiver(line):
    def work(server, port, source, count, report, release):
        held = []
        problem = ""
        try:
            open_some(held, server, port, source, count)
        except OSError as e:
            problem = str(e)
        say(report, len(held), "open", problem)
        await_release(release)
        complete, wrong = hear(held, line)
        say(report, complete, "complete", "%d pieces wrong" % wrong if wrong else "")
        await_release(release)
        more = more_than_that(held)
        good, wrong = close_all(held)
        say(report, good, "closed", "%d had more, %d not in order" % (more, wrong) if more or wrong else "")

    return work


class KernelBuffers(threading.Thread):
    """The most that TCP's buffers took in the kernel, all sockets of the machine."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = 0

    def run(self):
        while True:
            with open("/proc/net/sockstat") as lines:
                words = next(line for line in lines if line.startswith("TCP:")).split()
            self.peak = max(self.peak, int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE"))
            time.sleep(0.05)


def high_water(pid):
    return int(fields("/proc/%d/status" % pid)["VmHWM"]) * 1024


def summary(result):
    n, size = result["arguments"]["connections"], result["arguments"]["bytes"]
    idle, end = result["idle"], result["end"]
    added = end["peak_reserved_bytes"] - idle["reserved_bytes"]
    all_bytes = n * size
    mb = lambda x: "%.2f MB" % (x / 1e6)
    told = end["services"]["broadcast"]
    lines = [
        "%s bytes to %s kernel connections (%.1f GB) in %.1f s, %.2f Gbit/s"
        % (f"{size:,}", f"{n:,}", all_bytes / 1e9, result["seconds"], 8 * all_bytes / 1e9 / result["seconds"]),
        "",
        "every byte compared: %s of %s connections heard the whole line, and %s nothing else"
        % (f"{result['heard']:,}", f"{n:,}", f"{result['closed_in_order']:,}"),
        "Footprint      idle %s, most %s: %s more, %.1f B a connection, %.4f %% of a copy each"
        % (mb(idle["reserved_bytes"]), mb(end["peak_reserved_bytes"]), mb(added), added / n, 100 * added / all_bytes),
    ]
    for kind in ("frames", "blocks", "context"):
        before, then = idle["footprint"][kind], end["footprint"][kind]
        lines.append("  %-12s in use: idle %s, most %s" % (kind, mb(before["in_use"]), mb(then["peak_in_use"])))
    grown = result["rss_peak"] - result["rss_idle"]
    lines += [
        "RSS            idle %s, most %s: %s more" % (mb(result["rss_idle"]), mb(result["rss_peak"]), mb(grown)),
        "kernel's TCP buffers (all of the machine), most: %s" % mb(result["kernel_buffers_peak"]),
        "the server: %d deliveries confirmed, %d skipped, %d lost, %d too slow; %d resets sent, %d segments resent, drops %s"
        % (
            told["deliveries_confirmed"],
            told["deliveries_skipped"],
            told["deliveries_lost"],
            told["connections_closed_as_too_slow"],
            end["counters"].get("resets_sent", 0),
            end["counters"].get("segments_retransmitted", 0),
            end["drops"] or "none",
        ),
        "resets: the kernel saw %d and sent %d" % (result["resets"], result["resets_by_kernel"]),
    ]
    return lines


def main(args):
    line = base64.b64encode(os.urandom(args.bytes * 3 // 4 + 3))[: args.bytes - 1] + b"\n"
    crew = Crew(args, receiver(line))
    counts = tcp_counts()
    opened, seconds = crew.step()
    print("%d open after %.1f s" % (opened, seconds), flush=True)
    result = {"arguments": vars(args), "open_seconds": seconds, "idle": at_rest(args.stats, opened)}
    with open("/proc/%d/clear_refs" % args.pid, "w") as file:
        file.write("5")  # the high-water mark begins anew
    result["rss_idle"] = rss(args.pid)
    buffers = KernelBuffers()
    buffers.start()
    start = time.time()
    crew.release()
    with open(args.lines, "wb", 0) as lines:
        rest = memoryview(line)
        while rest:
            rest = rest[lines.write(rest) :]
    result["heard"] = crew.gather()
    result["seconds"] = time.time() - start
    print("%d have heard all after %.1f s" % (result["heard"], result["seconds"]), flush=True)
    result["end"] = at_rest(args.stats, opened)
    result["rss_peak"] = high_water(args.pid)
    result["kernel_buffers_peak"] = buffers.peak
    now = tcp_counts()
    result["resets"] = sum(now[k] - counts[k] for k in ("AttemptFails", "EstabResets"))
    result["resets_by_kernel"] = now["OutRsts"] - counts["OutRsts"]
    result["closed_in_order"], _ = crew.step()
    crew.end()
    print("\n" + "\n".join(summary(result)), flush=True)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(result, out, indent=1)
    complete = opened == result["heard"] == result["closed_in_order"] == args.connections
    return 0 if complete and result["resets"] == 0 else 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all of them without a word
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("first_source")
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--lines", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--stats", required=True)
    parser.add_argument("--json")
    raise SystemExit(main(parser.parse_args()))
