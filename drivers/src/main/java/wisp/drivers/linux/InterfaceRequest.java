package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What the kernel is asked or told about an interface by {@code ioctl}: a name, and a value whose
 * kind the request decides.
 *
 * <pre>
 *   struct ifreq (40 B)     name 16 │ flags 2, or index, mtu or queue length 4, or hardware address: family 2, bytes 6, or address of more 8
 * </pre>
 */
public final class InterfaceRequest {
  /** Bytes of a name, with the zero at its end. */
  public static final int NAME_BYTES = 16;

  public static final long GET_FLAGS = 0x8913L;
  public static final long SET_FLAGS = 0x8914L;
  public static final long GET_MTU = 0x8921L;
  public static final long SET_MTU = 0x8922L;
  public static final long GET_HARDWARE_ADDRESS = 0x8927L;
  public static final long GET_INDEX = 0x8933L;
  public static final long SET_QUEUE_LENGTH = 0x8943L;
  public static final long ETHTOOL = 0x8946L;

  /** Of the flags: it is set up. */
  public static final short IFF_UP = 1;

  private static final int BYTES = 40;
  private static final int VALUE = 16;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Libc libc;
  private final MemorySegment memory;

  /** Of no interface yet. */
  public InterfaceRequest(Arena arena, Libc libc) {
    this.libc = libc;
    memory = arena.allocate(BYTES, 8);
  }

  /**
   * Begins a request about an interface, with the value 0.
   *
   * @param name shorter than {@link #NAME_BYTES}
   */
  public InterfaceRequest about(String name) {
    assert name.length() < NAME_BYTES;
    memory.fill((byte) 0);
    memory.setString(0, name);
    return this;
  }

  /**
   * Makes the request.
   *
   * @param descriptor any socket, or the device that is to be set up
   * @return 0, or {@code −errno}
   */
  public int ask(int descriptor, long request) {
    return libc.ioctl(descriptor, request, memory.address());
  }

  /** The name, which the kernel may have completed. */
  public String name() {
    return memory.getString(0);
  }

  /** Index or MTU. */
  public int number() {
    return memory.get(ValueLayout.JAVA_INT, VALUE);
  }

  /** Sets MTU or queue length. */
  public void number(int value) {
    memory.set(ValueLayout.JAVA_INT, VALUE, value);
  }

  /** Flags. */
  public short flags() {
    return memory.get(ValueLayout.JAVA_SHORT, VALUE);
  }

  /** Sets flags. */
  public void flags(int value) {
    memory.set(ValueLayout.JAVA_SHORT, VALUE, (short) value);
  }

  /** 48 bits, first byte highest. */
  public long hardwareAddress() {
    return (memory.get(BE16, VALUE + 2) & 0xFFFFL) << 32
        | memory.get(BE32, VALUE + 4) & 0xFFFF_FFFFL;
  }

  /** Sets where there is more to the request. */
  public void more(MemorySegment structure) {
    memory.set(ValueLayout.JAVA_LONG, VALUE, structure.address());
  }
}
