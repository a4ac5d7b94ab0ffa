package wisp.drivers.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static wisp.drivers.linux.Downcalls.function;
import static wisp.drivers.linux.Downcalls.unexpected;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code bpf(2)}: programs that the kernel runs for each packet of an interface, before its own
 * stack sees it (XDP), and the maps by which they find our sockets. Everything made here is a
 * descriptor, and ends with the last of its descriptors: also when the process is killed. Results
 * as in {@link Libc}: {@code −errno} when it failed. ({@code include/uapi/linux/bpf.h})
 *
 * <pre>
 *   union bpf_attr (128 B)
 *   make a map      type 4 │ key bytes 4 │ value bytes 4 │ entries 4
 *   change it       map 4, pad 4 │ address of key 8 │ of value 8 │ flags 8
 *   load            type 4 │ instructions 4 │ their address 8 │ of the licence 8 │ log level 4 │ log bytes 4 │ address of log 8
 *                   │ kernel version 4 │ flags 4 │ name 16 │ interface 4 │ attach type 4
 *   attach          program 4 │ interface 4 │ attach type 4 │ flags 4
 * </pre>
 */
public final class BpfCalls {
  /** Attached to the network stack's own packets: works on every interface. */
  public static final int XDP_SKB_MODE = 2;

  /** Attached to the interface's driver. */
  public static final int XDP_DRIVER_MODE = 4;

  /** The program puts up with packets of which it sees only the first part. */
  public static final int XDP_HAS_FRAGS = 1 << 5;

  /** Bytes of an instruction. */
  public static final int INSTRUCTION_BYTES = 8;

  private static final int SYS_BPF =
      System.getProperty("os.arch", "").equals("aarch64") ? 280 : 321;
  private static final int MAP_CREATE = 0;
  private static final int MAP_UPDATE_ELEM = 2;
  private static final int PROG_LOAD = 5;
  private static final int LINK_CREATE = 28;
  private static final int MAP_TYPE_XSKMAP = 17;
  private static final int PROG_TYPE_SOCKET_FILTER = 1;
  private static final int PROG_TYPE_XDP = 6;
  private static final int ATTACH_TYPE_XDP = 37;
  private static final int ATTR_BYTES = 128;
  private static final int NAME_AT = 48;
  private static final int LOG_BYTES = 1 << 16;

  private static final MethodHandle SYSCALL =
      function("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final Arena arena;
  private final MemorySegment errno;
  private final MemorySegment attr;
  private String log = "";

  /**
   * A caller.
   *
   * @param arena where it captures {@code errno}; it must not be used after that is closed
   */
  public BpfCalls(Arena arena) {
    this.arena = arena;
    errno = arena.allocate(Downcalls.CAPTURE);
    attr = arena.allocate(ATTR_BYTES, 8);
  }

  /** A map from queue numbers, below {@code entries}, to AF_XDP sockets; empty. */
  public int socketMap(int entries) {
    attr.fill((byte) 0);
    attr.set(JAVA_INT, 0, MAP_TYPE_XSKMAP);
    attr.set(JAVA_INT, 4, Integer.BYTES);
    attr.set(JAVA_INT, 8, Integer.BYTES);
    attr.set(JAVA_INT, 12, entries);
    return call(MAP_CREATE);
  }

  /** Puts a socket into such a map; it leaves by itself when the socket is closed. */
  public int put(int map, int key, int socket) {
    MemorySegment entry = arena.allocate(8, 8);
    entry.set(JAVA_INT, 0, key);
    entry.set(JAVA_INT, 4, socket);
    attr.fill((byte) 0);
    attr.set(JAVA_INT, 0, map);
    attr.set(JAVA_LONG, 8, entry.address());
    attr.set(JAVA_LONG, 16, entry.address() + 4);
    return call(MAP_UPDATE_ELEM);
  }

  /**
   * Loads an XDP program. When the kernel refuses it, {@link #log} tells why.
   *
   * @param instructions {@link #INSTRUCTION_BYTES} each
   * @param flags {@link #XDP_HAS_FRAGS} or 0
   * @param name at most 15 letters, digits and underlines
   */
  public int loadXdp(MemorySegment instructions, int flags, String name) {
    return load(PROG_TYPE_XDP, ATTACH_TYPE_XDP, instructions, flags, name);
  }

  /** Loads a program that is given packets of a socket, or of a TUN device; as {@link #loadXdp}. */
  public int loadSocketFilter(MemorySegment instructions, String name) {
    return load(PROG_TYPE_SOCKET_FILTER, 0, instructions, 0, name);
  }

  private int load(int type, int attach, MemorySegment instructions, int flags, String name) {
    int program = load(type, attach, instructions, flags, name, MemorySegment.NULL);
    if (program < 0) {
      try (Arena own = Arena.ofConfined()) {
        MemorySegment text = own.allocate(LOG_BYTES);
        load(type, attach, instructions, flags, name, text);
        log = text.getString(0);
      }
    }
    return program;
  }

  private int load(
      int type,
      int attach,
      MemorySegment instructions,
      int flags,
      String name,
      MemorySegment text) {
    attr.fill((byte) 0);
    attr.set(JAVA_INT, 0, type);
    attr.set(JAVA_INT, 4, (int) (instructions.byteSize() / INSTRUCTION_BYTES));
    attr.set(JAVA_LONG, 8, instructions.address());
    attr.set(JAVA_LONG, 16, arena.allocateFrom("Apache-2.0").address());
    if (text.byteSize() > 0) {
      attr.set(JAVA_INT, 24, 1);
      attr.set(JAVA_INT, 28, (int) text.byteSize());
      attr.set(JAVA_LONG, 32, text.address());
    }
    attr.set(JAVA_INT, 44, flags);
    attr.setString(NAME_AT, name);
    attr.set(JAVA_INT, 68, attach);
    return call(PROG_LOAD);
  }

  /** What the verifier had to say about the program refused last; empty: nothing. */
  public String log() {
    return log;
  }

  /**
   * Attaches a program to an interface for as long as the result is open.
   *
   * @param mode {@link #XDP_SKB_MODE} or {@link #XDP_DRIVER_MODE}
   */
  public int attachXdp(int program, int interfaceIndex, int mode) {
    attr.fill((byte) 0);
    attr.set(JAVA_INT, 0, program);
    attr.set(JAVA_INT, 4, interfaceIndex);
    attr.set(JAVA_INT, 8, ATTACH_TYPE_XDP);
    attr.set(JAVA_INT, 12, mode);
    return call(LINK_CREATE);
  }

  /** Whatever has a descriptor is not inherited: the kernel sets O_CLOEXEC on all of them. */
  private int call(int command) {
    try {
      return (int)
          Downcalls.orErrno(
              errno,
              (long)
                  SYSCALL.invokeExact(
                      errno, (long) SYS_BPF, (long) command, attr.address(), (long) ATTR_BYTES));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}
