package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import wisp.core.wire.ArpPacket;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Icmpv6Header;
import wisp.core.wire.Ipv6Header;
import wisp.core.wire.NdpMessage;

/** Frames that a test makes up. Addresses of neighbours are fe80::N at station 02:…:N. */
public final class Crafted {
  public static final long ALL_NODES_HIGH = 0xFF02_0000_0000_0000L;
  public static final int SOURCE = NdpMessage.OPTION_SOURCE_LINK_ADDRESS;
  public static final int TARGET = NdpMessage.OPTION_TARGET_LINK_ADDRESS;

  public long sourceHigh = Host.FE80;
  public long sourceLow;
  public long destinationHigh;
  public long destinationLow;
  public int hopLimit = 255;
  public boolean breakChecksum;
  public int extension = -1;
  public long station;

  /** From neighbour N. */
  public static Crafted from(int neighbour) {
    var crafted = new Crafted();
    crafted.sourceLow = neighbour;
    crafted.station = 0x0200_0000_0000L | neighbour;
    return crafted;
  }

  public Crafted source(long high, long low) {
    sourceHigh = high;
    sourceLow = low;
    return this;
  }

  public Crafted to(long high, long low) {
    destinationHigh = high;
    destinationLow = low;
    return this;
  }

  public Crafted hopLimit(int hopLimit) {
    this.hopLimit = hopLimit;
    return this;
  }

  public Crafted badChecksum() {
    breakChecksum = true;
    return this;
  }

  /** With an extension header of eight bytes: 0 with router alert, 44 as an atomic fragment. */
  public Crafted extension(int number) {
    extension = number;
    return this;
  }

  /** The frame around an ICMPv6 message. */
  public byte[] frame(byte[] message) {
    int skip = extension < 0 ? 0 : 8;
    byte[] frame = new byte[54 + skip + message.length];
    var m = MemorySegment.ofArray(frame);
    System.arraycopy(message, 0, frame, 54 + skip, message.length);
    boolean group = destinationHigh >>> 56 == 0xFF;
    long to =
        group
            ? HardwareAddress.ofMulticast(destinationHigh, destinationLow)
            : HardwareAddress.BROADCAST;
    EthernetHeader.write(m, 0, to, station, EthernetHeader.TYPE_IPV6);
    Ipv6Header.write(
        m,
        14,
        skip + message.length,
        extension < 0 ? 58 : extension,
        sourceHigh,
        sourceLow,
        destinationHigh,
        destinationLow,
        hopLimit,
        0,
        0);
    if (skip > 0) {
      frame[54] = 58;
      if (extension == 0) {
        frame[56] = 5;
        frame[57] = 2;
        frame[60] = 1;
      }
    }
    if (message.length >= 4) {
      Icmpv6Header.completeChecksum(
          m, 54 + skip, message.length, sourceHigh, sourceLow, destinationHigh, destinationLow);
      frame[56 + skip] ^= breakChecksum ? 1 : 0;
    }
    return frame;
  }

  /** A message of a type with a second word, addresses and options behind. */
  public static byte[] message(int type, int word, long[] words, byte[]... options) {
    int bytes = 8 + 8 * words.length;
    for (byte[] option : options) {
      bytes += option.length;
    }
    var buffer = ByteBuffer.allocate(bytes).putInt(type << 24).putInt(word);
    for (long w : words) {
      buffer.putLong(w);
    }
    for (byte[] option : options) {
      buffer.put(option);
    }
    return buffer.array();
  }

  public static byte[] solicitation(long high, long low, byte[]... options) {
    return message(135, 0, new long[] {high, low}, options);
  }

  public static byte[] advertisement(int flags, long high, long low, byte[]... options) {
    return message(136, flags, new long[] {high, low}, options);
  }

  /** A router's, with a lifetime in seconds and a hop limit of 64. */
  public static byte[] router(int lifetime, byte[]... options) {
    return message(134, 64 << 24 | lifetime, new long[] {0}, options);
  }

  public static byte[] linkOption(int type, long station) {
    return ByteBuffer.allocate(8)
        .put((byte) type)
        .put((byte) 1)
        .putShort((short) (station >>> 32))
        .putInt((int) station)
        .array();
  }

  public static byte[] mtuOption(int mtu) {
    return ByteBuffer.allocate(8).putInt(0x0501_0000).putInt(mtu).array();
  }

  /** Flags: 0x80 on link, 0x40 autonomous. */
  public static byte[] prefixOption(int bits, int flags, int valid, int preferred, long high) {
    return ByteBuffer.allocate(32)
        .put((byte) 3)
        .put((byte) 4)
        .put((byte) bits)
        .put((byte) flags)
        .putInt(valid)
        .putInt(preferred)
        .putInt(0)
        .putLong(high)
        .putLong(0)
        .array();
  }

  /** An ARP frame from station 02:…:N. */
  public static byte[] arp(int operation, int neighbour, int sender, int target) {
    byte[] frame = new byte[60];
    var m = MemorySegment.ofArray(frame);
    long station = 0x0200_0000_0000L | neighbour;
    EthernetHeader.write(m, 0, HardwareAddress.BROADCAST, station, EthernetHeader.TYPE_ARP);
    ArpPacket.write(m, 14, operation, station, sender, 0, target);
    return frame;
  }
}
