package wisp.drivers.pcap;

import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.drivers.Framing;
import wisp.drivers.WireChecksum;

/**
 * Writes a capture file: pcap with nanoseconds (magic {@code a1b23c4d}), the machine's byte order.
 *
 * <pre>
 *   file   magic 4 │ version 2.4 │ 0 │ 0 │ snap length 4 │ link type 4
 *   packet seconds 4 │ nanoseconds 4 │ bytes here 4 │ bytes on the wire 4 │ packet …
 * </pre>
 *
 * <p>Buffered; allocates nothing per packet. Trouble with the disk must not harm the stack: the
 * first error ends the recording, and {@link #close} throws it. Not thread-safe.
 */
public final class PcapWriter implements AutoCloseable {
  /** As much of a packet as tcpdump keeps. */
  public static final int WHOLE_PACKETS = 262_144;

  static final int LINKTYPE_ETHERNET = 1;
  static final int LINKTYPE_RAW = 101;
  private static final int FILE_HEADER_BYTES = 24;
  private static final int PACKET_HEADER_BYTES = 16;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfShort BE16 = SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private final Path path;
  private final FileOutputStream file;
  private final Link.Kind kind;
  private final Sampling sampling;
  private final int snapBytes;
  private final byte[] bytes;
  private final MemorySegment buffer;
  private int fill;
  private long written; // bytes of the file, as far as it is sound
  private long packets;
  private @Nullable IOException failure;
  private boolean closed;

  /** Records every packet whole. */
  public PcapWriter(Path path, Link.Kind kind) throws IOException {
    this(path, kind, new Sampling.All(), WHOLE_PACKETS);
  }

  /**
   * Begins a file; one that exists is overwritten, unless another recording is writing it.
   *
   * @param kind what packets begin with
   * @param sampling which packets to keep; {@link Sampling.EveryConnection} keeps no frame that is
   *     not IP
   * @param snapBytes how much of each to keep, 64 … {@link #WHOLE_PACKETS}
   */
  public PcapWriter(Path path, Link.Kind kind, Sampling sampling, int snapBytes)
      throws IOException {
    if (snapBytes < 64 || snapBytes > WHOLE_PACKETS) {
      throw new IllegalArgumentException(
          "snap length " + snapBytes + " is outside 64 … " + WHOLE_PACKETS);
    }
    this.kind = kind;
    this.sampling = sampling;
    this.snapBytes = snapBytes;
    bytes = new byte[Math.max(1 << 18, 2 * (snapBytes + PACKET_HEADER_BYTES))];
    buffer = MemorySegment.ofArray(bytes);
    this.path = path;
    file = begin(path);
    buffer.set(INT, 0, 0xA1B23C4D);
    buffer.set(SHORT, 4, (short) 2);
    buffer.set(SHORT, 6, (short) 4);
    buffer.set(INT, 8, 0);
    buffer.set(INT, 12, 0);
    buffer.set(INT, 16, snapBytes);
    buffer.set(INT, 20, kind == Link.Kind.IP ? LINKTYPE_RAW : LINKTYPE_ETHERNET);
    fill = FILE_HEADER_BYTES;
  }

  /** Opens a file for us alone, and empties it only then. */
  private static FileOutputStream begin(Path path) throws IOException {
    var file = new FileOutputStream(path.toFile(), true);
    try {
      if (Files.isRegularFile(path)) {
        if (!isOurs(file.getChannel())) {
          throw new IOException(path + ": another recording is writing it; name another file");
        }
        file.getChannel().truncate(0);
      }
      return file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The lock goes with the file. */
  private static boolean isOurs(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // this JVM's
    } catch (IOException e) {
      return true; // a file system that knows no locks
    }
  }

  /** Records a packet as it is, if it is among the sample. Its memory is only read. */
  public void write(long epochNanos, MemorySegment memory, long start, int length) {
    append(epochNanos, memory, start, length);
  }

  /**
   * Records a packet whose checksum the link is still to complete: the file gets it complete.
   *
   * @param checksumStart as in {@link wisp.core.spi.TransmitPacket}
   * @param checksumOffset likewise
   */
  void writeCompleting(
      long epochNanos,
      MemorySegment memory,
      long start,
      int length,
      int checksumStart,
      int checksumOffset) {
    int at = append(epochNanos, memory, start, length);
    long field = (long) checksumStart + checksumOffset;
    if (at >= 0 && checksumStart >= 0 && checksumOffset >= 0 && field + 2 <= length) {
      patch(
          at,
          length,
          (int) field,
          WireChecksum.complete(memory, start + checksumStart, length - checksumStart));
    }
  }

  /**
   * Records a packet whose checksum the link vouches for and may have left partial: the file gets
   * it complete.
   */
  void writeTrusted(long epochNanos, MemorySegment memory, long start, int length) {
    int at = append(epochNanos, memory, start, length);
    int ip = at < 0 ? -1 : Framing.ipOffset(kind, memory, start, length);
    if (ip >= 0) {
      long checksum = WireChecksum.of(memory, start + ip, length - ip);
      if (checksum != WireChecksum.NONE) {
        patch(at, length, ip + WireChecksum.field(checksum), WireChecksum.checksum(checksum));
      }
    }
  }

  /** Packets recorded. */
  public long packets() {
    return packets;
  }

  /** Whether recording has ended early because of an error. */
  public boolean failed() {
    return failure != null;
  }

  /** Writes what is buffered to the file. */
  public void flush() {
    if (failure == null && !closed) {
      try {
        file.write(bytes, 0, fill);
        written += fill;
      } catch (IOException e) {
        fail(e);
      }
    }
    fill = 0;
  }

  /** Takes back what was written of a block in vain, so that the file is a sound one. */
  private void fail(IOException e) {
    failure =
        new IOException(
            "recording to " + path + " ended at byte " + written + ": " + e.getMessage(), e);
    try {
      if (Files.isRegularFile(path)) {
        file.getChannel().truncate(written);
      }
    } catch (IOException later) {
      failure.addSuppressed(later); // then it ends within a packet
    }
  }

  /**
   * Ends the file. Idempotent.
   *
   * @throws IOException the first error of all, if there was one; the file then ends before it
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    flush();
    closed = true;
    try {
      file.close();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Returns where in the buffer the copy begins, or −1 when it was not recorded. */
  private int append(long epochNanos, MemorySegment memory, long start, int length) {
    if (failure != null || closed || length < 0 || !keeps(memory, start, length)) {
      return -1;
    }
    int kept = Math.min(length, snapBytes);
    if (fill + PACKET_HEADER_BYTES + kept > bytes.length) {
      flush();
    }
    buffer.set(INT, fill, (int) Math.floorDiv(epochNanos, 1_000_000_000L));
    buffer.set(INT, fill + 4, (int) Math.floorMod(epochNanos, 1_000_000_000L));
    buffer.set(INT, fill + 8, kept);
    buffer.set(INT, fill + 12, length);
    int at = fill + PACKET_HEADER_BYTES;
    MemorySegment.copy(memory, start, buffer, at, kept);
    fill = at + kept;
    packets++;
    return at;
  }

  private boolean keeps(MemorySegment memory, long start, int length) {
    return switch (sampling) {
      case Sampling.All() -> true;
      case Sampling.First first -> packets < first.packets();
      case Sampling.EveryConnection every -> {
        int ip = Framing.ipOffset(kind, memory, start, length);
        yield ip >= 0 && every.keeps(memory, start + ip, length - ip);
      }
    };
  }

  private void patch(int at, int length, int field, int checksum) {
    if (field + 2 <= Math.min(length, snapBytes)) {
      buffer.set(BE16, at + field, (short) checksum);
    }
  }
}
