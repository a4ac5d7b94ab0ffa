package wisp.drivers.dpdk;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * DPDK's shared libraries, of whichever version is installed. They stay loaded: DPDK can't be
 * unloaded.
 *
 * <p>What is called for each burst has a method of its own. All else goes through {@link #call},
 * with every argument in a register of 64 bits: it allocates.
 */
final class Librte {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final int MOST_ARGUMENTS = 6; // those that x86-64 has registers for
  private static final MethodHandle[] CALLS = calls();
  private static final MethodHandle BURST =
      LINKER.downcallHandle(FunctionDescriptor.of(JAVA_SHORT, JAVA_LONG, JAVA_LONG, JAVA_SHORT));
  private static final MethodHandle TAKE =
      LINKER.downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle FREE =
      LINKER.downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT));

  private static @Nullable Librte loaded;

  private final Abi abi;
  private final SymbolLookup lookup;
  private final MemorySegment freeBulk;
  private final ConcurrentHashMap<String, MemorySegment> functions = new ConcurrentHashMap<>();

  private Librte(Abi abi, SymbolLookup lookup) {
    this.abi = abi;
    this.lookup = lookup;
    freeBulk = symbol("rte_pktmbuf_free_bulk");
  }

  /** The libraries, or null when they are not installed. */
  static synchronized @Nullable Librte find() {
    for (Abi abi : Abi.KNOWN) {
      if (loaded == null && has(abi, "eal")) {
        loaded =
            new Librte(
                abi,
                library(abi, "eal")
                    .or(library(abi, "ethdev"))
                    .or(library(abi, "mbuf"))
                    .or(library(abi, "mempool")));
      }
    }
    return loaded;
  }

  private static boolean has(Abi abi, String library) {
    try {
      library(abi, library);
      return true;
    } catch (IllegalArgumentException e) {
      return false; // how libraryLookup says that there is none
    }
  }

  private static SymbolLookup library(Abi abi, String library) {
    return SymbolLookup.libraryLookup(abi.file(library), Arena.global());
  }

  /**
   * Loads the driver of a device, such as {@code net_tap}.
   *
   * @return false when it is not installed
   */
  boolean loadDriver(String driver) {
    return has(abi, driver);
  }

  /** The command that installs a driver's package. */
  static String install(String driver) {
    int number = loaded == null ? numberOfThisDebian() : loaded.abi.number();
    return "apt-get install --no-install-recommends librte-"
        + driver.replace('_', '-')
        + (number == 0 ? "*" : number)
        + (loaded == null ? " librte-mempool-ring" + (number == 0 ? "*" : number) : "");
  }

  private static int numberOfThisDebian() {
    try {
      String system = Files.readString(Path.of("/etc/os-release"));
      return system.contains("VERSION_ID=\"12\"")
          ? 23
          : system.contains("VERSION_ID=\"13\"") ? 25 : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  /** Where things lie in this version. */
  Abi abi() {
    return abi;
  }

  /** What it says that it is: {@code DPDK 22.11.11}. */
  String version() {
    return MemorySegment.ofAddress(call("rte_version")).reinterpret(256).getString(0);
  }

  /** The address of a function or variable. */
  MemorySegment symbol(String name) {
    return functions.computeIfAbsent(name, lookup::findOrThrow);
  }

  /**
   * Calls a function whose arguments are numbers and addresses, at most six. For what returns an
   * {@code int}, see {@link #callInt}.
   */
  long call(String function, long... arguments) {
    var all = new Object[arguments.length + 1];
    all[0] = symbol(function);
    for (int i = 0; i < arguments.length; i++) {
      all[i + 1] = arguments[i];
    }
    try {
      return (long) CALLS[arguments.length].invokeWithArguments(all);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Calls a function that returns an {@code int}: mostly 0 or {@code −errno}. */
  int callInt(String function, long... arguments) {
    return (int) call(function, arguments);
  }

  /**
   * Receives or sends.
   *
   * @param array of {@code count} addresses of mbufs
   * @return how many were received or sent
   */
  static int burst(MemorySegment function, long queue, long array, int count) {
    try {
      return (short) BURST.invokeExact(function, queue, array, (short) count) & 0xFFFF;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Takes {@code count} mbufs out of a pool, all or none; 0 when it did. */
  static int take(MemorySegment function, long pool, long array, int count) {
    try {
      return (int) TAKE.invokeExact(function, pool, array, count);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Gives mbufs back to the pool that each came from. */
  void free(long array, int count) {
    try {
      FREE.invokeExact(freeBulk, array, count);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static MethodHandle[] calls() {
    var handles = new MethodHandle[MOST_ARGUMENTS + 1];
    for (int i = 0; i < handles.length; i++) {
      var arguments = new MemoryLayout[i];
      Arrays.fill(arguments, JAVA_LONG);
      handles[i] = LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, arguments));
    }
    return handles;
  }

  private static Error unexpected(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }
}
