package wisp.drivers.pcap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.LongSupplier;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

/**
 * Records both directions of any link. What it wraps keeps its offloads; the file shows checksums
 * complete, and packets that the link cuts into segments as the one piece that the stack handed
 * over.
 *
 * <p>A received packet is recorded when the stack gets it, a sent one when it is committed, which
 * is no promise that the link did not drop it.
 */
public final class PcapLink extends LinkWrapper {
  private final PcapWriter writer;
  private final LongSupplier epochNanos;

  /**
   * Wraps a link, and owns both from now on.
   *
   * @param link closed with this one
   * @param writer closed with this one
   * @param epochNanos the wall clock (or a virtual one) in nanoseconds since 1970, asked once per
   *     packet sent and once per burst received
   */
  public PcapLink(Link link, PcapWriter writer, LongSupplier epochNanos) {
    super(link);
    this.writer = writer;
    this.epochNanos = epochNanos;
  }

  @Override
  public String name() {
    return "pcap:" + link.name();
  }

  @Override
  public int receive(Burst burst) {
    int first = burst.size();
    int added = link.receive(burst);
    if (added > 0) {
      long now = epochNanos.getAsLong();
      for (int i = first; i < burst.size(); i++) {
        if ((burst.flags(i) & Burst.CHECKSUM_TRUSTED) != 0) {
          writer.writeTrusted(now, burst.memory(i), burst.start(i), burst.length(i));
        } else {
          writer.write(now, burst.memory(i), burst.start(i), burst.length(i));
        }
      }
    }
    return added;
  }

  @Override
  public void commit(TransmitPacket packet) {
    // Before the link has it: afterwards the memory is no longer ours to read.
    long now = epochNanos.getAsLong();
    if (packet.needsChecksum) {
      writer.writeCompleting(
          now,
          packet.memory,
          packet.start,
          packet.length,
          packet.checksumStart,
          packet.checksumOffset);
    } else {
      writer.write(now, packet.memory, packet.start, packet.length);
    }
    link.commit(packet);
  }

  /**
   * Closes the link, then the file.
   *
   * @throws UncheckedIOException when the file could not be written; the link is closed all the
   *     same
   */
  @Override
  public void close() {
    try (link) {
      writer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
