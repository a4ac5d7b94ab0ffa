package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.LinkException;

/**
 * An interface of the kernel as it was when asked.
 *
 * <pre>
 *   struct ethtool_drvinfo (196 B)    command 4 │ driver 32 │ …
 *   struct ethtool_channels (36 B)    command 4 │ at the most, by kind 16 │ in use: receive 4 │ transmit 4 │ other 4 │ both 4
 * </pre>
 *
 * @param name as {@code ip link} shows it
 * @param index by which other calls know it
 * @param mtu largest IP packet, in bytes
 * @param hardwareAddress 48 bits, first byte highest; 0 where there is none
 * @param up whether it is set up
 */
public record NetworkInterface(String name, int index, int mtu, long hardwareAddress, boolean up) {
  private static final int ETHTOOL_GDRVINFO = 3;
  private static final int DRIVER_INFO_BYTES = 196;
  private static final int DRIVER_NAME = 4;
  private static final int ETHTOOL_GCHANNELS = 0x3c;
  private static final int CHANNELS_BYTES = 36;
  private static final int RECEIVE_CHANNELS = 20;
  private static final int TRANSMIT_CHANNELS = 24;
  private static final int COMBINED_CHANNELS = 32;

  /**
   * Asks the kernel, in the calling thread's network namespace.
   *
   * @throws LinkException when there is no such interface, in one line for the user
   */
  public static NetworkInterface find(String name) throws LinkException {
    if (name.isEmpty() || name.length() >= InterfaceRequest.NAME_BYTES || name.indexOf('/') >= 0) {
      throw new LinkException(
          "'" + name + "' can't be the name of an interface; ip -br link shows those there are");
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      var request = new InterfaceRequest(arena, libc);
      int socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
      if (socket < 0) {
        throw new LinkException("no socket to ask for interfaces: " + libc.describe(socket));
      }
      try {
        ask(libc, socket, request.about(name), InterfaceRequest.GET_INDEX);
        int index = request.number();
        ask(libc, socket, request.about(name), InterfaceRequest.GET_MTU);
        int mtu = request.number();
        ask(libc, socket, request.about(name), InterfaceRequest.GET_FLAGS);
        boolean up = (request.flags() & InterfaceRequest.IFF_UP) != 0;
        ask(libc, socket, request.about(name), InterfaceRequest.GET_HARDWARE_ADDRESS);
        return new NetworkInterface(name, index, mtu, request.hardwareAddress(), up);
      } finally {
        libc.close(socket);
      }
    }
  }

  /**
   * Which driver an interface has, in the calling thread's network namespace: {@code veth}; empty
   * where nobody tells.
   */
  public static String driver(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(DRIVER_INFO_BYTES, 8);
      return askDriver(name, ETHTOOL_GDRVINFO, info, arena) ? info.getString(DRIVER_NAME) : "";
    }
  }

  /** How many queues an interface has in use, likewise; 0 where nobody tells. */
  public static int queues(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment channels = arena.allocate(CHANNELS_BYTES, 8);
      if (!askDriver(name, ETHTOOL_GCHANNELS, channels, arena)) {
        return 0;
      }
      int receive = channels.get(ValueLayout.JAVA_INT, RECEIVE_CHANNELS);
      int transmit = channels.get(ValueLayout.JAVA_INT, TRANSMIT_CHANNELS);
      return Math.max(receive, transmit) + channels.get(ValueLayout.JAVA_INT, COMBINED_CHANNELS);
    }
  }

  private static boolean askDriver(String name, int what, MemorySegment answer, Arena arena) {
    var libc = new Libc(arena);
    answer.set(ValueLayout.JAVA_INT, 0, what);
    InterfaceRequest request = new InterfaceRequest(arena, libc).about(name);
    request.more(answer);
    int socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
    if (socket < 0) {
      return false;
    }
    int result = request.ask(socket, InterfaceRequest.ETHTOOL);
    libc.close(socket);
    return result >= 0;
  }

  /**
   * By how many queues packets come in, in the calling thread's network namespace; 1 where nobody
   * tells.
   */
  public static int receiveQueues(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment channels = arena.allocate(CHANNELS_BYTES, 8);
      if (!askDriver(name, ETHTOOL_GCHANNELS, channels, arena)) {
        return 1;
      }
      int queues =
          channels.get(ValueLayout.JAVA_INT, RECEIVE_CHANNELS)
              + channels.get(ValueLayout.JAVA_INT, COMBINED_CHANNELS);
      return Math.max(1, queues);
    }
  }

  /**
   * The same, if it is set up.
   *
   * @throws LinkException when there is none, or it is down
   */
  public static NetworkInterface findUp(String name) throws LinkException {
    NetworkInterface found = find(name);
    if (!found.up()) {
      throw new LinkException(
          "interface '" + name + "' is down; set it up with: ip link set " + name + " up");
    }
    return found;
  }

  private static void ask(Libc libc, int socket, InterfaceRequest request, long what)
      throws LinkException {
    int result = request.ask(socket, what);
    if (result < 0) {
      throw new LinkException(
          "interface '"
              + request.name()
              + "' can't be used: "
              + libc.describe(result)
              + "; ip -br link shows those there are");
    }
  }
}
