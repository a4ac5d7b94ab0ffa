package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.drivers.linux.TestNamespace;
import wisp.drivers.pcap.PcapReader;

/** Wrappers by name, on top of each other, by the clock of the machine. */
@Timeout(60)
class WrappersTest {
  private static final long MILLI = 1_000_000;
  private static final String ANSWERS =
      "10.9.0.2"; // whose neighbour 10.9.0.1 is the kernel in the namespace
  @TempDir Path folder;

  /** Puts wrappers as the user writes them around a link. */
  static Link wrap(Link link, String wrappers) {
    Link wrapped = link;
    try {
      for (Links.Stage stage : Links.parse("tun" + wrappers).wrappers()) {
        wrapped =
            Links.wrappers().stream()
                .filter(w -> w.name().equals(stage.wrapper()))
                .findFirst()
                .orElseThrow()
                .wrap(wrapped, stage.parameters());
      }
    } catch (LinkException e) {
      throw new AssertionError(e);
    }
    return wrapped;
  }

  /** A wrapped link whose paths do nothing is a link like any other, also by a real clock. */
  @Nested
  class Contract extends LinkContract {
    private final InMemoryPipe pipe = new InMemoryPipe(1500, 1024, InMemoryPipe.ALL_OFFLOADS);
    private final Burst burst = new Burst();
    private int next;

    @Override
    protected Link open() {
      return wrap(
          pipe.a(), "+shaped:rtt=0+pcap:" + folder.resolve("contract.pcap") + "+faults:loss=0");
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
      Packets.commit(pipe.b(), Packets.udp("10.9.0.1", 7, OWN, OWN_PORT, payload));
      pipe.b().flush();
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) {
      if (next == burst.size()) {
        next = 0;
        burst.clear();
        pipe.b().receive(burst);
      }
      return burst.size() == 0 ? null : Packets.udpPayload(Packets.copy(burst, next++));
    }

    @Override
    protected void closePeer() {
      pipe.close();
    }
  }

  private static byte[] numbered(int number) {
    return Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[] {(byte) number});
  }

  /** What is due wakes whoever waits, in time, whichever way it goes. */
  @Test
  void deadlinesWakeTheWaitingThread() {
    try (var pipe = new InMemoryPipe();
        Link link = wrap(pipe.a(), "+shaped:delay-up=20ms,delay-down=40ms+faults:loss=0")) {
      var burst = new Burst();
      long begun = System.nanoTime();
      Packets.commit(link, numbered(1));
      link.flush();
      Packets.commit(pipe.b(), numbered(2));
      pipe.b().flush();
      assertEquals(0, link.receive(burst));
      long out = 0;
      long in = 0;
      int rounds = 0;
      while (in == 0 || out == 0) {
        link.awaitReadable(10_000_000_000L);
        if (link.receive(burst) > 0) {
          in = System.nanoTime() - begun;
          assertArrayEquals(numbered(2), Packets.copy(burst, 0));
        }
        burst.clear();
        if (pipe.b().receive(burst) > 0) {
          out = System.nanoTime() - begun;
          assertArrayEquals(numbered(1), Packets.copy(burst, 0));
        }
        burst.clear();
        rounds++;
      }
      assertTrue(out >= 20 * MILLI && out < 1000 * MILLI, out + " ns");
      assertTrue(in >= 40 * MILLI && in < 1000 * MILLI, in + " ns");
      assertTrue(rounds > 2);
    }
  }

  @Test
  void aPathHasWaysOfItsOwnUpAndDown() {
    try (var pipe = new InMemoryPipe();
        var link =
            (FaultyLink)
                wrap(pipe.a(), "+faults:loss=100%,loss-down=0,duplicate-down=100%,seed=7")) {
      var burst = new Burst();
      for (int i = 0; i < 10; i++) {
        Packets.commit(link, numbered(i));
        Packets.commit(pipe.b(), numbered(i));
      }
      link.flush();
      pipe.b().flush();
      assertEquals(20, link.receive(burst));
      burst.clear();
      assertEquals(0, pipe.b().receive(burst));
      assertEquals(10, link.sendingStats().lostRandom());
      assertThrows(IllegalStateException.class, () -> link.advanceTo(1));
    }
  }

  @Test
  void theOrderWrittenIsTheOrderOutwards() throws Exception {
    Path inner = folder.resolve("inner.pcap");
    Path outer = folder.resolve("outer.pcap");
    try (var pipe = new InMemoryPipe();
        Link link = wrap(pipe.a(), "+pcap:" + inner + "+faults:loss-up=100%+pcap:" + outer)) {
      assertEquals("pcap:faults:pcap:inmemory:a", link.name());
      Packets.commit(link, numbered(1));
      link.flush();
    }
    assertEquals(0, packets(inner)); // nothing reached the wire
    assertEquals(1, packets(outer)); // the stack did send it
  }

  private static int packets(Path file) throws IOException {
    try (var reader = new PcapReader(file)) {
      while (reader.next()) {
        continue;
      }
      return (int) reader.packets();
    }
  }

  @Test
  void everythingElseIsThatOfTheLinkInside() {
    String wrappers = "+shaped:rtt=1ms+pcap:" + folder.resolve("a.pcap") + "+faults:loss=0";
    try (var pipe = InMemoryPipe.ethernet(1400, 4, LinkOffloads.NONE, 0xA, 0xB);
        Link link = wrap(pipe.a(), wrappers)) {
      assertEquals(Link.Kind.ETHERNET, link.kind());
      assertEquals(0xA, link.hardwareAddress());
      assertEquals(1400, link.mtu());
      assertEquals(pipe.a(), Links.innermost(link));
      for (int i = 0; i < 10; i++) {
        pipe.a().claim(99_999, new TransmitPacket());
      }
      assertEquals(10, link.drops());
    }
    // A link that records only keeps its offloads, one with a path has none.
    try (var pipe = new InMemoryPipe(1500, 8, InMemoryPipe.ALL_OFFLOADS);
        Link recorded = wrap(pipe.a(), "+pcap:" + folder.resolve("b.pcap"));
        Link shaped = wrap(pipe.b(), "+shaped:rtt=1ms")) {
      assertEquals(InMemoryPipe.ALL_OFFLOADS, recorded.offloads());
      assertEquals(LinkOffloads.NONE, shaped.offloads());
    }
  }

  @Test
  void whatAWrapperKeepsIsTold() {
    try (var pipe = new InMemoryPipe();
        Link link = wrap(pipe.a(), "+shaped:delay=1s+pcap:" + folder.resolve("a.pcap"))) {
      assertEquals(Long.MAX_VALUE, Links.nanosUntilDue(link));
      Packets.commit(link, numbered(1));
      long left = Links.nanosUntilDue(link);
      assertTrue(left > 0 && left <= 1000 * MILLI, left + " ns");
      assertEquals(Long.MAX_VALUE, Links.nanosUntilDue(pipe.a()));
    }
  }

  @Test
  void givenAWrapperThatIsRefused_thenTheDeviceIsGoneAgain() {
    try (var namespace = new TestNamespace()) {
      String link = "tun:wa,host=10.9.0.1/16,netns=" + namespace.name();
      for (String wrappers : List.of("+pcap:/nowhere/a.pcap", "+shaped:rtt=soon", "+faults:x=1")) {
        assertThrows(Exception.class, () -> Links.open(link + wrappers));
        assertTrue(!namespace.run("ip", "-o", "link").contains("wa:"), wrappers);
      }
    }
  }

  @Test
  void givenAWrapperWithAWrongParameter_thenNothingBeforeItWasTouched() throws Exception {
    Path earlier = Files.writeString(folder.resolve("a.pcap"), "a capture that somebody needs");
    for (String wrong :
        List.of("+shaped:rtt=soon", "+faults:seed=x", "+pcap:b,snaplen=1", "+pcap", "+shaped")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Links.open("pcap:read=/no/such/file+pcap:" + earlier + wrong),
          wrong);
      assertThrows(
          IllegalArgumentException.class, () -> Links.checkWrappers(Links.parse("tun" + wrong)));
    }
    assertEquals("a capture that somebody needs", Files.readString(earlier));
  }

  @Test
  void givenAPersistentDevice_whenLeftBehindThroughWrappers_thenItStays() throws Exception {
    try (var namespace = new TestNamespace()) {
      String device = "tun:wa,persist=on,netns=" + namespace.name();
      String wrappers = "+shaped:rtt=1ms+pcap:" + folder.resolve("a.pcap") + "+faults:loss=1%";
      try (Link link = Links.open(device + wrappers)) {
        Links.leaveBehind(link);
      }
      assertTrue(namespace.run("ip", "-o", "link").contains("wa:"));
      Links.open(device + wrappers).close();
      assertTrue(!namespace.run("ip", "-o", "link").contains("wa:"), "an orderly end removes it");
    }
  }

  /** Wrapped links are waited for by one poll, and what is inside them leaves in time. */
  @Test
  void aWireJoinsWrappedLinks() throws Exception {
    try (var west = new TestNamespace();
        var east = new TestNamespace();
        Link a =
            Links.open(
                "tun:wa,host=10.9.0.1/24,offload=off,netns="
                    + west.name()
                    + "+shaped:rtt=20ms+pcap:"
                    + folder.resolve("wire.pcap"));
        Link b = Links.open("tun:wb,host=10.9.0.2/24,offload=off,netns=" + east.name())) {
      assertInstanceOf(wisp.drivers.linux.PolledLink.class, Links.innermost(a));
      var path = wisp.drivers.faults.PathConfig.parse("rtt=10ms");
      var wire = new wisp.drivers.wire.Wire(a, b, path, path, 1);
      Thread thread = Thread.ofPlatform().start(wire::run);
      String output = west.run("ping", "-c", "30", "-i", "0.02", ANSWERS);
      wire.stop();
      thread.join();
      assertTrue(output.contains("30 received"), output);
      var rtt = java.util.regex.Pattern.compile("= ([0-9.]+)/([0-9.]+)/").matcher(output);
      assertTrue(rtt.find(), output);
      double least = Double.parseDouble(rtt.group(1));
      assertTrue(least >= 30 && Double.parseDouble(rtt.group(2)) < 45, output);
    }
    assertTrue(packets(folder.resolve("wire.pcap")) >= 60);
  }

  @Test
  void aTraceShapesALinkInRealTime() throws Exception {
    Path trace = Files.writeString(folder.resolve("trace"), "25\n50\n");
    try (var pipe = new InMemoryPipe();
        Link link = wrap(pipe.a(), "+shaped:trace-down=" + trace)) {
      byte[] large = Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[1472]);
      for (int i = 0; i < 4; i++) {
        Packets.commit(pipe.b(), large);
      }
      pipe.b().flush();
      var burst = new Burst();
      long begun = System.nanoTime();
      for (int received = 0; received < 4; ) {
        link.awaitReadable(10_000_000_000L);
        burst.clear();
        received += link.receive(burst);
      }
      long took = System.nanoTime() - begun;
      assertTrue(took > 50 * MILLI && took < 2000 * MILLI, took + " ns");
    }
  }

  /** A thousand packets, one each 120 µs: none too early, and late ones don't add up. */
  @Test
  void aRateIsKeptInRealTimeBothWays() {
    try (var pipe = new InMemoryPipe();
        Link link = wrap(pipe.a(), "+shaped:rate=100mbit")) {
      byte[] large = Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[1472]);
      long begun = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        Packets.commit(link, large);
        Packets.commit(pipe.b(), large);
      }
      link.flush();
      pipe.b().flush();
      var burst = new Burst();
      long took = 0;
      int received = 0;
      int sent = 0;
      while (received < 1000 || sent < 1000) {
        link.awaitReadable(10_000_000_000L);
        burst.clear();
        received += link.receive(burst);
        burst.clear();
        sent += pipe.b().receive(burst);
        took = System.nanoTime() - begun;
        long most = took / 120_000 + 1;
        assertTrue(received <= most && sent <= most, received + ", " + sent + " in " + took);
      }
      assertTrue(took < 1000 * MILLI, took + " ns for what takes 120 ms");
    }
  }

  @Test
  void parametersReachTheWrapper() {
    assertEquals(
        Map.of("file", "x", "first", "3"),
        Links.parse("tun+pcap:x,first=3").wrappers().getFirst().parameters());
  }
}
