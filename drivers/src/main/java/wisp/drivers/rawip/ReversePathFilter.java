package wisp.drivers.rawip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import wisp.core.spi.LinkException;
import wisp.drivers.changes.KernelSetting;
import wisp.drivers.changes.SystemChange;
import wisp.drivers.linux.KernelFile;

/**
 * Whether the kernel drops packets that did not come the way that its answer would take. Where it
 * is kept from answering, it finds no way, and drops all of them. What holds for an interface is
 * the larger of its own value and that of {@code all} (Linux {@code
 * Documentation/networking/ip-sysctl.rst}).
 */
final class ReversePathFilter {
  private static final Path SETTINGS = Path.of("/proc/sys/net/ipv4/conf");
  private static final String FILE = "rp_filter";
  private static final String ALL = "all";
  private static final String DEFAULT = "default"; // for interfaces yet to come
  private static final String LOOPBACK = "lo"; // nothing comes from there

  private ReversePathFilter() {}

  /**
   * The settings that switch it off for one interface of the calling thread's network namespace,
   * and leave the others as they are.
   *
   * @param device empty: any may be meant
   * @throws LinkException when any is meant and it is on for one
   */
  static List<KernelSetting> off(String device) throws LinkException {
    var settings = new ArrayList<KernelSetting>();
    int all = value(ALL);
    for (String other : interfaces()) {
      int value = value(other);
      if (device.isEmpty() && Math.max(all, value) > 0) {
        throw new LinkException(
            "rawip: rp_filter is on for interface '"
                + other
                + "', and drops what comes for our addresses; name the interface, as in rawip:"
                + other
                + ", for which it is then switched off");
      }
      if (!other.equals(device) && value < all) {
        settings.add(setting(other, value, all)); // what it had by way of the other one
      }
    }
    if (all > 0) {
      settings.add(setting(ALL, all, 0));
    }
    if (!device.isEmpty() && value(device) > 0) {
      settings.add(setting(device, value(device), 0));
    }
    return settings;
  }

  /** Whether a change is one of these. */
  static boolean isSetting(SystemChange change) {
    return change instanceof KernelSetting setting
        && Path.of(setting.path()).startsWith(SETTINGS)
        && setting.path().endsWith(FILE);
  }

  private static KernelSetting setting(String device, int before, int after) {
    return new KernelSetting(
        path(device).toString(), String.valueOf(before), String.valueOf(after));
  }

  private static List<String> interfaces() throws LinkException {
    try (Stream<Path> all = Files.list(SETTINGS)) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> !List.of(ALL, DEFAULT, LOOPBACK).contains(name))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new LinkException("rawip: " + SETTINGS + " can't be read: " + e.getMessage());
    }
  }

  private static Path path(String device) {
    return SETTINGS.resolve(device).resolve(FILE);
  }

  private static int value(String device) throws LinkException {
    try {
      return Integer.parseInt(KernelFile.read(path(device)));
    } catch (IOException | NumberFormatException e) {
      throw new LinkException("rawip: " + path(device) + " can't be read: " + e.getMessage());
    }
  }
}
