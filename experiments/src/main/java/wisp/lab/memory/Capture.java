package wisp.lab.memory;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import wisp.core.spi.Link;
import wisp.drivers.pcap.PcapWriter;
import wisp.lab.phantom.PacketTap;

/** A sample of the packets as a pcap file. */
final class Capture implements PacketTap, AutoCloseable {
  private static final long SPACING_NANOS = 1000;
  private final PcapWriter writer;
  private long nanos;

  Capture(Path file) throws IOException {
    writer = new PcapWriter(file, Link.Kind.IP);
  }

  @Override
  public void packet(MemorySegment memory, long start, int length) {
    // The order is what matters: the clock is virtual, so packets are a microsecond apart.
    nanos += SPACING_NANOS;
    writer.write(nanos, memory, start, length);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
