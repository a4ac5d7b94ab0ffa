package wisp.drivers.inmemory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkContract;
import wisp.drivers.Packets;

class InMemoryPipeTest {
  abstract static class Contract extends LinkContract {
    private final Burst burst = new Burst();
    private int next;
    InMemoryPipe pipe;

    abstract InMemoryPipe pipe();

    @Override
    protected Link open() {
      pipe = pipe();
      return pipe.a();
    }

    @Override
    protected String peerAddress() {
      return "10.9.0.1";
    }

    @Override
    protected int peerPort() {
      return 7;
    }

    @Override
    protected void peerSends(byte[] payload) {
      byte[] packet = Packets.udp("10.9.0.1", 7, OWN, OWN_PORT, payload);
      assertTrue(Packets.commit(pipe.b(), framed(packet)));
      pipe.b().flush();
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) {
      if (next == burst.size()) {
        next = 0;
        burst.clear();
        pipe.b().receive(burst);
      }
      if (burst.size() == 0) {
        return null;
      }
      byte[] packet = Packets.copy(burst, next++);
      return Packets.udpPayload(
          kind() == Link.Kind.IP ? packet : Packets.unframed(packet, Packets.ETHER_IPV4));
    }

    private byte[] framed(byte[] packet) {
      return kind() == Link.Kind.IP
          ? packet
          : Packets.ethernet(
              pipe.a().hardwareAddress(), pipe.b().hardwareAddress(), Packets.ETHER_IPV4, packet);
    }

    @Override
    protected void closePeer() {
      pipe.close();
    }
  }

  @Nested
  class WithoutOffloads extends Contract {
    @Override
    InMemoryPipe pipe() {
      return new InMemoryPipe();
    }
  }

  @Nested
  class WithOffloadsAndALargeMtu extends Contract {
    @Override
    InMemoryPipe pipe() {
      return new InMemoryPipe(9000, 200, InMemoryPipe.ALL_OFFLOADS);
    }
  }

  @Nested
  class OfEthernet extends Contract {
    @Override
    InMemoryPipe pipe() {
      return InMemoryPipe.ethernet(
          1500, 1024, LinkOffloads.NONE, 0x02_0000_0000_0AL, 0x02_0000_0000_0BL);
    }

    @Override
    protected Link.Kind kind() {
      return Link.Kind.ETHERNET;
    }

    @Override
    protected long peerHardwareAddress() {
      return pipe.b().hardwareAddress();
    }
  }

  private final Burst burst = new Burst();
  private final byte[] small = Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[10]);

  @Test
  void givenAFullRing_whenClaiming_thenItIsRefusedAndCounted_untilTheReceiverGaveMemoryBack() {
    try (var pipe = new InMemoryPipe(1500, 3, LinkOffloads.NONE)) {
      for (int i = 0; i < 3; i++) {
        assertTrue(Packets.commit(pipe.a(), small));
      }
      pipe.a().flush();
      assertFalse(Packets.commit(pipe.a(), small));
      assertEquals(1, pipe.a().drops());
      assertEquals(3, pipe.b().receive(burst));
      assertFalse(Packets.commit(pipe.a(), small), "the receiver still reads");
      assertEquals(0, pipe.b().receive(burst));
      assertTrue(Packets.commit(pipe.a(), small));
      assertEquals(2, pipe.a().drops());
      assertEquals(0, pipe.b().drops());
    }
  }

  @Test
  void givenACommit_whenNotFlushed_thenItHasNotArrived() {
    try (var pipe = new InMemoryPipe()) {
      Packets.commit(pipe.a(), small);
      assertEquals(0, pipe.b().receive(burst));
      pipe.a().flush();
      assertEquals(1, pipe.b().receive(burst));
    }
  }

  @Test
  void givenOffloads_whenAPacketIsUncutAndItsChecksumPartial_thenItArrivesSoAndIsTrusted() {
    try (var pipe = new InMemoryPipe(1500, 8, InMemoryPipe.ALL_OFFLOADS)) {
      byte[] large = Packets.tcp("10.9.0.1", 1, "10.9.1.7", 2, 0, new byte[65_495]);
      var packet = new TransmitPacket();
      assertTrue(pipe.a().claim(large.length, packet));
      MemorySegment.copy(
          large, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, large.length);
      packet.length = large.length;
      packet.needsChecksum = true;
      packet.checksumStart = 20;
      packet.checksumOffset = 16;
      packet.segmentBytes = 1460;
      packet.headerBytes = 40;
      pipe.a().commit(packet);
      Packets.commit(pipe.a(), small);
      pipe.a().flush();
      assertEquals(2, pipe.b().receive(burst));
      assertArrayEquals(large, Packets.copy(burst, 0));
      assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(0));
      assertEquals(1460, burst.segmentBytes(0));
      assertEquals(0, burst.segmentBytes(1));
      assertEquals(0, burst.flags(1), "a complete checksum is for the receiver to verify");
    }
  }

  @Test
  void givenMisuse_thenItSaysSo() {
    try (var pipe = new InMemoryPipe()) {
      var packet = new TransmitPacket();
      assertTrue(pipe.a().claim(10, packet));
      assertThrows(IllegalStateException.class, () -> pipe.a().claim(10, packet));
      packet.length = 11;
      assertThrows(IllegalStateException.class, () -> pipe.a().commit(packet));
      packet.length = 10;
      packet.needsChecksum = true;
      assertThrows(IllegalStateException.class, () -> pipe.a().commit(packet));
    }
    assertThrows(IllegalArgumentException.class, () -> new InMemoryPipe(67, 8, LinkOffloads.NONE));
    assertThrows(
        IllegalArgumentException.class, () -> new InMemoryPipe(1500, 0, LinkOffloads.NONE));
  }

  @Test
  void givenOneEndClosed_thenTheOtherCanStillReadWhatWasSentButSendNothing() {
    var pipe = new InMemoryPipe();
    Packets.commit(pipe.a(), small);
    pipe.a().flush();
    pipe.a().close();
    assertEquals(1, pipe.b().receive(burst));
    assertArrayEquals(small, Packets.copy(burst, 0));
    assertFalse(Packets.commit(pipe.b(), small));
    pipe.b().close();
    pipe.close();
  }
}
