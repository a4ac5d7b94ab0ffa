package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * A cursor over a neighbour discovery message (RFC 4861 §4): an ICMPv6 header, fixed fields, then
 * options of eight bytes or a multiple. It points at bytes, owns none, and one instance is reused
 * for ever.
 *
 * <pre>
 *          router           router             neighbour        neighbour        redirect
 *          solicitation     advertisement      solicitation     advertisement
 *   0      type, code, checksum
 *   4      –                hop limit, MO,     –                RSO              –
 *                           router lifetime
 *   8      options          reachable time     target (16)      target (16)      target (16)
 *  12                       retrans timer
 *  16                       options
 *  24                                          options          options          destination (16)
 *  40                                                                            options
 * </pre>
 *
 * Hop limit, code and checksum are the receiver's to check; {@link #wrap} sees that what is read is
 * there.
 */
public final class NdpMessage {
  /** Options. */
  public static final int OPTION_SOURCE_LINK_ADDRESS = 1;

  /** See {@link #OPTION_SOURCE_LINK_ADDRESS}. */
  public static final int OPTION_TARGET_LINK_ADDRESS = 2;

  /** See {@link #OPTION_SOURCE_LINK_ADDRESS}. */
  public static final int OPTION_PREFIX_INFORMATION = 3;

  /** See {@link #OPTION_SOURCE_LINK_ADDRESS}. */
  public static final int OPTION_MTU = 5;

  /** The only hop limit that these messages may have: no router has passed them on. */
  public static final int HOP_LIMIT = 255;

  /** Bytes of a link address option on Ethernet. */
  public static final int LINK_OPTION_LENGTH = 8;

  /** Bytes of a router solicitation without options. */
  public static final int ROUTER_SOLICITATION_LENGTH = 8;

  /** Bytes of a neighbour solicitation or advertisement without options. */
  public static final int NEIGHBOUR_LENGTH = 24;

  /** Flag of a neighbour advertisement, in its second word. */
  public static final int FLAG_ROUTER = 0x8000_0000;

  /** See {@link #FLAG_ROUTER}. */
  public static final int FLAG_SOLICITED = 0x4000_0000;

  /** See {@link #FLAG_ROUTER}. */
  public static final int FLAG_OVERRIDE = 0x2000_0000;

  /** {@link #next}: there is no further option. */
  public static final int NONE = -1;

  private static final int PREFIX_OPTION_LENGTH = 32;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length;

  /**
   * Points at a message and checks that its fixed part is whole, and that its options fill the rest
   * exactly, none of length zero (RFC 4861 §4.6). When this returns false, nothing may be read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the ICMPv6 header begins
   * @param length of the message in bytes; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int length) {
    assert length <= 0 || Wire.holds(m, start, length);
    if (length < ROUTER_SOLICITATION_LENGTH) {
      return false;
    }
    memory = m;
    this.start = start;
    this.length = length;
    int fixed = fixedLength(type());
    return fixed > 0 && length >= fixed && optionsFill(fixed);
  }

  private static int fixedLength(int type) {
    return switch (type) {
      case Icmpv6Header.ROUTER_SOLICITATION -> ROUTER_SOLICITATION_LENGTH;
      case Icmpv6Header.ROUTER_ADVERTISEMENT -> 16;
      case Icmpv6Header.NEIGHBOUR_SOLICITATION, Icmpv6Header.NEIGHBOUR_ADVERTISEMENT ->
          NEIGHBOUR_LENGTH;
      case Icmpv6Header.REDIRECT -> 40;
      default -> 0;
    };
  }

  private boolean optionsFill(int fixed) {
    int at = fixed;
    while (length - at >= 8) {
      int bytes = optionLength(at);
      if (bytes == 0) {
        return false;
      }
      at += bytes;
    }
    return at == length;
  }

  /** One of the five types, as in {@link Icmpv6Header}. */
  public int type() {
    return Wire.u8(memory, start);
  }

  /** 0 in every valid message. */
  public int code() {
    return Wire.u8(memory, start + 1);
  }

  /** Cur Hop Limit of a router advertisement; 0: the router says nothing. */
  public int hopLimit() {
    return Wire.u8(memory, start + 4);
  }

  /** Router Lifetime in seconds; 0: not a default router. */
  public int routerLifetimeSeconds() {
    return Wire.u16(memory, start + 6);
  }

  /** Reachable Time in milliseconds, unsigned; 0: the router says nothing. */
  public long reachableMillis() {
    return Wire.i32(memory, start + 8) & 0xFFFF_FFFFL;
  }

  /** Retrans Timer in milliseconds, unsigned; 0: the router says nothing. */
  public long retransMillis() {
    return Wire.i32(memory, start + 12) & 0xFFFF_FFFFL;
  }

  /** Whether a neighbour advertisement has a flag. */
  public boolean has(int flag) {
    return (Wire.i32(memory, start + 4) & flag) != 0;
  }

  /** First half of the target of a solicitation, advertisement or redirect. */
  public long targetHigh() {
    return Wire.i64(memory, start + 8);
  }

  /** Second half. */
  public long targetLow() {
    return Wire.i64(memory, start + 16);
  }

  /** First half of a redirect's destination. */
  public long destinationHigh() {
    return Wire.i64(memory, start + 24);
  }

  /** Second half. */
  public long destinationLow() {
    return Wire.i64(memory, start + 32);
  }

  /** Where the first option begins, counted from the message's start; or {@link #NONE}. */
  public int firstOption() {
    int fixed = fixedLength(type());
    return fixed < length ? fixed : NONE;
  }

  /** The option behind one, or {@link #NONE}. */
  public int next(int option) {
    int at = option + optionLength(option);
    return at < length ? at : NONE;
  }

  /** What an option is. */
  public int optionType(int option) {
    return Wire.u8(memory, start + option);
  }

  private int optionLength(int option) {
    return Wire.u8(memory, start + option + 1) * 8;
  }

  /**
   * The station named by the first option of a type, or {@link HardwareAddress#UNKNOWN} when there
   * is none or it can't be one station's address.
   *
   * @param type {@link #OPTION_SOURCE_LINK_ADDRESS} or {@link #OPTION_TARGET_LINK_ADDRESS}
   */
  public long linkAddress(int type) {
    for (int option = firstOption(); option != NONE; option = next(option)) {
      if (optionType(option) == type && optionLength(option) == LINK_OPTION_LENGTH) {
        long address = HardwareAddress.read(memory, start + option + 2);
        return HardwareAddress.isUnicast(address) ? address : HardwareAddress.UNKNOWN;
      }
    }
    return HardwareAddress.UNKNOWN;
  }

  /** Whether there is an option of a type, whatever it says. */
  public boolean hasOption(int type) {
    for (int option = firstOption(); option != NONE; option = next(option)) {
      if (optionType(option) == type) {
        return true;
      }
    }
    return false;
  }

  /** The MTU option's value, or 0. */
  public long mtu() {
    for (int option = firstOption(); option != NONE; option = next(option)) {
      if (optionType(option) == OPTION_MTU && optionLength(option) == 8) {
        return Wire.i32(memory, start + option + 4) & 0xFFFF_FFFFL;
      }
    }
    return 0;
  }

  /** Whether an option is a prefix information of the right length: the questions below need it. */
  public boolean isPrefix(int option) {
    return optionType(option) == OPTION_PREFIX_INFORMATION
        && optionLength(option) == PREFIX_OPTION_LENGTH;
  }

  /** Bits of the prefix, 0 … 255. */
  public int prefixBits(int option) {
    return Wire.u8(memory, start + option + 2);
  }

  /** L: who has this prefix is on the link. */
  public boolean prefixOnLink(int option) {
    return (Wire.u8(memory, start + option + 3) & 0x80) != 0;
  }

  /** A: addresses may be formed from this prefix. */
  public boolean prefixAutonomous(int option) {
    return (Wire.u8(memory, start + option + 3) & 0x40) != 0;
  }

  /** Valid lifetime in seconds, unsigned; 2^32 − 1: for ever. */
  public long validSeconds(int option) {
    return Wire.i32(memory, start + option + 4) & 0xFFFF_FFFFL;
  }

  /** Preferred lifetime in seconds, unsigned; 2^32 − 1: for ever. */
  public long preferredSeconds(int option) {
    return Wire.i32(memory, start + option + 8) & 0xFFFF_FFFFL;
  }

  /** First half of the prefix; what lies beyond its bits means nothing. */
  public long prefixHigh(int option) {
    return Wire.i64(memory, start + option + 16);
  }

  /** Second half. */
  public long prefixLow(int option) {
    return Wire.i64(memory, start + option + 24);
  }

  /**
   * Writes a router solicitation, its checksum zero.
   *
   * @param sourceLink our station, or {@link HardwareAddress#UNKNOWN} for no option: required when
   *     sent from the unspecified address
   * @return bytes written
   */
  public static int writeRouterSolicitation(MemorySegment m, long start, long sourceLink) {
    Wire.i32(m, start, Icmpv6Header.ROUTER_SOLICITATION << 24);
    Wire.i32(m, start + 4, 0);
    return writeLinkOption(
        m, start, ROUTER_SOLICITATION_LENGTH, OPTION_SOURCE_LINK_ADDRESS, sourceLink);
  }

  /**
   * Writes a neighbour solicitation, its checksum zero.
   *
   * @param sourceLink as in {@link #writeRouterSolicitation}
   * @return bytes written
   */
  public static int writeNeighbourSolicitation(
      MemorySegment m, long start, long targetHigh, long targetLow, long sourceLink) {
    writeTarget(m, start, Icmpv6Header.NEIGHBOUR_SOLICITATION, 0, targetHigh, targetLow);
    return writeLinkOption(m, start, NEIGHBOUR_LENGTH, OPTION_SOURCE_LINK_ADDRESS, sourceLink);
  }

  /**
   * Writes a neighbour advertisement with the target's link address, its checksum zero.
   *
   * @param flags of {@link #FLAG_ROUTER} …
   * @return bytes written
   */
  public static int writeNeighbourAdvertisement(
      MemorySegment m, long start, int flags, long targetHigh, long targetLow, long targetLink) {
    writeTarget(m, start, Icmpv6Header.NEIGHBOUR_ADVERTISEMENT, flags, targetHigh, targetLow);
    return writeLinkOption(m, start, NEIGHBOUR_LENGTH, OPTION_TARGET_LINK_ADDRESS, targetLink);
  }

  private static void writeTarget(
      MemorySegment m, long start, int type, int flags, long targetHigh, long targetLow) {
    Wire.i32(m, start, type << 24);
    Wire.i32(m, start + 4, flags);
    Wire.i64(m, start + 8, targetHigh);
    Wire.i64(m, start + 16, targetLow);
  }

  private static int writeLinkOption(MemorySegment m, long start, int at, int type, long address) {
    if (address == HardwareAddress.UNKNOWN) {
      return at;
    }
    Wire.u8(m, start + at, type);
    Wire.u8(m, start + at + 1, LINK_OPTION_LENGTH / 8);
    HardwareAddress.write(m, start + at + 2, address);
    return at + LINK_OPTION_LENGTH;
  }
}
