package wisp.drivers.dpdk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;

/**
 * DPDK's environment abstraction layer: its memory, its one thread, its devices. It can be started
 * once a process, without devices; each link plugs in its own and pulls it out again. It ends with
 * the JVM, when all links are closed.
 *
 * <p>With {@code --in-memory} and {@code --no-shconf} nothing of it outlives the process but an
 * empty directory of the runtime, which is named after the process and deleted in the end.
 */
final class Eal {
  private static final Path RUNTIME = Path.of("/var/run/dpdk");
  private static final String PREFIX = "wisp-";
  private static final long ALARM_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Registered threads are numbered beside those of DPDK's own, 128 at most. */
  private static final ThreadLocal<Integer> REGISTERED = ThreadLocal.withInitial(() -> 0);

  private static @Nullable Eal running;
  private static @Nullable String failure;

  private final Librte librte;
  private final boolean hugePages;
  private final boolean pci;
  private final ControlGate gate;
  private int links;
  private boolean keepsThread;

  private Eal(Librte librte, boolean hugePages, boolean pci) {
    this.librte = librte;
    this.hugePages = hugePages;
    this.pci = pci;
    gate = new ControlGate(librte);
  }

  /**
   * Starts it, if it does not run yet, for one more link.
   *
   * @throws LinkException when it can't be started, or runs in a way that the link can't do with
   */
  static synchronized Eal start(Librte librte, DpdkConfig config) throws LinkException {
    String reason = unavailable(config);
    if (reason != null) {
      throw new LinkException(reason);
    }
    Eal eal = running;
    if (eal == null) {
      eal = started(librte, config);
      running = eal;
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(eal::end));
    }
    eal.links++;
    return eal;
  }

  /**
   * Why it can't be started, or does not run in the way that a link needs; null when all is well.
   */
  static synchronized @Nullable String unavailable(DpdkConfig config) {
    if (failure != null) {
      return failure;
    }
    Eal eal = running;
    if (eal == null) {
      return config.huge() == DpdkConfig.Huge.ON ? HugePages.look().unavailable(config) : null;
    }
    if (config.huge() != DpdkConfig.Huge.AUTO
        && (config.huge() == DpdkConfig.Huge.ON) != eal.hugePages) {
      return "dpdk runs with huge="
          + (eal.hugePages ? "on" : "off")
          + " in this process already; it starts once, so give all links the same";
    }
    if (!config.pci().isEmpty() && !eal.pci) {
      return "dpdk runs without PCI in this process already; open the link with pci= first";
    }
    return Port.isOpen(eal.librte, config) ? Port.isOpenAlready(config) : null;
  }

  private static Eal started(Librte librte, DpdkConfig config) throws LinkException {
    boolean huge =
        config.huge() == DpdkConfig.Huge.ON
            || (config.huge() == DpdkConfig.Huge.AUTO
                && HugePages.look().freeBytes() >= config.memoryBytes());
    clearRuntime();
    List<String> arguments = arguments(config, huge);
    var result = new int[1];
    // It pins the thread that it is called on, and what that starts: not one of ours.
    Thread thread =
        Thread.ofPlatform()
            .name("dpdk-start")
            .start(() -> result[0] = initialize(librte, arguments));
    join(thread);
    if (result[0] < 0) {
      failure =
          "dpdk does not start with '"
              + String.join(" ", arguments.subList(1, arguments.size()))
              + "' (what it says is above); it can't be tried again in this process";
      throw new LinkException(failure);
    }
    return new Eal(librte, huge, !config.pci().isEmpty());
  }

  private static List<String> arguments(DpdkConfig config, boolean huge) {
    var all = new ArrayList<String>();
    all.add("wisp");
    all.add("--lcores=0@(" + allowedCores() + ")");
    all.add("--file-prefix=" + PREFIX + ProcessHandle.current().pid());
    all.add("--no-telemetry");
    if (config.pci().isEmpty()) {
      all.add("--no-pci");
      all.add("--iova-mode=va");
    } else {
      all.add("--allow=" + config.pci());
    }
    if (huge) {
      all.add("--in-memory");
    } else {
      all.addAll(
          List.of("--no-huge", "--no-shconf", "-m", String.valueOf(config.memoryMegabytes())));
    }
    all.add("--log-level=error");
    // They call errors what is none: a kernel without multiq, a server that is not there yet.
    all.add("--log-level=pmd.net.tap:critical");
    all.add("--log-level=pmd.net.memif:critical");
    all.addAll(config.ealArguments());
    return all;
  }

  private static int initialize(Librte librte, List<String> arguments) {
    // DPDK keeps the pointers.
    Arena arena = Arena.global();
    MemorySegment vector = arena.allocate(ValueLayout.ADDRESS, arguments.size() + 1L);
    for (int i = 0; i < arguments.size(); i++) {
      vector.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(arguments.get(i)));
    }
    return librte.callInt("rte_eal_init", arguments.size(), vector.address());
  }

  /** As {@code 0-3,7}: the cores that this process may use. */
  private static String allowedCores() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("Cpus_allowed_list:")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      // then the first core has to do
    }
    return "0";
  }

  /** Plugs a device in: 0 or {@code −errno}. */
  int plug(String bus, String device, String arguments) {
    try (Arena arena = Arena.ofConfined()) {
      return librte.callInt(
          "rte_eal_hotplug_add",
          arena.allocateFrom(bus).address(),
          arena.allocateFrom(device).address(),
          arena.allocateFrom(arguments).address());
    }
  }

  /** Pulls a device out. */
  int unplug(String bus, String device) {
    try (Arena arena = Arena.ofConfined()) {
      return librte.callInt(
          "rte_eal_hotplug_remove",
          arena.allocateFrom(bus).address(),
          arena.allocateFrom(device).address());
    }
  }

  /**
   * Calls a function of one port on DPDK's own thread, and waits until it has returned: so it can't
   * meet what that thread does for the device by itself. An alarm calls any function that takes one
   * number.
   */
  void onItsThread(String function, int port) {
    keepsThread = true; // a memif server's listener stays with that thread, and cleaning up kills
    long address = librte.symbol(function).address();
    long deadline = System.nanoTime() + GRACE_NANOS;
    boolean waits = librte.callInt("rte_eal_alarm_set", 1, address, port) == 0;
    while (waits && System.nanoTime() < deadline) {
      gate.hurry();
      LockSupport.parkNanos(ALARM_NANOS);
      // Cancelling waits for one that is being called, and finds none when that is over.
      waits = librte.callInt("rte_eal_alarm_cancel", address, port) > 0;
      if (waits) {
        waits = librte.callInt("rte_eal_alarm_set", 1, address, port) == 0;
      }
    }
  }

  /**
   * Makes the calling thread known to DPDK, so that it has a cache of its own in each pool: without
   * it all works, at half the speed. To be followed by {@link #unregisterThread} on the same
   * thread.
   */
  void registerThread() {
    int times = REGISTERED.get();
    if (times > 0 || librte.callInt("rte_thread_register") == 0) {
      REGISTERED.set(times + 1);
    }
  }

  /** Undoes {@link #registerThread}. */
  void unregisterThread() {
    int times = REGISTERED.get();
    if (times == 1) {
      librte.call("rte_thread_unregister");
    }
    REGISTERED.set(Math.max(0, times - 1));
  }

  /** Between bursts and what its thread does for a peer that comes or goes. */
  ControlGate gate() {
    return gate;
  }

  /** A link less. */
  void leave() {
    synchronized (Eal.class) {
      links--;
      if (links == 0) {
        clearOwnRuntime(); // here, for whoever closed it may halt the JVM
      }
      Eal.class.notifyAll();
    }
  }

  /** At the end of the JVM; not while a link may still be polling memory that this frees. */
  private void end() {
    synchronized (Eal.class) {
      long deadline = System.nanoTime() + GRACE_NANOS;
      while (links > 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          break; // the kernel takes all back
        }
        try {
          Eal.class.wait(left);
        } catch (InterruptedException e) {
          break;
        }
      }
      if (links == 0 && !keepsThread) {
        librte.call("rte_eal_cleanup");
      }
      clearOwnRuntime();
    }
  }

  private static void clearOwnRuntime() {
    delete(RUNTIME.resolve(PREFIX + ProcessHandle.current().pid()));
  }

  /** What processes that were killed have left. */
  private static void clearRuntime() {
    try (var left = Files.newDirectoryStream(RUNTIME, PREFIX + "*")) {
      for (Path directory : left) {
        String pid = directory.getFileName().toString().substring(PREFIX.length());
        if (pid.matches("[0-9]{1,9}") && !Files.exists(Path.of("/proc", pid))) {
          delete(directory);
        }
      }
    } catch (IOException e) {
      // no such directory: nothing is left
    }
  }

  private static void delete(Path directory) {
    try (var files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // not there, or not ours
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // it takes less than a second
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
