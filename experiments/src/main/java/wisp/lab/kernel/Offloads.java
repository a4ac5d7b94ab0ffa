package wisp.lab.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.drivers.linux.Libc;

/**
 * What a device of the kernel does in place of TCP: checksums, cutting, putting together. Switched
 * as the program {@code ethtool} does it, which need not be there.
 *
 * <pre>
 *   ifreq           name 16 │ pointer 8 ─→ ethtool_value   command 4 │ value 4
 * </pre>
 */
public final class Offloads {
  private static final long SIOCETHTOOL = 0x8946;
  private static final int IFREQ_BYTES = 40;
  private static final int NAME_BYTES = 16;

  /**
   * ETHTOOL_SRXCSUM, STXCSUM, SSG, STSO, SGSO, SGRO: each needs those before it, so they go on in
   * this order and off in the other.
   */
  private static final int[] COMMANDS = {0x15, 0x17, 0x19, 0x1f, 0x24, 0x2c};

  private Offloads() {}

  /**
   * Switches all of a device on or off.
   *
   * @throws IOException when the kernel refuses one
   */
  public static void set(KernelHost host, String device, boolean on) throws IOException {
    host.with(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            set(new Libc(arena), arena, device, on);
            return true;
          }
        });
  }

  private static void set(Libc libc, Arena arena, String device, boolean on) throws IOException {
    MemorySegment request = arena.allocate(IFREQ_BYTES, 8);
    MemorySegment value = arena.allocate(8, 4);
    request.setString(0, device);
    request.set(ValueLayout.JAVA_LONG, NAME_BYTES, value.address());
    value.set(ValueLayout.JAVA_INT, 4, on ? 1 : 0);
    int socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
    try {
      for (int i = 0; i < COMMANDS.length; i++) {
        int command = COMMANDS[on ? i : COMMANDS.length - 1 - i];
        value.set(ValueLayout.JAVA_INT, 0, command);
        int result = libc.ioctl(socket, SIOCETHTOOL, request.address());
        if (result < 0) {
          throw new IOException(
              "ethtool command "
                  + Integer.toHexString(command)
                  + " on "
                  + device
                  + ": "
                  + libc.describe(result));
        }
      }
    } finally {
      libc.close(socket);
    }
  }
}
