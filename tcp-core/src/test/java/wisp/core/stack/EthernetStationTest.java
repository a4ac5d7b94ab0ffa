package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.TestEthernet;
import wisp.core.spi.TestMemory;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;

@DisplayName("RFC 894, RFC 2464, RFC 1122 §3.3.6: a context on an Ethernet link, frame by frame")
class EthernetStationTest {
  private static final long OURS = 0x0200_0000_0001L;
  private static final long THEIRS = 0x0200_0000_0002L;
  private static final long IPV6_GROUP = 0x3333_0000_0001L;

  private final TestEthernet link = new TestEthernet(OURS);
  private final TestMemory memory = new TestMemory();
  private long now = 1_000_000_000L;

  private Context context(IpPrefix... own) {
    return new Context(ContextConfig.of(own), memory, link, new SplittableRandom(11)::nextLong);
  }

  /** At 10.0.0.1 and fd00::1, both in use. */
  private Context started() {
    Context context = context(IpPrefix.parse("10.0.0.1/32"), IpPrefix.parse("fd00::1/128"));
    for (int i = 0; i < 50; i++) {
      now += 100_000_000;
      context.poll(now);
    }
    link.outgoing.clear();
    return context;
  }

  private static IpPrefix[] single(int n) {
    return IntStream.rangeClosed(1, n)
        .mapToObj(i -> IpPrefix.parse("fd00::" + i + "/128"))
        .toArray(IpPrefix[]::new);
  }

  private static byte[] frame(long to, byte[] packet) {
    byte[] frame = new byte[EthernetHeader.LENGTH + packet.length];
    int type = packet[0] >>> 4 == 6 ? EthernetHeader.TYPE_IPV6 : EthernetHeader.TYPE_IPV4;
    EthernetHeader.write(MemorySegment.ofArray(frame), 0, to, THEIRS, type);
    System.arraycopy(packet, 0, frame, EthernetHeader.LENGTH, packet.length);
    return frame;
  }

  @Test
  @DisplayName("RFC 4862 §5.4: more single addresses than are tried for duplicates are refused")
  void givenNineSingleIpv6Addresses_whenTheLinkIsEthernet_thenRefusedWithAReason() {
    var refusal = assertThrows(IllegalArgumentException.class, () -> context(single(9)));
    assertTrue(refusal.getMessage().contains("9 single IPv6 addresses"), refusal::getMessage);
    assertTrue(refusal.getMessage().contains("block"), refusal::getMessage);
    Context context = context(single(8));
    for (int i = 0; i < 50; i++) {
      now += 100_000_000;
      context.poll(now);
    }
    for (IpPrefix own : single(8)) {
      context.bind(new Endpoint(own.address(), 53), (c, port, d) -> {});
    }
    context.close();
    memory.close();
  }

  /** Packets to one of ours that want an answer: an echo, one in fragments, and two refusals. */
  private static List<List<byte[]>> questions(boolean ipv6) {
    IpAddress us = IpAddress.parse(ipv6 ? "fd00::1" : "10.0.0.1");
    IpAddress[] them =
        IntStream.range(0, 4)
            .mapToObj(i -> IpAddress.parse((ipv6 ? "fd00::" : "10.0.0.") + (10 + i)))
            .toArray(IpAddress[]::new);
    int echo = ipv6 ? 128 : 8;
    byte[] cut = Raw.icmp(them[1], us, echo, 0, 1, Raw.bytes(2_000, 5));
    byte[] strange =
        ipv6
            ? Raw.extend(
                Raw.ipv6(Raw.UDP, them[3], us, new byte[20]),
                Raw.Extension.of(Raw.DESTINATION, 0, 0x9E, 4, 0, 0, 0, 0))
            : UdpTest.packet(new Endpoint(them[3], 9), new Endpoint(us, 9), new byte[9]);
    return List.of(
        List.of(strange),
        List.of(Raw.icmp(them[0], us, echo, 0, 1, Raw.bytes(100, 5))),
        Raw.fragments(cut, 1_448, 3),
        List.of(Raw.ip(253, them[2], us, new byte[20])));
  }

  private void feed(Context context, long to, List<byte[]> packets) {
    packets.forEach(packet -> link.incoming.add(frame(to, packet)));
    context.poll(now);
  }

  @ParameterizedTest
  @DisplayName("RFC 1122 §3.3.6: what was sent to all stations, but to one address, gets no answer")
  @ValueSource(booleans = {false, true})
  void givenAUnicastPacket_whenItsFrameWasSentToAll_thenItIsDroppedBeforeAnythingAnswers(
      boolean ipv6) {
    Context context = started();
    for (List<byte[]> question : questions(ipv6)) {
      for (long all : new long[] {HardwareAddress.BROADCAST, IPV6_GROUP}) {
        if (all == IPV6_GROUP && !ipv6) {
          continue;
        }
        long dropped = context.counters().get(Event.DROP_IP_DESTINATION);
        long drops = context.counters().drops();
        feed(context, all, question);
        assertTrue(link.outgoing.isEmpty(), "neither an answer nor the question where to");
        int n = question.size();
        assertEquals(dropped + n, context.counters().get(Event.DROP_IP_DESTINATION));
        assertEquals(drops + n, context.counters().drops(), "counted once");
      }
    }
    for (List<byte[]> question : questions(ipv6)) {
      if (question.size() > 1) { // nothing of it waits to be completed
        feed(context, OURS, question.subList(1, question.size()));
        assertTrue(link.outgoing.isEmpty());
        question = question.subList(0, 1);
      }
      feed(context, OURS, question);
      assertEquals(1, link.outgoing.size(), "for us alone: who is it from?");
      link.outgoing.clear();
    }
    context.close();
    memory.close();
  }
}
