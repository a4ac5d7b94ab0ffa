package wisp.lab.contract;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process has of the machine, counted by kind: descriptors, mappings that it shares with
 * others or the kernel, and native memory. What the JVM opens when it pleases (its own files, jars)
 * is left out.
 */
final class Inventory {
  /** What {@code Arena} allocates; the JVM has to track it (-XX:NativeMemoryTracking=summary). */
  static final String NATIVE_KILOBYTES = "native_KiB";

  private static final Pattern OTHER = Pattern.compile("Other \\(reserved=(\\d+)KB");
  private static final Pattern NUMBERS = Pattern.compile("[0-9a-f]*[0-9][0-9a-f]*");
  private static final int PERMISSIONS = 1;
  private static final int PATH = 5;

  private Inventory() {}

  static Map<String, Long> take() {
    var all = new TreeMap<String, Long>();
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : (Iterable<Path>) descriptors::iterator) {
        count(all, "fd:", target(descriptor));
      }
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        String[] fields = line.split(" +", PATH + 1);
        if (fields[PERMISSIONS].endsWith("s")) {
          count(all, "map:", fields.length > PATH ? fields[PATH] : "anonymous");
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    all.put(NATIVE_KILOBYTES, nativeKilobytes());
    return all;
  }

  private static void count(Map<String, Long> all, String kind, String what) {
    if (what.isEmpty()
        || what.startsWith(System.getProperty("java.home"))
        || what.contains("/jvm/")
        || what.endsWith(".jar")
        || what.startsWith("/tmp/hsperfdata")
        || what.startsWith("/proc/")) {
      return;
    }
    String name = NUMBERS.matcher(what).replaceAll("#").replace(' ', '_').replace('=', '_');
    all.merge(kind + name, 1L, Long::sum);
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed meanwhile: that of the listing itself
    }
  }

  private static long nativeKilobytes() {
    try {
      String report =
          (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "vmNativeMemory",
                      new Object[] {List.of("summary").toArray(String[]::new)},
                      new String[] {String[].class.getName()});
      Matcher matcher = OTHER.matcher(report);
      if (!matcher.find()) {
        throw new IllegalStateException("no native memory tracking: " + report);
      }
      return Long.parseLong(matcher.group(1));
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }
}
