package wisp.lab.measure;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.lab.results.Json;

/** What a reader must know about the machine and the program to believe a figure. */
public final class Machine {
  /** Above this load per core, others are measured too. */
  private static final double NOISY_LOAD_PER_CORE = 0.5;

  /** What runs write changes no program: a reference run that is taken anew is none of its own. */
  private static final String RESULTS = ":(top,exclude)results";

  private Machine() {}

  /** JDK, flags, kernel, processor, memory, commit: what does not change during a run. */
  public static Map<String, @Nullable Object> describe() {
    var runtime = ManagementFactory.getRuntimeMXBean();
    return Json.object(
        "commit", git("rev-parse", "HEAD"),
        "dirty",
            !git("status", "--porcelain", "--untracked-files=no", "--", ".", RESULTS).isEmpty(),
        "jdk", System.getProperty("java.vendor.version") + " (" + Runtime.version() + ")",
        "vm", runtime.getVmName(),
        "flags", runtime.getInputArguments(),
        "gc",
            ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(java.lang.management.MemoryManagerMXBean::getName)
                .toList(),
        "kernel", kernel(),
        "cpu", cpu(),
        "cores", cores(),
        "memory_bytes", memoryBytes());
  }

  /** {@code 6.18.5 x86_64}. */
  public static String kernel() {
    return System.getProperty("os.name")
        + " "
        + System.getProperty("os.version")
        + " "
        + System.getProperty("os.arch");
  }

  /** Cores this JVM may use. */
  public static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** The machine's memory, in bytes; 0 where {@code /proc} does not tell. */
  public static long memoryBytes() {
    return ProcFile.field("/proc/meminfo", "MemTotal");
  }

  /**
   * What could be allocated without swapping, in bytes; {@link Long#MAX_VALUE} where {@code /proc}
   * does not tell.
   */
  public static long availableBytes() {
    long available = ProcFile.field("/proc/meminfo", "MemAvailable");
    return available > 0 ? available : Long.MAX_VALUE;
  }

  /** Load average, processes that want to run, and processor time stolen by the hypervisor, now. */
  public static Map<String, @Nullable Object> load() {
    String[] load = ProcFile.text("/proc/loadavg").split(" ", -1);
    String[] cpu = ProcFile.text("/proc/stat").lines().findFirst().orElse("").split(" +", -1);
    return Json.object(
        "average_1m", load.length > 0 ? decimal(load[0]) : -1.0,
        "running", load.length > 3 ? load[3] : "",
        "steal_ticks", cpu.length > 8 ? Long.parseLong(cpu[8]) : -1L);
  }

  /** Whether so high a load leaves timings unreliable. */
  public static boolean isNoisy(Map<String, @Nullable Object> load) {
    return load.get("average_1m") instanceof Number average
        && average.doubleValue() > NOISY_LOAD_PER_CORE * cores();
  }

  private static String cpu() {
    return ProcFile.text("/proc/cpuinfo")
        .lines()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private static double decimal(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Where the sources are; the launcher tells. */
  public static Path home() {
    return Path.of(System.getProperty("wisp.home", ".")).toAbsolutePath().normalize();
  }

  private static String git(String... arguments) {
    var command = new java.util.ArrayList<>(List.of("git", "-C", home().toString()));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0
          ? output.strip()
          : "";
    } catch (IOException e) {
      return ""; // no git here: the commit stays unknown
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** Whether a program is on the path. */
  public static boolean hasProgram(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return true;
      }
    }
    return false;
  }

  /** Whether we are root. */
  public static boolean isRoot() {
    return ProcFile.text("/proc/self/status")
        .lines()
        .anyMatch(line -> line.matches("Uid:\\s+\\d+\\s+0\\s.*"));
  }
}
