package wisp.lab.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.lab.Main;
import wisp.lab.kernel.KernelHost;

/**
 * What every link must stand: 256 MiB each way, 10,000 connections opened and closed, nothing
 * leaked by them, and SIGTERM in the middle of traffic. A subclass says which link, who is at its
 * other end, and what is to be had of it.
 *
 * <p>Our side is a process of its own, the same for the first four tests, which build on each
 * other: what has leaked is seen after all that was done.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(180)
abstract class LinkTraffic {
  static final String KERNEL = "10.9.0.1";
  static final String KERNEL_6 = "fd00:9::1";
  static final String OURS = "10.9.1.1";
  static final String OURS_6 = "fd00:9::77";

  /** Counted exactly: nobody but the test makes connections. */
  static final List<Event> COUNTED =
      List.of(
          Event.ACCEPTED,
          Event.CLOSED,
          Event.RESETS_SENT,
          Event.RESETS_RECEIVED,
          Event.BYTES_DELIVERED,
          Event.BYTES_ACKNOWLEDGED,
          Event.SEGMENTS_RETRANSMITTED,
          Event.DROP_TCP_CHECKSUM,
          Event.HANDLER_FAILURES);

  /** What has to come back to what it was, when nothing is open any more. */
  private static final List<String> AT_REST =
      List.of("connections", "time_waits", "records", "blocks", "frames");

  private static final long BYTES = 256L << 20;
  private static final long BYTES_6 = 32L << 20;
  private static final int CONNECTIONS = 10_000;
  private static final int AT_ONCE = 1_000;

  /** What the JVM takes for itself meanwhile. One slot for a packet of 64 KiB would be more. */
  private static final int STRAY_KILOBYTES = 32;

  private static final int REST_SECONDS = 20;
  private static final int END_SECONDS = 20;
  private static final int FIRST_PORT = 80;

  private Path folder;
  private final List<KernelHost> hosts = new ArrayList<>();
  private @Nullable OurProcess ours;
  private @Nullable FarSide far;

  /** Before anything was open, but once. */
  private @Nullable Map<String, Long> closed;

  /** Open, and nothing has happened yet but one connection. */
  private @Nullable Map<String, Long> idle;

  // ---- What a subclass says --------------------------------------------------------------------

  /** Why this link can't be had here, in one line; null: it can. */
  abstract @Nullable String unavailable();

  /** Makes what has to be there before the link; returns how the link is written. */
  abstract String prepare();

  /** The link has been opened, perhaps for the first time. */
  void opened() {}

  /** Who is at the other end. */
  FarSide farSide() {
    return new KernelSide(hosts.getFirst());
  }

  /** Whether it carries IPv6. */
  boolean carriesIpv6() {
    return true;
  }

  /**
   * Whether a process can open it again after it was closed. Where it can't, what its driver has
   * not given back goes with the process.
   */
  boolean opensAgain() {
    return true;
  }

  /** Descriptors, of these and other kinds, that its driver forgets to close; none is ours. */
  Map<String, Long> forgotten() {
    return Map.of();
  }

  /**
   * Calls of {@code onData} with a copy, of so many: only where the link says why it makes some.
   */
  long copiesAllowed(long calls) {
    return 0;
  }

  /** Frames that a driver may keep for itself now and not a moment ago. */
  long framesKept() {
    return 0;
  }

  /**
   * A namespace of its own, deleted in the end. The first is that of the kernel who is our peer.
   */
  final KernelHost host() {
    var host = new KernelHost();
    hosts.add(host);
    return host;
  }

  final Path folder() {
    return folder;
  }

  // ---- The contract ----------------------------------------------------------------------------

  @BeforeAll
  void open(@TempDir Path temporary) throws Exception {
    folder = temporary;
    String reason = unavailable();
    assumeTrue(reason == null, reason);
    ours = new OurProcess(folder, prepare(), BYTES, own());
    if (opensAgain()) {
      ours.ask("open");
      ours.ask("close"); // what is there once and for all, is there now
      closed = ours.state();
    }
    ours.ask("open");
    opened();
    far = farSide();
    far.ask(OURS, 1, 1);
    if (carriesIpv6()) {
      far.ask(OURS_6, 1, 1);
    }
    idle = atRest();
  }

  private List<String> own() {
    return carriesIpv6() ? List.of("10.9.1.0/24", OURS_6 + "/128") : List.of("10.9.1.0/24");
  }

  @AfterAll
  void end() {
    if (far != null) {
      far.close();
    }
    if (ours != null) {
      ours.close();
    }
    hosts.forEach(KernelHost::close);
  }

  @Test
  @Order(1)
  @DisplayName("256 MiB come from the other side, and the digests agree; by IPv6 as well")
  void whatIsSentToUsArrives() throws IOException {
    Map<String, Long> before = counts();
    long expected = sendToUs(OURS, BYTES);
    if (carriesIpv6()) {
      expected += sendToUs(OURS_6, BYTES_6);
    }
    Map<String, Long> after = counts();
    assertEquals(expected, after.get("BYTES_DELIVERED") - before.get("BYTES_DELIVERED"));
    assertEquals(0, after.get("DROP_TCP_CHECKSUM"), "taken for wrong");
  }

  private long sendToUs(String host, long bytes) throws IOException {
    String sent = far.send(host, bytes);
    assertEquals(new Checksum().end() + " " + sent + " Closed", ours.ask("taken"));
    assertTrue(sent.startsWith(bytes + ":"), sent);
    return bytes;
  }

  @Test
  @Order(2)
  @DisplayName("256 MiB go to the other side, and the digests agree; by IPv6 where it is carried")
  void whatWeSendArrives() throws IOException {
    Map<String, Long> before = counts();
    String received = far.receive(carriesIpv6() ? OURS_6 : OURS);
    assertEquals(received + " " + new Checksum().end() + " Closed", ours.ask("given"));
    assertTrue(received.startsWith(BYTES + ":"), received);
    assertEquals(BYTES, counts().get("BYTES_ACKNOWLEDGED") - before.get("BYTES_ACKNOWLEDGED"));
  }

  @Test
  @Order(3)
  @DisplayName("10,000 connections, half of them one after the other and half a thousand at once")
  void connectionsComeAndGo() throws IOException {
    Map<String, Long> before = counts();
    far.ask(OURS, CONNECTIONS / 2, 1);
    far.ask(carriesIpv6() ? OURS_6 : OURS, CONNECTIONS / 2, AT_ONCE);
    atRest();
    Map<String, Long> after = counts();
    after.replaceAll((name, count) -> count - before.get(name));
    // A FIN that is sent again, because the machine stood still, draws another ACK after the end.
    long resets = after.remove("RESETS_SENT");
    long resent = after.remove("SEGMENTS_RETRANSMITTED");
    assertTrue(resets <= resent, resets + " RSTs, and only " + resent + " segments sent again");
    long bytes = (long) CONNECTIONS * Questions.BYTES;
    assertEquals(
        Map.of(
            "ACCEPTED",
            (long) CONNECTIONS,
            "CLOSED",
            (long) CONNECTIONS,
            "RESETS_RECEIVED",
            0L,
            "BYTES_DELIVERED",
            bytes,
            "BYTES_ACKNOWLEDGED",
            bytes,
            "DROP_TCP_CHECKSUM",
            0L,
            "HANDLER_FAILURES",
            0L),
        after);
  }

  private Map<String, Long> counts() {
    var all = new TreeMap<>(ours.state());
    all.keySet().retainAll(COUNTED.stream().map(Event::name).toList());
    return all;
  }

  /** The state when all has ended; fails when something does not. */
  private Map<String, Long> atRest() {
    long deadline = System.nanoTime() + REST_SECONDS * 1_000_000_000L;
    Map<String, Long> state = ours.state();
    while (!isAtRest(state)) {
      assertTrue(System.nanoTime() < deadline, () -> "it does not come to rest: " + ours.state());
      pause();
      state = ours.state();
    }
    return state;
  }

  private boolean isAtRest(Map<String, Long> state) {
    long frames = idle == null ? state.get("link_frames") : idle.get("link_frames");
    return AT_REST.stream().allMatch(name -> state.get(name) == 0)
        && state.get("link_frames") <= frames + framesKept();
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** A request is one segment, and so never out of order: TCP has no reason to hold it. */
  @Test
  @Order(4)
  @DisplayName("What the application gets lies where the link receives, unless TCP had to hold it")
  void nothingIsCopied() throws IOException {
    Map<String, Long> before = ours.state();
    far.ask(OURS, CONNECTIONS / 10, 1);
    Map<String, Long> after = ours.state();
    assertEquals(CONNECTIONS / 10, after.get("lent") - before.get("lent"));
    assertEquals(before.get("held"), after.get("held"));
    assertEquals(before.get("copied"), after.get("copied"));
    long copied = after.get("copied"); // of all that has come, large packets among it
    assertTrue(copied <= copiesAllowed(after.get("lent")), copied + " copies");
  }

  @Test
  @Order(5)
  @DisplayName("Nothing has leaked: descriptors, mappings, frames, blocks; closed, memory neither")
  void nothingHasLeaked() {
    assertEquals(resources(idle), resources(atRest()));
    ours.ask("close");
    if (opensAgain()) {
      long deadline = System.nanoTime() + REST_SECONDS * 1_000_000_000L;
      while (!more(ours.state()).isEmpty() && System.nanoTime() < deadline) {
        pause(); // some memory is given back by the collector, a moment after it has run
      }
      assertEquals(Map.of(), more(ours.state()));
    }
  }

  /** What there is now and was not before it was opened. */
  private Map<String, Long> more(Map<String, Long> now) {
    var all = resources(now);
    resources(closed).forEach((name, count) -> all.merge(name, -count, Long::sum));
    forgotten().forEach((name, count) -> all.merge(name, -count, Long::sum));
    all.values().removeIf(count -> count <= 0);
    String memory = Inventory.NATIVE_KILOBYTES;
    long kilobytes = now.get(memory) - closed.get(memory);
    if (kilobytes > STRAY_KILOBYTES) {
      all.put(memory, kilobytes);
    }
    return all;
  }

  private static Map<String, Long> resources(Map<String, Long> state) {
    var all = new TreeMap<>(state);
    all.keySet().removeIf(name -> !name.contains(":"));
    return all;
  }

  @Test
  @Order(6)
  @DisplayName("SIGTERM in the middle of traffic: peers are told, exit in order, nothing is left")
  void endsInOrder() throws Exception {
    end();
    hosts.clear();
    String link = prepare();
    Path changes = Files.createDirectory(folder.resolve("changes"));
    var system = new SystemState(hosts, changes);
    try (var served =
        new ChildProcess(
            folder,
            List.of("-Dwisp.run=" + changes),
            Main.class,
            List.of(
                "serve",
                "chargen",
                "discard",
                "--port",
                String.valueOf(FIRST_PORT),
                "--own",
                String.join(",", own()),
                "--link",
                link))) {
      served.await("ready ", REST_SECONDS);
      opened();
      far = farSide();
      far.hold(OURS, FIRST_PORT, FIRST_PORT + 1);
      served.terminate();
      served.await("{", END_SECONDS); // its statistics
      assertEquals(0, served.exitCode(END_SECONDS));
      String ended = far.ended();
      assertTrue(ended.matches("(FIN|RST), (FIN|RST)"), ended);
      far.close();
      system.assertAsBefore(served.pid());
    }
  }
}
