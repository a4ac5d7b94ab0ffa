package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.spi.KeyedHash;

@DisplayName("Once warm, headers are written, read and summed without garbage")
class NoGarbageTest {
  private static final int PACKETS = 100_000;

  private final MemorySegment m = MemorySegment.ofArray(new byte[2_000]);
  private final MemorySegment payload = MemorySegment.ofArray(new byte[1_400]);
  private final Ipv4Header ip = new Ipv4Header();
  private final TcpHeader tcp = new TcpHeader();
  private final TcpOptions options = new TcpOptions();
  private final KeyedHash hash = new KeyedHash(1, 2);
  private long check;

  @Test
  void nothingIsAllocatedPerPacket() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    packets();
    packets();
    long before = threads.getCurrentThreadAllocatedBytes();
    packets();
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(bytes < 100_000, bytes + " bytes for " + PACKETS + " packets");
    assertEquals(3L * PACKETS, check);
  }

  private void packets() {
    for (int i = 0; i < PACKETS; i++) {
      int headers = Ipv4Header.LENGTH + TcpHeader.LENGTH + TcpOptions.TIMESTAMP_LENGTH;
      int tcpLength = headers - Ipv4Header.LENGTH + 1_400;
      Ipv4Header.write(m, 0, headers + 1_400, Ipv4Header.PROTOCOL_TCP, i, ~i, 64, 0);
      TcpHeader.write(m, 20, 80, 1234, i, -i, tcpLength - 1_400, TcpHeader.ACK, 500, 0);
      TcpOptions.writeTimestamp(m, 40, i, i);
      long sum = Checksum.pseudoHeaderIpv4(i, ~i, Ipv4Header.PROTOCOL_TCP, tcpLength);
      sum = Checksum.sum(m, 20, tcpLength - 1_400, sum);
      sum += Checksum.copyAndSum(payload, 0, m, headers, 1_400);
      TcpHeader.writeChecksum(m, 20, Checksum.finish(sum));

      boolean read =
          ip.wrap(m, 0, 2_000)
              && ip.checksumOk()
              && tcp.wrap(m, ip.payloadStart(), ip.payloadLength())
              && tcp.checksumOk(
                  Checksum.pseudoHeaderIpv4(ip.source(), ip.destination(), 6, tcpLength));
      options.parse(tcp);
      long identity = hash.hash(ip.source(), ip.destination(), tcp.sourcePort());
      check += read && options.tsVal() == i && identity != 0 ? 1 : 0;
    }
  }
}
