package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkInterface;

/**
 * An interface of the kernel below a device: whether it is still there. Its socket stays in the
 * network namespace where it was opened, so any thread can ask.
 *
 * <pre>
 *   struct ifreq (40 B)            name 16 │ index 4, or address of the next 8
 *   struct ethtool_drvinfo (196 B) command 4 │ driver's name 32 │ …
 * </pre>
 */
final class InterfaceWatch implements Watch {
  private static final long SIOCGIFINDEX = 0x8933L;
  private static final long SIOCETHTOOL = 0x8946L;
  private static final int ETHTOOL_GDRVINFO = 3;
  private static final int IFREQ_BYTES = 40;
  private static final int IFREQ_VALUE = 16;
  private static final int DRVINFO_BYTES = 256;

  private final NetworkInterface found;
  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final MemorySegment ifreq = arena.allocate(IFREQ_BYTES, 8);
  private final int socket;
  private boolean closed;

  /**
   * Finds it in the calling thread's network namespace.
   *
   * @throws LinkException when it is not there, or is not up
   */
  InterfaceWatch(String name) throws LinkException {
    found = NetworkInterface.find(name);
    if (!found.up()) {
      arena.close();
      throw new LinkException(
          "interface '" + name + "' is down; set it up with: ip link set " + name + " up");
    }
    ifreq.setString(0, name);
    socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
    if (socket < 0) {
      String reason = libc.describe(socket);
      arena.close();
      throw new LinkException("no socket to watch interface '" + name + "': " + reason);
    }
  }

  /** As it was when it was found. */
  NetworkInterface found() {
    return found;
  }

  /** Whether it is one end of a pair: then there is no wire, and checksums may be unfinished. */
  boolean isVeth() {
    MemorySegment info = arena.allocate(DRVINFO_BYTES, 8);
    info.set(ValueLayout.JAVA_INT, 0, ETHTOOL_GDRVINFO);
    ifreq.set(ValueLayout.JAVA_LONG, IFREQ_VALUE, info.address());
    return libc.ioctl(socket, SIOCETHTOOL, ifreq.address()) == 0
        && info.getString(Integer.BYTES).equals("veth");
  }

  @Override
  public boolean look(Port port) {
    int result = libc.ioctl(socket, SIOCGIFINDEX, ifreq.address());
    return result != -Errno.ENODEV
        && (result < 0 || ifreq.get(ValueLayout.JAVA_INT, IFREQ_VALUE) == found.index());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      libc.close(socket);
      arena.close();
    }
  }
}
