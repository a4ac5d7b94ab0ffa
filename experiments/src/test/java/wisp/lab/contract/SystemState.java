package wisp.lab.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import wisp.lab.kernel.KernelHost;

/**
 * What a link may change on a machine, as the kernel shows it: interfaces with their addresses,
 * programs and promiscuity, rules, routes, settings; and files of ours and of DPDK.
 */
final class SystemState {
  private static final Path DPDK = Path.of("/var/run/dpdk");
  private static final List<String> LOOKS =
      List.of(
          "ip -d -o address",
          "ip -d -o link",
          "ip rule; ip -6 rule",
          "ip route show table all",
          "ip -6 route show table all",
          "grep . /proc/sys/net/ipv4/conf/*/rp_filter");

  /** What the kernel gives an interface a moment after it is up. */
  private static final String BY_ITSELF = ".*\\b(fe80|ff00):.*";

  /** Whether there is a carrier it notices a moment later, too. */
  private static final String CHANGES = "NO-CARRIER,| state \\w+|(?<=@if)\\d+";

  private static final int PATIENCE_SECONDS = 5;

  private final List<KernelHost> hosts;
  private final Path folder;
  private final Set<String> before;

  /**
   * As it is now.
   *
   * @param folder where files of ours would be; empty now
   */
  SystemState(List<KernelHost> hosts, Path folder) {
    this.hosts = hosts;
    this.folder = folder;
    before = look(0);
  }

  /**
   * Demands that it is so again; the kernel may take a moment.
   *
   * @param pid of the process that has ended
   */
  void assertAsBefore(long pid) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (!before.equals(look(pid)) && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
    var now = look(pid);
    var gone = new TreeSet<>(before);
    gone.removeAll(now);
    now.removeAll(before);
    assertEquals(Set.of(), now, "what was not there before");
    assertEquals(Set.of(), gone, "what is missing");
  }

  private Set<String> look(long pid) {
    var all = new TreeSet<String>();
    for (KernelHost host : hosts) {
      for (String look : LOOKS) {
        host.run("sh", "-c", look)
            .lines()
            .filter(line -> !line.matches(BY_ITSELF))
            .map(line -> host.name() + ": " + line.replaceAll(CHANGES, ""))
            .forEach(all::add);
      }
    }
    all.addAll(files(folder));
    files(DPDK).stream()
        .filter(file -> pid > 0 && file.contains(String.valueOf(pid)))
        .forEach(all::add);
    return all;
  }

  private static List<String> files(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files.map(Path::toString).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
