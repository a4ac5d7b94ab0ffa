package wisp.drivers.pcap;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import wisp.core.spi.Link;

/**
 * Reads a capture file: pcap with micro- or nanoseconds, in either byte order, of Ethernet frames
 * or IP packets (draft-ietf-opsawg-pcap; the layout is in {@link PcapWriter}). Nothing of the file
 * is believed: whatever is not as it must be ends in a {@link DamagedException} that says what and
 * where, never beyond a buffer. Allocates nothing per packet. Not thread-safe.
 */
public final class PcapReader implements AutoCloseable {
  private static final int MICROS = 0xA1B2C3D4;
  private static final int NANOS = 0xA1B23C4D;
  private static final int PCAPNG = 0x0A0D0D0A; // the same in both byte orders
  private static final int FILE_HEADER_BYTES = 24;
  private static final int PACKET_HEADER_BYTES = 16;
  private static final int LARGEST_RECORD = PcapWriter.WHOLE_PACKETS;
  private static final int BUFFER_BYTES = 2 * (LARGEST_RECORD + PACKET_HEADER_BYTES);
  private static final long SECOND = 1_000_000_000L;

  /** A file that is no capture, or ends or goes wrong in the middle; one line for the user. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(String message) {
      super(message);
    }
  }

  private final Path path;
  private final InputStream file;
  private final byte[] bytes = new byte[BUFFER_BYTES];
  private final MemorySegment buffer = MemorySegment.ofArray(bytes);
  private final ValueLayout.OfInt integer;
  private final ValueLayout.OfShort shortInteger;
  private final long fractionNanos;
  private final Link.Kind kind;
  private int position;
  private int limit;
  private long consumed; // bytes of the file before position
  private long packets;
  private long timeNanos;
  private int start;
  private int length;
  private int wireLength;

  /**
   * Opens a file.
   *
   * @throws DamagedException when it is no capture that can be read here
   * @throws IOException when it can't be read
   */
  public PcapReader(Path path) throws IOException {
    this.path = path;
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new DamagedException(path + " is not a file");
    }
    file = new FileInputStream(path.toFile());
    try {
      if (!fill(FILE_HEADER_BYTES)) {
        throw new DamagedException(path + " is no capture: it has only " + limit + " bytes");
      }
      int magic = buffer.get(order(ByteOrder.nativeOrder()), 0);
      ByteOrder order = ByteOrder.nativeOrder();
      if (magic != MICROS && magic != NANOS) {
        magic = Integer.reverseBytes(magic);
        order = order == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
      }
      integer = order(order);
      shortInteger = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
      fractionNanos = resolution(magic);
      kind = kind();
      position = FILE_HEADER_BYTES;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static ValueLayout.OfInt order(ByteOrder order) {
    return ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
  }

  private long resolution(int magic) throws DamagedException {
    return switch (magic) {
      case NANOS -> 1;
      case MICROS -> 1000;
      case PCAPNG ->
          throw new DamagedException(
              path + " is a pcapng capture; make it pcap with: editcap -F nsecpcap IN OUT");
      default -> throw new DamagedException(path + " is no capture: it does not begin like pcap");
    };
  }

  private Link.Kind kind() throws DamagedException {
    int major = buffer.get(shortInteger, 4) & 0xFFFF;
    if (major != 2) {
      throw new DamagedException(path + " is of pcap's version " + major + ", not 2");
    }
    int type = buffer.get(integer, 20) & 0xFFFF; // above: what Ethernet frames end with
    return switch (type) {
      case PcapWriter.LINKTYPE_ETHERNET -> Link.Kind.ETHERNET;
      case PcapWriter.LINKTYPE_RAW, 12, 14, 228, 229 -> Link.Kind.IP; // also BSDs', IPv4, IPv6
      default ->
          throw new DamagedException(
              path
                  + " is of link type "
                  + type
                  + "; only Ethernet (1) and IP (101, 228, 229) can be read");
    };
  }

  /** What packets begin with. */
  public Link.Kind linkKind() {
    return kind;
  }

  /**
   * Goes to the next packet.
   *
   * @return false at the end of the file
   * @throws DamagedException when the file goes on with something that is no packet
   */
  public boolean next() throws IOException {
    if (!fill(PACKET_HEADER_BYTES)) {
      if (limit > position) {
        throw damaged("ends within a packet's header");
      }
      return false;
    }
    long fraction = buffer.get(integer, position + 4L) & 0xFFFF_FFFFL;
    long captured = buffer.get(integer, position + 8L) & 0xFFFF_FFFFL;
    long original = buffer.get(integer, position + 12L) & 0xFFFF_FFFFL;
    if (fraction * fractionNanos >= SECOND) {
      throw damaged("has a packet " + fraction + " parts of a second after the second");
    }
    if (captured > LARGEST_RECORD) {
      throw damaged("has a packet of " + captured + " bytes");
    }
    timeNanos = (buffer.get(integer, position) & 0xFFFF_FFFFL) * SECOND + fraction * fractionNanos;
    if (!fill(PACKET_HEADER_BYTES + (int) captured)) {
      throw damaged("ends within a packet");
    }
    start = position + PACKET_HEADER_BYTES;
    length = (int) captured;
    wireLength = (int) Math.min(original, Integer.MAX_VALUE);
    position = start + length;
    packets++;
    return true;
  }

  /** Packets so far. */
  public long packets() {
    return packets;
  }

  /** When the packet was captured: nanoseconds since 1970. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Where the packet lies, borrowed until {@link #next}. */
  public MemorySegment memory() {
    return buffer;
  }

  /** Its first byte in {@link #memory}. */
  public int start() {
    return start;
  }

  /** Its bytes in the file. */
  public int length() {
    return length;
  }

  /** Whether it was longer when it was captured. */
  public boolean isCut() {
    return wireLength > length;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      // Nothing was written: there is nothing to lose.
    }
  }

  /** Has so many bytes lie from {@link #position} on; false when the file has no more. */
  private boolean fill(int wanted) throws IOException {
    if (limit - position >= wanted) {
      return true;
    }
    System.arraycopy(bytes, position, bytes, 0, limit - position);
    consumed += position;
    limit -= position;
    position = 0;
    while (limit < wanted) {
      int read = file.read(bytes, limit, bytes.length - limit);
      if (read < 0) {
        return false;
      }
      limit += read;
    }
    return true;
  }

  private DamagedException damaged(String how) {
    return new DamagedException(
        path + " " + how + ", at byte " + (consumed + position) + " after " + packets + " packets");
  }
}
