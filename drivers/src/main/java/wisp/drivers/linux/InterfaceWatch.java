package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Learns that an interface has been deleted, by the kernel's own word: for sockets that then merely
 * fall silent. One thread at a time.
 *
 * <pre>
 *   sockaddr_nl (12 B)   family 2, pad 2 │ port 4 │ groups 4
 *   nlmsghdr (16 B)      length 4 │ type 2 │ …        ifinfomsg   family 1, pad 1 │ type 2 │ index 4 │ …
 * </pre>
 */
public final class InterfaceWatch implements AutoCloseable {
  private static final int RTMGRP_LINK = 1;
  private static final short RTM_DELLINK = 17;
  private static final int MESSAGE_BYTES = 16_384;
  private static final int HEADER_BYTES = 16;
  private static final int INDEX = HEADER_BYTES + 4;
  private static final long SIOCGIFNAME = 0x8910L;
  private static final int IFREQ_BYTES = 40;
  private static final int IFREQ_INDEX = 16;

  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final MemorySegment message = arena.allocate(MESSAGE_BYTES, 8);
  private final int descriptor;
  private final int index;
  private boolean gone;
  private boolean closed;

  /**
   * Watches an interface of the calling thread's network namespace. Where the kernel gives no
   * socket for it, nothing is noticed.
   */
  public InterfaceWatch(int index) {
    this.index = index;
    descriptor = libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
    MemorySegment address = arena.allocate(12, 4);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) Libc.AF_NETLINK);
    address.set(ValueLayout.JAVA_INT, 8, RTMGRP_LINK);
    if (descriptor >= 0) {
      new SocketCalls(arena).bind(descriptor, address);
    }
  }

  /** To be polled for {@link Libc#POLLIN}; negative: there is none. */
  public int descriptor() {
    return descriptor;
  }

  /** Whether the interface is gone. One system call; allocates nothing. */
  public boolean isGone() {
    while (!gone && descriptor >= 0) {
      int bytes = libc.read(descriptor, message.address(), MESSAGE_BYTES);
      if (bytes == -Errno.ENOBUFS) {
        ask(); // words were lost, for nobody has listened for long
      } else if (bytes < HEADER_BYTES) {
        break;
      } else {
        look(Math.min(bytes, MESSAGE_BYTES));
      }
    }
    return gone;
  }

  private void ask() {
    message.asSlice(0, IFREQ_BYTES).fill((byte) 0);
    message.set(ValueLayout.JAVA_INT, IFREQ_INDEX, index);
    gone |= index != 0 && libc.ioctl(descriptor, SIOCGIFNAME, message.address()) == -Errno.ENODEV;
  }

  private void look(int bytes) {
    for (int at = 0; at + INDEX + Integer.BYTES <= bytes; ) {
      int length = message.get(ValueLayout.JAVA_INT, at);
      if (length < HEADER_BYTES || length > bytes - at) {
        return;
      }
      gone |=
          message.get(ValueLayout.JAVA_SHORT, at + 4) == RTM_DELLINK
              && message.get(ValueLayout.JAVA_BYTE, at + HEADER_BYTES) == 0 // else it left a bridge
              && message.get(ValueLayout.JAVA_INT, at + INDEX) == index;
      at += length + 3 & ~3;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (descriptor >= 0) {
        libc.close(descriptor);
      }
      arena.close();
    }
  }
}
