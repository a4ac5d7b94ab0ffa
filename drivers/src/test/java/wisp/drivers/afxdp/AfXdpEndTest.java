package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkDownException;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.LeakCheck;

/** An interface that goes, and a process that does. */
class AfXdpEndTest extends AfXdpVethTest {
  @ParameterizedTest
  @ValueSource(strings = {"native", "skb"})
  void givenItIsSetDown_thenWhatIsSentIsLost_andItGoesOnWhenItIsUpAgain(String mode)
      throws Exception {
    try (Link link = open(OURS + ",frames=64,mode=" + mode);
        DatagramChannel peer = namespace.udp(KERNEL, 7)) {
      byte[] frame =
          Packets.ethernet(
              namespace.hardwareAddress("kernels"),
              link.hardwareAddress(),
              Packets.ETHER_IPV4,
              Packets.udp(OWN, 1, KERNEL, 7, new byte[3]));
      namespace.run("ip", "link", "set", "ours", "down");
      Packets.commit(link, frame); // waits in the ring: nobody has looked yet
      link.flush();
      for (int i = 0; i < 10_000; i++) {
        Packets.commit(link, frame);
        link.flush();
      }
      assertEquals(10_000, link.drops());
      long begun = System.nanoTime();
      burst.clear();
      assertEquals(0, link.receive(burst));
      link.awaitReadable(20_000_000);
      assertTrue(System.nanoTime() - begun >= 20_000_000, "it waits");
      namespace.run("ip", "link", "set", "ours", "up");
      link.receive(burst);
      Packets.commit(link, frame);
      link.flush();
      var buffer = ByteBuffer.allocate(100);
      for (int i = 0; i < 2; i++) {
        buffer.clear();
        peer.receive(buffer);
        assertEquals(3, buffer.position());
      }
      assertEquals(10_000, link.drops());
      namespace.introduce(OWN, link, "kernels");
      peer.send(ByteBuffer.allocate(5), new InetSocketAddress(OWN, 1));
      byte[] datagram = Packets.unframed(drain(link).getLast(), Packets.ETHER_IPV4);
      assertEquals(5, Packets.udpPayload(datagram).length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"waits", "looks", "sends"})
  void givenItIsDeleted_thenReceiveSaysItIsGone(String meanwhile) throws Exception {
    LeakCheck before = LeakCheck.now();
    Link link = open(OURS);
    namespace.run("ip", "link", "del", "ours");
    switch (meanwhile) {
      case "waits" ->
          assertThrows(
              LinkDownException.class,
              () -> {
                for (int i = 0; i < 100; i++) {
                  link.awaitReadable(5_000_000_000L); // returns: there is something to learn
                }
              });
      case "sends" -> {
        Packets.commit(link, new byte[60]);
        link.flush();
      }
      default -> {}
    }
    var gone =
        assertThrows(
            LinkDownException.class,
            () -> {
              for (int i = 0; i < 10_000; i++) {
                burst.clear();
                link.receive(burst);
              }
            });
    assertTrue(gone.getMessage().contains("afxdp:ours is gone"), gone.getMessage());
    assertThrows(LinkDownException.class, () -> link.awaitReadable(1));
    assertFalse(link.claim(100, new TransmitPacket()));
    link.close();
    before.assertNothingMore();
  }

  @ParameterizedTest
  @CsvSource({"native,KILL", "skb,KILL", "native,TERM", "skb,TERM"})
  void whenTheProcessIsKilled_thenNothingIsLeftOnTheInterface(String mode, String signal)
      throws Exception {
    Process process = child(List.of(), OURS + ",mode=" + mode + ",mac=02:00:00:00:00:07");
    try (BufferedReader lines = process.inputReader()) {
      assertEquals("open", lines.readLine());
      assertTrue(device().contains("xdp"), device());
      if (signal.equals("KILL")) {
        process.destroyForcibly();
      } else {
        process.destroy();
      }
      assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly().waitFor();
    }
    long deadline = System.nanoTime() + 5_000_000_000L; // the kernel may take a moment
    while (device().contains("xdp") && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
    assertFalse(device().contains("xdp"), device());
    open(OURS + ",mode=" + mode).close();
  }

  @Test
  void withoutPrivilegesItSaysWhichAreNeeded() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is not installed");
    Process process =
        child(
            List.of("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid=65534"),
            OURS);
    try (BufferedReader lines = process.inputReader()) {
      String said = lines.readLine();
      assertTrue(said.startsWith("afxdp needs CAP_NET_ADMIN"), said);
      assertNull(lines.readLine(), "one line");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertFalse(device().contains("xdp"), device());
  }

  /** A JVM inside the namespace that opens a link, says so, and stays. */
  private Process child(List<String> before, String link) throws IOException {
    var command = new ArrayList<>(List.of("ip", "netns", "exec", namespace.name()));
    command.addAll(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--enable-native-access"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Opener.class.getName()));
    command.add("afxdp:" + link);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** What the child runs. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] arguments) throws InterruptedException {
      try {
        Link link = Links.open(arguments[0]);
        System.out.println("open");
        while (link.mtu() > 0) {
          Thread.sleep(1000);
        }
      } catch (LinkException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
