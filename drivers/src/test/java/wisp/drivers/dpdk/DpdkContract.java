package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkContract;
import wisp.drivers.Links;
import wisp.drivers.linux.TestNamespace;

/** A device of DPDK with the kernel at its other end. Skips where that is not allowed. */
abstract class DpdkContract extends LinkContract {
  static final String KERNEL = "10.9.0.1";

  TestNamespace namespace;
  private DatagramChannel peer;
  private long peerMac;

  /** The device, in the namespace. */
  abstract String spec();

  /** The kernel's interface at the other end. */
  abstract String kernelInterface();

  /** Makes what has to be there before. */
  abstract void prepare();

  /** Skips the test with the reason where DPDK can't be used. */
  static void assumeUsable() {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  static String text(long mac) {
    return String.format("%012x", mac).replaceAll("(..)(?=.)", "$1:");
  }

  @Override
  protected Link open() throws Exception {
    assumeUsable();
    namespace = new TestNamespace();
    // Its search for routers would get between the packets that are counted.
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    prepare();
    Link link = Links.open("dpdk:vdev=" + spec() + ",netns=" + namespace.name());
    String device = kernelInterface();
    namespace.run("ip", "address", "add", KERNEL + "/16", "dev", device);
    namespace.run("ip", "link", "set", device, "up");
    namespace.run("ip", "neigh", "add", OWN, "lladdr", text(link.hardwareAddress()), "dev", device);
    String address = namespace.run("cat", "/sys/class/net/" + device + "/address").strip();
    peerMac = Long.parseLong(address.replace(":", ""), 16);
    peer = namespace.udp(KERNEL, 7);
    return link;
  }

  /** All of them are back when nothing is under way. */
  @AfterEach
  void everyBufferCameBack() {
    if (link != null) {
      link.close(); // asserts it
    }
  }

  /** An application that frees, and overwrites, each frame as soon as the link says so. */
  @Test
  void givenFramesThatAreOverwrittenWhenTheLinkHasDone_thenThePeerHasThemAsTheyWere()
      throws Exception {
    assumeTrue(link.gatherPieces() > 0, link.name() + " takes no pieces");
    int rounds = 20;
    int packets = 20;
    int bytes = 1_200;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] frames = new MemorySegment[packets];
      long before = 0;
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < packets; i++) {
          frames[i] = arena.allocate(bytes);
          commitGathered(frames[i], pattern(bytes, round + i));
          overwrite(frames, before);
        }
        link.flush();
        for (int i = 0; i < packets; i++) {
          assertArrayEquals(pattern(bytes, round + i), peerReceives(5000));
        }
        before += packets;
        assertEquals(before, link.gathersDone());
      }
    }
    assertEquals(0, link.drops());
  }

  private void overwrite(MemorySegment[] frames, long before) {
    for (int i = 0; i < link.gathersDone() - before; i++) {
      frames[i].fill((byte) 0xDB);
    }
  }

  /** Of 3 pieces, the middle one of which is odd. */
  private void commitGathered(MemorySegment frame, byte[] payload) {
    byte[] whole = toPeer(payload);
    int headers = whole.length - payload.length;
    var packet = new TransmitPacket();
    assertTrue(link.claim(headers, packet));
    MemorySegment.copy(whole, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, headers);
    MemorySegment.copy(payload, 0, frame, ValueLayout.JAVA_BYTE, 0, payload.length);
    packet.length = headers;
    packet.add(frame, 0, 500);
    packet.add(frame, 500, 333);
    packet.add(frame, 833, payload.length - 833);
    link.commit(packet);
  }

  @Override
  protected Link.Kind kind() {
    return Link.Kind.ETHERNET;
  }

  @Override
  protected long peerHardwareAddress() {
    return peerMac;
  }

  @Override
  protected String peerAddress() {
    return KERNEL;
  }

  @Override
  protected int peerPort() {
    return 7;
  }

  @Override
  protected void peerSends(byte[] payload) throws IOException {
    peer.send(ByteBuffer.wrap(payload), new InetSocketAddress(OWN, OWN_PORT));
  }

  @Override
  protected byte @Nullable [] peerReceives(int timeoutMillis) throws IOException {
    peer.configureBlocking(false);
    var buffer = ByteBuffer.allocate(65_536);
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
    do {
      if (peer.receive(buffer) != null) {
        return Arrays.copyOf(buffer.array(), buffer.position());
      }
    } while (System.nanoTime() < deadline);
    return null;
  }

  @Override
  protected void closePeer() throws IOException {
    if (peer != null) {
      peer.close();
    }
    if (namespace != null) {
      namespace.close();
    }
  }
}
