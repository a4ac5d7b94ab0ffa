package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An IPv4 source route (RFC 791 §3.1): through which hosts packets go, in order. In a packet the
 * first of them is the destination and the others, with the real destination at the end, are in the
 * option.
 */
public final class SourceRoute {
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** As many as an option holds. */
  public static final int MOST_HOPS = 9;

  static final int LOOSE = 131;
  static final int STRICT = 137;
  private static final int NO_OPERATION = 1;
  private static final int FIXED_BYTES = 3;
  private static final int FIRST_POINTER = 4;

  private final boolean strict;
  private final int[] hops;

  private SourceRoute(boolean strict, int[] hops) {
    if (hops.length < 1 || hops.length > MOST_HOPS) {
      throw new IllegalArgumentException(
          "a source route of " + hops.length + " hops; possible are 1 … " + MOST_HOPS);
    }
    this.strict = strict;
    this.hops = hops;
  }

  /** Other hosts may lie between these. */
  public static SourceRoute loose(IpAddress... hops) {
    return new SourceRoute(false, ipv4(hops));
  }

  /** No others lie between these. */
  public static SourceRoute strict(IpAddress... hops) {
    return new SourceRoute(true, ipv4(hops));
  }

  private static int[] ipv4(IpAddress[] hops) {
    int[] all = new int[hops.length];
    for (int i = 0; i < hops.length; i++) {
      if (!hops[i].isIpv4() || !Scope.isUnicast(hops[i].high(), hops[i].low())) {
        throw new IllegalArgumentException(hops[i] + " is no hop of an IPv4 source route");
      }
      all[i] = (int) hops[i].low();
    }
    return all;
  }

  /**
   * The way back along a route that has been completed: what it recorded, in reverse.
   *
   * @param start first byte of the option
   * @param bytes its length, 7 … 39
   */
  public static SourceRoute back(MemorySegment memory, long start, int bytes) {
    int[] hops = new int[(bytes - FIXED_BYTES) / 4];
    for (int i = 0; i < hops.length; i++) {
      hops[i] = recorded(memory, start, hops.length - 1 - i);
    }
    return new SourceRoute(type(memory, start) == STRICT, hops);
  }

  /** Whether this is the way back along such a route. */
  public boolean isBack(MemorySegment memory, long start, int bytes) {
    boolean same =
        strict == (type(memory, start) == STRICT) && bytes == FIXED_BYTES + 4 * hops.length;
    for (int i = 0; same && i < hops.length; i++) {
      same = hops[i] == recorded(memory, start, hops.length - 1 - i);
    }
    return same;
  }

  private static int recorded(MemorySegment memory, long start, int i) {
    return memory.get(BE32, start + FIXED_BYTES + 4L * i);
  }

  private static int type(MemorySegment memory, long start) {
    return memory.get(ValueLayout.JAVA_BYTE, start) & 0xFF;
  }

  /** Bytes that the option takes in a header. */
  public int optionBytes() {
    return 1 + FIXED_BYTES + 4 * hops.length;
  }

  /** Where its packets are sent first. */
  int firstHop() {
    return hops[0];
  }

  /** Where its packets are sent first. */
  public IpAddress first() {
    return IpAddress.ofIpv4(hops[0]);
  }

  /** Writes the option, a NOP before it. */
  void write(MemorySegment memory, long at, int destination) {
    int length = FIXED_BYTES + 4 * hops.length;
    int type = strict ? STRICT : LOOSE;
    memory.set(BE32, at, NO_OPERATION << 24 | type << 16 | length << 8 | FIRST_POINTER);
    for (int i = 1; i < hops.length; i++) {
      memory.set(BE32, at + 4L * i, hops[i]);
    }
    memory.set(BE32, at + 4L * hops.length, destination);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(strict ? "strict" : "loose");
    for (int hop : hops) {
      text.append(' ').append(IpAddress.ofIpv4(hop));
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SourceRoute r && strict == r.strict && Arrays.equals(hops, r.hops);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hops) + (strict ? 1 : 0);
  }
}
