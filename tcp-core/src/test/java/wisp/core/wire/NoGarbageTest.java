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
  private final Ipv6Header ipv6 = new Ipv6Header();
  private final Ipv6Extensions extensions = new Ipv6Extensions();
  private final UdpHeader udp = new UdpHeader();
  private final Icmpv6Header icmp = new Icmpv6Header();
  private final IcmpQuote quote = new IcmpQuote();
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

  @Test
  void nothingIsAllocatedPerPacketOfIpv6() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    packetsOfIpv6();
    packetsOfIpv6();
    long before = threads.getCurrentThreadAllocatedBytes();
    packetsOfIpv6();
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(bytes < 100_000, bytes + " bytes for " + PACKETS + " packets");
    assertEquals(3L * PACKETS, check);
  }

  /** A UDP datagram behind an atomic fragment header, and an error about it. */
  private void packetsOfIpv6() {
    for (int i = 0; i < PACKETS; i++) {
      Ipv6Header.write(m, 0, 116, Ipv6Extensions.FRAGMENT, i, ~i, -i, i, 64, 0, 0);
      Ipv6FragmentHeader.write(m, 40, Ipv6Header.PROTOCOL_UDP, 0, false, i);
      UdpHeader.write(m, 48, 53, i & 0xFFFF, 108);
      long pseudo = Checksum.pseudoHeaderIpv6(i, ~i, -i, i, Ipv6Header.PROTOCOL_UDP, 108);
      UdpHeader.completeChecksum(m, 48, 108, pseudo);
      boolean read =
          ipv6.wrap(m, 0, 2_000)
              && extensions.walk(ipv6)
              && extensions.hasWholeChain()
              && udp.wrap(m, extensions.payloadStart(), extensions.payloadLength())
              && udp.checksumOk(pseudo);
      int length = Icmpv6Header.writeError(m, 500, 1, 4, 0, m, 0, ipv6.totalLength());
      Icmpv6Header.completeChecksum(m, 500, length, -i, i, i, ~i);
      read &=
          icmp.wrap(m, 500, length)
              && icmp.checksumOk(-i, i, i, ~i)
              && quote.wrap(m, icmp.payloadStart(), icmp.payloadLength());
      check += read && quote.destinationPort() == (i & 0xFFFF) ? 1 : 0;
    }
  }
}
