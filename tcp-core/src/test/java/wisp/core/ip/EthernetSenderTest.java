package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Ipv4Header;

@DisplayName("A packet in pieces on Ethernet")
class EthernetSenderTest {
  private static final int HEADERS = 60;
  private static final int PIECE = 300;

  private final Lan lan = new Lan();
  private final Host a = lan.host(1);
  private final Host b = lan.host(2).start();
  private final EthernetSender sender =
      new EthernetSender(a.link, a.hood, new Routes(List.of()), a.counters);
  private final TransmitPacket packet = new TransmitPacket();
  private final byte[] text = new byte[2 * PIECE];

  @AfterEach
  void everythingIsGivenBack() {
    assertEquals(0, a.memory.blocks().inUse());
  }

  private void send() {
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) (i * 31 + 7);
    }
    assertTrue(a.link.claim(14 + HEADERS, packet));
    MemorySegment all = MemorySegment.ofArray(text);
    Ipv4Header.write(
        packet.memory, packet.start + 14, HEADERS + text.length, 6, a.ipv4, b.ipv4, 64, 0);
    packet.add(all, 0, PIECE);
    packet.add(all, PIECE, PIECE);
    packet.needsChecksum = true;
    packet.checksumStart = 20;
    packet.checksumOffset = 16;
    sender.advance(lan.now);
    sender.send(packet, HEADERS + text.length, false, 0, Host.mapped(b.ipv4));
  }

  @Test
  void givenAnUnknownNeighbour_whenItAnswers_thenThePacketFollowsInOnePiece() {
    a.start();
    send();
    assertEquals(0, packet.pieces, "the link was not given them");
    lan.settle();
    assertEquals(List.of(HEADERS + text.length), b.delivered);
    byte[] frame = lan.seen(f -> f.type() == 0x0800).getFirst().bytes();
    byte[] arrived = Arrays.copyOfRange(frame, 14 + HEADERS, frame.length);
    assertArrayEquals(text, arrived);
  }

  @Test
  void givenAnUnknownNeighbour_whenThePacketIsManySegments_thenItIsDroppedAndCounted() {
    a.start();
    packet.segmentBytes = 0;
    assertTrue(a.link.claim(14 + HEADERS, packet));
    packet.add(MemorySegment.ofArray(text), 0, PIECE);
    packet.segmentBytes = 100;
    sender.advance(lan.now);
    sender.send(packet, HEADERS + PIECE, false, 0, Host.mapped(b.ipv4));
    assertEquals(0, packet.pieces);
    assertEquals(1, a.counters.get(Event.DROP_NEIGHBOUR_WAIT));
    lan.settle();
  }

  @Test
  void givenAKnownNeighbour_thenTheLinkIsGivenThePieces() {
    a.start();
    a.send(0, Host.mapped(b.ipv4), 40);
    lan.settle();
    send();
    assertEquals(2, packet.pieces);
    assertEquals(14 + HEADERS, packet.length);
    assertEquals(14 + HEADERS + text.length, packet.totalLength());
    lan.settle();
  }
}
