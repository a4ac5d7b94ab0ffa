package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * Walks the extension headers of an IPv6 packet (RFC 8200 §4) up to the protocol, or to the
 * fragment header of a packet that is a piece of another. One instance is reused for ever; it
 * borrows the packet's memory until the next walk.
 *
 * <p>Headers are obeyed one after the other, so the first problem is the one that is told. Work is
 * bounded: {@link #MAX_HEADERS} headers, {@link #MAX_OPTIONS} options besides padding, and every
 * step goes forward by a byte at least. No option is known here: all act by the two top bits of
 * their type (§4.2), jumbo payload (RFC 2675) among them.
 */
public final class Ipv6Extensions {
  /** Next header: hop-by-hop options, right behind the IPv6 header only (RFC 8200 §4.3). */
  public static final int HOP_BY_HOP = 0;

  /** Next header: routing (RFC 8200 §4.4). */
  public static final int ROUTING = 43;

  /** Next header: fragment (RFC 8200 §4.5). */
  public static final int FRAGMENT = 44;

  /** Next header: nothing follows that means anything (RFC 8200 §4.7). */
  public static final int NO_NEXT_HEADER = 59;

  /** Next header: destination options (RFC 8200 §4.6). */
  public static final int DESTINATION_OPTIONS = 60;

  /** A packet with more extension headers is dropped (RFC 8504 §5.3 allows a limit). */
  public static final int MAX_HEADERS = 8;

  /** A packet with more options, padding not counted, is dropped (RFC 8504 §5.3). */
  public static final int MAX_OPTIONS = 64;

  /** {@link #problemCode}: nothing is answered. */
  public static final int SILENT = -1;

  /** {@link #lengthOf}: the header does not lie wholly in the packet. */
  static final int CUT_SHORT = -1;

  private static final int MIN_HEADER = 8;
  private static final int PAD1 = 0;
  private static final int PADN = 1;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int end; // this and other places: offsets from the packet's start
  private int offset;
  private int nextHeaderField;
  private int protocol;
  private int headers;
  private int options;

  private int fragmentHeader;
  private boolean fragment;
  private boolean atomicFragment;
  private int fragmentOffset;
  private boolean moreFragments;
  private int identification;

  private int problemCode;
  private int problemPointer;
  private boolean problemEvenToMulticast;

  /**
   * Walks the headers of a packet that was accepted. When this returns false, the packet is to be
   * dropped, and only the three methods that begin with {@code problem} may be asked.
   *
   * @param header borrowed until this returns; its memory until the next walk
   */
  public boolean walk(Ipv6Header header) {
    begin(header);
    while (!fragment && isExtension(protocol)) {
      if (!step()) {
        return false;
      }
    }
    return true;
  }

  private void begin(Ipv6Header header) {
    memory = header.memory();
    start = header.start();
    end = header.totalLength();
    offset = Ipv6Header.LENGTH;
    nextHeaderField = Ipv6Header.NEXT_HEADER_OFFSET;
    protocol = header.nextHeader();
    headers = 0;
    options = 0;
    fragmentHeader = 0;
    fragment = false;
    atomicFragment = false;
    fragmentOffset = 0;
    moreFragments = false;
    identification = 0;
    drop();
  }

  /** Obeys the header at {@link #offset} and goes past it. */
  private boolean step() {
    if (++headers > MAX_HEADERS) {
      return drop();
    }
    if (protocol == HOP_BY_HOP && nextHeaderField != Ipv6Header.NEXT_HEADER_OFFSET) {
      return problem(Icmpv6Header.CODE_UNRECOGNIZED_NEXT_HEADER, nextHeaderField);
    }
    int bytes = lengthOf(memory, start + offset, end - offset, protocol);
    if (bytes == CUT_SHORT) {
      return drop();
    }
    boolean passed =
        switch (protocol) {
          case ROUTING -> routing();
          case FRAGMENT -> fragment();
          default -> options(offset + 2, offset + bytes);
        };
    if (passed) {
      pass(bytes);
    }
    return passed;
  }

  private void pass(int bytes) {
    protocol = Wire.u8(memory, start + offset);
    if (!fragment) {
      nextHeaderField = offset;
    }
    offset += bytes;
  }

  static boolean isExtension(int nextHeader) {
    return switch (nextHeader) {
      case HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS -> true;
      default -> false;
    };
  }

  /**
   * Bytes of an extension header, a multiple of 8; {@link #CUT_SHORT} when it is longer than what
   * there is.
   */
  static int lengthOf(MemorySegment m, long at, int available, int nextHeader) {
    if (available < MIN_HEADER) {
      return CUT_SHORT;
    }
    int bytes =
        nextHeader == FRAGMENT ? Ipv6FragmentHeader.LENGTH : MIN_HEADER * (1 + Wire.u8(m, at + 1));
    return bytes <= available ? bytes : CUT_SHORT;
  }

  /** We forward nothing: whatever the type, a route that ends here is all that we know. */
  private boolean routing() {
    boolean arrived = Wire.u8(memory, start + offset + 3) == 0;
    return arrived || problem(Icmpv6Header.CODE_ERRONEOUS_FIELD, offset + 2);
  }

  private boolean fragment() {
    int offsetAndFlags = Wire.u16(memory, start + offset + Ipv6FragmentHeader.OFFSET_OFFSET);
    fragmentHeader = offset;
    fragmentOffset = Ipv6FragmentHeader.fragmentOffset(offsetAndFlags);
    moreFragments = Ipv6FragmentHeader.moreFragments(offsetAndFlags);
    identification = Wire.i32(memory, start + offset + 4);
    fragment = fragmentOffset != 0 || moreFragments;
    atomicFragment |= !fragment; // RFC 6946 §4: whole in itself, it meets no other fragment
    return true;
  }

  private boolean options(int from, int to) {
    int at = from;
    while (at < to) {
      int type = Wire.u8(memory, start + at);
      if (type == PAD1) {
        at++;
        continue;
      }
      int bytes = at + 1 < to ? 2 + Wire.u8(memory, start + at + 1) : CUT_SHORT;
      if (bytes == CUT_SHORT || bytes > to - at) {
        return drop();
      }
      if (type != PADN && !option(type, at)) {
        return false;
      }
      at += bytes;
    }
    return true;
  }

  /** RFC 8200 §4.2. */
  private boolean option(int type, int at) {
    if (++options > MAX_OPTIONS) {
      return drop();
    }
    return switch (type >>> 6) {
      case 0 -> true;
      case 1 -> drop();
      default -> {
        problem(Icmpv6Header.CODE_UNRECOGNIZED_OPTION, at);
        problemEvenToMulticast = type >>> 6 == 2;
        yield false;
      }
    };
  }

  private boolean drop() {
    return problem(SILENT, 0);
  }

  private boolean problem(int code, int pointer) {
    problemCode = code;
    problemPointer = pointer;
    problemEvenToMulticast = false;
    return false;
  }

  /**
   * What is there behind the last header: a protocol or {@link #NO_NEXT_HEADER}; in a fragment what
   * the fragmentable part of the whole packet begins with, which may be another extension header.
   */
  public int protocol() {
    return protocol;
  }

  /** Where that begins in the packet's memory; in a fragment, its piece. */
  public long payloadStart() {
    return start + offset;
  }

  /** Bytes from {@link #payloadStart} on, by the payload length of the IPv6 header. */
  public int payloadLength() {
    return end - offset;
  }

  /**
   * Whether the walk ended at a fragment header: this is a piece of a packet, first or last one
   * included. A whole packet with a fragment header is none.
   */
  public boolean isFragment() {
    return fragment;
  }

  /** Whether a fragment header was passed that says that this packet is whole (RFC 6946). */
  public boolean isAtomicFragment() {
    return atomicFragment;
  }

  /** Where this piece belongs in the fragmentable part, in bytes: a multiple of 8. */
  public int fragmentOffset() {
    return fragmentOffset;
  }

  /** M. */
  public boolean moreFragments() {
    return moreFragments;
  }

  /** Identification of the last fragment header, 0 when there is none. */
  public int identification() {
    return identification;
  }

  /** Where the last fragment header begins in the packet's memory; ask only if there is one. */
  public long fragmentHeaderStart() {
    return start + fragmentHeader;
  }

  /** Bytes from the IPv6 header to the last fragment header; ask only if there is one. */
  public int unfragmentableLength() {
    return fragmentHeader;
  }

  /**
   * Where the next header field stands that names {@link #protocol}, or in a fragment the fragment
   * header: an offset from the packet's start. Reassembly writes {@link #protocol} there; a
   * parameter problem of code 1 points at it.
   */
  public int nextHeaderFieldOffset() {
    return nextHeaderField;
  }

  /**
   * Whether all headers lie in this packet, of the protocol's as much as makes it known: 20 bytes
   * of TCP, 8 of UDP and ICMPv6, one of any other. A first fragment must have them (RFC 7112 §5);
   * of a later one nothing is asked, it is true.
   */
  public boolean hasWholeChain() {
    if (fragmentOffset != 0) {
      return true;
    }
    int next = protocol;
    int at = offset;
    for (int passed = headers; isExtension(next); passed++) {
      int bytes = lengthOf(memory, start + at, end - at, next);
      if (passed >= MAX_HEADERS || bytes == CUT_SHORT || isLaterFragment(next, at)) {
        return false;
      }
      next = Wire.u8(memory, start + at);
      at += bytes;
    }
    return end - at >= neededOf(next);
  }

  private boolean isLaterFragment(int nextHeader, int at) {
    return nextHeader == FRAGMENT
        && Ipv6FragmentHeader.fragmentOffset(
                Wire.u16(memory, start + at + Ipv6FragmentHeader.OFFSET_OFFSET))
            != 0;
  }

  private static int neededOf(int protocol) {
    return switch (protocol) {
      case Ipv6Header.PROTOCOL_TCP -> TcpHeader.LENGTH;
      case Ipv6Header.PROTOCOL_UDP -> UdpHeader.LENGTH;
      case Ipv6Header.PROTOCOL_ICMPV6 -> Icmpv6Header.LENGTH;
      case NO_NEXT_HEADER -> 0;
      default -> 1;
    };
  }

  /**
   * Why the last walk failed: the code of a parameter problem to send, 0, 1 or 2; or {@link
   * #SILENT}.
   */
  public int problemCode() {
    return problemCode;
  }

  /** What the parameter problem points at: an offset from the packet's start, in bytes. */
  public int problemPointer() {
    return problemPointer;
  }

  /**
   * Whether the parameter problem is sent even when the packet went to a multicast group (RFC 4443
   * §2.4 e.3): for options whose type begins with the bits 10.
   */
  public boolean problemEvenToMulticast() {
    return problemEvenToMulticast;
  }
}
