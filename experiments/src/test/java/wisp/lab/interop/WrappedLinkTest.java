package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Wrappers as the user writes them, between our stack and the kernel, whose device cuts and puts
 * together for both.
 */
@DisplayName("A link with wrappers is as slow and as well recorded as was asked for")
@Tag("interop")
@Timeout(60)
class WrappedLinkTest {
  private static final int BYTES = 5 << 20;
  private static final double RATE = 20e6;

  @TempDir Path folder;
  private Path capture;

  @BeforeEach
  void tools() {
    assumeTrue(Namespace.isInstalled("curl"), "curl is not installed");
    assumeTrue(Namespace.isInstalled("tshark"), "tshark is not installed");
    capture = folder.resolve("a.pcap");
  }

  private KernelLab open(String wrappers) {
    return KernelLab.with().wrapped(wrappers + "+pcap:" + capture).open();
  }

  @Test
  void delayAndRateShowInPingAndCurlAndTsharkReadsTheCapture() {
    try (KernelLab lab = open("+shaped:rtt=40ms,rate=20mbit")) {
      double[] rtt = ping(lab);
      assertTrue(rtt[0] >= 40 && rtt[1] < 60, Arrays.toString(rtt));
      double down = download(lab);
      assertTrue(down > RATE * 0.7 && down < RATE, down / 1e6 + " Mbit/s");
    }
    try (var tools = new Namespace()) {
      long packets = tshark(tools, "frame").lines().count();
      assertTrue(packets > BYTES / 1448, packets + " packets");
      assertEquals("", tshark(tools, "tcp.checksum.status==0 || ip.checksum.status==0"));
      assertEquals("", tshark(tools, "_ws.malformed"));
      String handshake = tshark(tools, "tcp.analysis.initial_rtt && tcp.len > 0");
      double rtt = Double.parseDouble(handshake.lines().findFirst().orElseThrow().split("\t")[1]);
      assertTrue(rtt >= 0.040 && rtt < 0.060, rtt + " s");
    }
  }

  /**
   * The kernel hands over packets of 64 KiB, which a queue of 200 packets must count as 44 each.
   * Its CUBIC is the same every time; its BBR needs longer than this to find a rate.
   */
  @ParameterizedTest
  @ValueSource(strings = {"tun", "afpacket"})
  void whatTheKernelSendsUncutIsShapedSegmentBySegment(String link) throws Exception {
    double seconds;
    KernelLab.Builder builder = link.equals("tun") ? KernelLab.with() : KernelLab.with().afpacket();
    String wrappers = "+shaped:rtt=10ms,rate-down=20mbit,queue-down=200+pcap:" + capture;
    try (KernelLab lab = builder.wrapped(wrappers).open()) {
      lab.namespace()
          .run("ip", "route", "replace", "10.9.0.0/16", "dev", "wisp0", "congctl", "cubic");
      long begun = System.nanoTime();
      try (SocketChannel socket = lab.dial(KernelLab.ECHO)) {
        try (var background = new Background()) {
          background.run(
              () -> {
                Stream.send(socket, BYTES);
                socket.shutdownOutput();
              });
          Stream.receive(socket, BYTES);
          Stream.assertEnds(socket);
          background.join();
        }
      }
      seconds = (System.nanoTime() - begun) / 1e9;
      lab.assertNothingIsLeft();
    }
    double rate = 8.0 * BYTES / seconds;
    assertTrue(rate > RATE * 0.4 && rate < RATE, rate / 1e6 + " Mbit/s");
    try (var tools = new Namespace()) {
      assertEquals("", tshark(tools, "ip.dst == 10.9.1.1 && ip.len > 1500"));
      assertEquals("", tshark(tools, "tcp.checksum.status==0 || ip.checksum.status==0"));
    }
  }

  @Test
  void aTraceIsARateToo() throws Exception {
    // 12 Mbit/s for half of the time, nothing in the other
    var lines = new StringBuilder();
    for (int milli = 1; milli <= 50; milli++) {
      lines.append(milli).append('\n');
    }
    Path trace = Files.writeString(folder.resolve("trace"), lines + "100\n");
    try (KernelLab lab = open("+shaped:delay=5ms,trace-up=" + trace)) {
      double down = download(lab);
      double mean = 51 * 1500 * 8 / 0.1;
      assertTrue(down > mean * 0.7 && down < mean, down / 1e6 + " Mbit/s");
    }
  }

  @Test
  void withFaultsEveryByteArrivesOnce() throws Exception {
    String faults =
        "+faults:loss=2%,reorder=3%,duplicate=2%,corrupt=1%,delay=2ms,jitter=1ms,seed=3";
    try (KernelLab lab = open(faults)) {
      try (SocketChannel socket = lab.dial(KernelLab.ECHO);
          var background = new Background()) {
        background.run(
            () -> {
              Stream.send(socket, BYTES / 5);
              socket.shutdownOutput();
            });
        Stream.receive(socket, BYTES / 5);
        Stream.assertEnds(socket);
        background.join();
      }
    }
    try (var tools = new Namespace()) {
      assertTrue(!tshark(tools, "tcp.analysis.retransmission").isEmpty());
    }
  }

  /** Least and mean round trip in milliseconds. */
  private static double[] ping(KernelLab lab) {
    String output = lab.namespace().run("ping", "-c", "20", "-i", "0.05", KernelLab.OURS);
    var rtt = Pattern.compile("= ([0-9.]+)/([0-9.]+)/").matcher(output);
    assertTrue(output.contains(" 0% packet loss") && rtt.find(), output);
    return new double[] {Double.parseDouble(rtt.group(1)), Double.parseDouble(rtt.group(2))};
  }

  /** Bits per second of what curl gets. */
  private static double download(KernelLab lab) {
    String url = "http://" + KernelLab.OURS + ":" + KernelLab.HTTP + "/bytes/" + BYTES;
    String output =
        lab.namespace()
            .run("curl", "-s", "-o", "/dev/null", "-w", "%{size_download} %{time_total}", url);
    String[] figures = output.strip().split(" ");
    assertEquals(BYTES, Integer.parseInt(figures[0]), output);
    return 8.0 * BYTES / Double.parseDouble(figures[1]);
  }

  /** A line for each packet that passes the filter: its length and the connection's round trip. */
  private String tshark(Namespace tools, String filter) {
    return tools.run(
        "sh",
        "-c",
        "tshark -n -r "
            + capture
            + " -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -T fields"
            + " -e frame.len -e tcp.analysis.initial_rtt -Y '"
            + filter
            + "' 2>/dev/null");
  }
}
