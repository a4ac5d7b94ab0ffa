package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

/**
 * The link of a process that can be killed: each packet leaves when it is committed, as on TUN, and
 * from the kill on nothing does. It watches that no connection's timestamp goes back, over all
 * processes that share one map.
 */
final class MortalLink extends LinkWrapper {
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int TIMESTAMP = 8;

  private final Runnable beforeLeaving;
  private final Map<Long, Integer> timestamps;
  boolean dead;
  int resets;
  int sent;

  MortalLink(Link link, Runnable beforeLeaving, Map<Long, Integer> timestamps) {
    super(link);
    this.beforeLeaving = beforeLeaving;
    this.timestamps = timestamps;
  }

  static Map<Long, Integer> noTimestamps() {
    return new HashMap<>();
  }

  @Override
  public int receive(Burst burst) {
    return dead ? 0 : link.receive(burst);
  }

  @Override
  public void commit(TransmitPacket packet) {
    beforeLeaving.run();
    if (dead) {
      link.cancel(packet);
      return;
    }
    look(packet.memory, packet.start);
    sent++;
    link.commit(packet);
    link.flush();
  }

  @Override
  public void flush() {}

  private void look(MemorySegment m, long ip) {
    long tcp = ip + 4L * (m.get(ValueLayout.JAVA_BYTE, ip) & 15);
    long end = tcp + 4L * (m.get(ValueLayout.JAVA_BYTE, tcp + 12) >>> 4 & 15);
    int flags = m.get(ValueLayout.JAVA_BYTE, tcp + 13);
    if ((flags & 4) != 0) {
      resets++;
      return;
    }
    long key = (long) m.get(BE32, ip + 16) << 32 | m.get(BE32, tcp) & 0xFFFF_FFFFL;
    for (long at = tcp + 20; at < end; ) {
      int kind = m.get(ValueLayout.JAVA_BYTE, at);
      if (kind == TIMESTAMP) {
        int value = m.get(BE32, at + 2);
        Integer before = timestamps.put(key, value);
        if (before != null && value - before < 0) {
          throw new AssertionError("TSval went back from " + before + " to " + value);
        }
        return;
      }
      at += kind <= 1 ? 1 : m.get(ValueLayout.JAVA_BYTE, at + 1);
    }
  }
}
