package wisp.drivers.pcap;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Which packets a capture keeps. */
public sealed interface Sampling {
  /** Every packet. */
  record All() implements Sampling {}

  /**
   * The first packets, then none.
   *
   * @param packets how many
   */
  record First(long packets) implements Sampling {
    public First {
      if (packets < 0) {
        throw new IllegalArgumentException("the first " + packets + " packets");
      }
    }
  }

  /**
   * Both directions of one connection in {@code k}, chosen by a hash of addresses and ports: no
   * table, and the same ones in every run. What is neither TCP nor UDP is chosen by its addresses.
   *
   * @param k 1: every connection
   */
  record EveryConnection(int k) implements Sampling {
    private static final ValueLayout.OfInt BE32 =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort BE16 =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    public EveryConnection {
      if (k < 1) {
        throw new IllegalArgumentException("every " + k + "th connection");
      }
    }

    /**
     * Whether an IP packet belongs to a chosen connection. Fragments and malformed packets never
     * do.
     */
    boolean keeps(MemorySegment memory, long start, int length) {
      if (length < 20) {
        return false;
      }
      int version = memory.get(ValueLayout.JAVA_BYTE, start) >> 4 & 0xF;
      int source = 0;
      int destination = 0;
      int protocol;
      int headerBytes;
      if (version == 4) {
        headerBytes = (memory.get(ValueLayout.JAVA_BYTE, start) & 0xF) * 4;
        if ((memory.get(BE16, start + 6) & 0x3FFF) != 0) {
          return false;
        }
        protocol = memory.get(ValueLayout.JAVA_BYTE, start + 9);
        source = memory.get(BE32, start + 12);
        destination = memory.get(BE32, start + 16);
      } else if (version == 6 && length >= 40) {
        headerBytes = 40;
        protocol = memory.get(ValueLayout.JAVA_BYTE, start + 6);
        for (int i = 0; i < 16; i += 4) {
          source = source * 31 + memory.get(BE32, start + 8 + i);
          destination = destination * 31 + memory.get(BE32, start + 24 + i);
        }
      } else {
        return false;
      }
      int sourcePort = 0;
      int destinationPort = 0;
      if ((protocol == 6 || protocol == 17) && length >= headerBytes + 4) {
        sourcePort = memory.get(BE16, start + headerBytes) & 0xFFFF;
        destinationPort = memory.get(BE16, start + headerBytes + 2) & 0xFFFF;
      }
      // Sum and xor of the ends are the same in both directions.
      long one = mix((long) source << 16 ^ sourcePort);
      long other = mix((long) destination << 16 ^ destinationPort);
      return Long.remainderUnsigned(mix(one + other ^ protocol), k) == 0;
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long bits) {
      long mixed = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
      mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
      return mixed ^ mixed >>> 31;
    }
  }
}
