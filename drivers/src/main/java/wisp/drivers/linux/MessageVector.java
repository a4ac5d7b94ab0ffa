package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Slots for packets with what {@code recvmmsg} and {@code sendmmsg} need to move several of them in
 * one call: each is one piece of memory.
 */
public final class MessageVector {
  private final MemorySegment memory;
  private final MemorySegment messages;
  private final MemorySegment pieces;
  private final int slotBytes;

  /**
   * All slots at their full length.
   *
   * @param arena that owns the memory
   * @param slots how many
   * @param slotBytes of each, a multiple of 64
   * @param names socket addresses, {@code slots · nameBytes}; empty: none
   */
  public MessageVector(Arena arena, int slots, int slotBytes, MemorySegment names, int nameBytes) {
    this.slotBytes = slotBytes;
    memory = arena.allocate((long) slots * slotBytes, 64);
    messages = arena.allocate((long) slots * SocketCalls.MMSGHDR_BYTES, 64);
    pieces = arena.allocate((long) slots * SocketCalls.IOVEC_BYTES, 64);
    for (int slot = 0; slot < slots; slot++) {
      long at = (long) slot * SocketCalls.MMSGHDR_BYTES;
      long piece = (long) slot * SocketCalls.IOVEC_BYTES;
      pieces.set(ValueLayout.JAVA_LONG, piece, memory.address() + start(slot));
      length(slot, slotBytes);
      messages.set(ValueLayout.JAVA_LONG, at + SocketCalls.MMSG_IOV, pieces.address() + piece);
      messages.set(ValueLayout.JAVA_LONG, at + SocketCalls.MMSG_IOV_COUNT, 1);
      if (nameBytes > 0) {
        messages.set(
            ValueLayout.JAVA_LONG,
            at + SocketCalls.MMSG_NAME,
            names.address() + (long) slot * nameBytes);
        messages.set(ValueLayout.JAVA_INT, at + SocketCalls.MMSG_NAME_LENGTH, nameBytes);
      }
    }
  }

  /** Of all slots. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where a slot begins in {@link #memory}. */
  public long start(int slot) {
    return (long) slot * slotBytes;
  }

  /** For the system calls: where the messages from this slot on are. */
  public long address(int slot) {
    return messages.address() + (long) slot * SocketCalls.MMSGHDR_BYTES;
  }

  /** How many bytes of a slot are to be moved. */
  public void length(int slot, int bytes) {
    assert bytes <= slotBytes;
    pieces.set(ValueLayout.JAVA_LONG, (long) slot * SocketCalls.IOVEC_BYTES + 8, bytes);
  }

  /** How many were moved, as the kernel said last. */
  public int moved(int slot) {
    return messages.get(
        ValueLayout.JAVA_INT, (long) slot * SocketCalls.MMSGHDR_BYTES + SocketCalls.MMSG_BYTES);
  }

  /** Flags of the message received last. */
  public int flags(int slot) {
    return messages.get(
        ValueLayout.JAVA_INT, (long) slot * SocketCalls.MMSGHDR_BYTES + SocketCalls.MMSG_FLAGS);
  }
}
