package wisp.core.ip;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A wire with hosts on it and a clock; every frame reaches all others, and is kept. */
public final class Lan {
  static final long SECOND = 1_000_000_000L;

  /** A frame that was on the wire. */
  public record Frame(long atNanos, byte[] bytes) {
    public int type() {
      return u16(12);
    }

    public int u8(int at) {
      return bytes[at] & 0xFF;
    }

    public int u16(int at) {
      return u8(at) << 8 | u8(at + 1);
    }

    public int i32(int at) {
      return u16(at) << 16 | u16(at + 2);
    }

    public long i64(int at) {
      return (long) i32(at) << 32 | i32(at + 4) & 0xFFFF_FFFFL;
    }

    public long station(int at) {
      return (long) u16(at) << 32 | i32(at + 2) & 0xFFFF_FFFFL;
    }

    /** ICMPv6 of a type, without extension headers. */
    public boolean isIcmpv6(int type) {
      return type() == 0x86DD && u8(20) == 58 && u8(54) == type;
    }

    public boolean isArp(int operation) {
      return type() == 0x0806 && u16(20) == operation;
    }
  }

  public final List<Frame> frames = new ArrayList<>();
  public long now;
  private final List<Host> hosts = new ArrayList<>();

  public Host host(int number) {
    Host host = new Host(this, number);
    hosts.add(host);
    return host;
  }

  /** Carries frames until nobody says anything more. */
  public void settle() {
    boolean more = true;
    while (more) {
      more = false;
      for (Host from : List.copyOf(hosts)) {
        byte[] bytes;
        while ((bytes = from.link.outgoing.poll()) != null) {
          more = true;
          frames.add(new Frame(now, bytes));
          for (Host to : hosts) {
            if (to != from) {
              to.receiveFrame(bytes);
            }
          }
        }
      }
    }
  }

  /** Lets time pass, deadline by deadline. */
  public void advance(long nanos) {
    long end = now + nanos;
    settle();
    while (true) {
      long next = end;
      for (Host host : hosts) {
        next = Math.min(next, host.hood.nextDeadlineNanos());
      }
      now = Math.max(now, next);
      for (Host host : hosts) {
        host.hood.tick(now);
      }
      settle();
      if (now >= end) {
        return;
      }
    }
  }

  public void unplug(Host host) {
    hosts.remove(host);
  }

  public List<Frame> seen(Predicate<Frame> which) {
    return frames.stream().filter(which).toList();
  }
}
