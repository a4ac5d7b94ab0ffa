package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bytes that came and were not read: a ring on the heap that grows as far as it must. */
final class ByteQueue {
  private byte[] ring = {};
  private int head;
  private int size;

  int size() {
    return size;
  }

  void add(MemorySegment memory, long offset, int length) {
    ensure(size + length);
    int tail = (head + size) % ring.length;
    int first = Math.min(length, ring.length - tail);
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, ring, tail, first);
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset + first, ring, 0, length - first);
    size += length;
  }

  private void ensure(int needed) {
    if (needed <= ring.length) {
      return;
    }
    byte[] larger = new byte[Math.max(needed, Math.max(1_024, 2 * ring.length))];
    int had = peek(larger, 0, size);
    ring = larger;
    head = 0;
    size = had;
  }

  /** Copies the oldest bytes without taking them. */
  int peek(byte[] into, int at, int most) {
    int n = Math.min(most, size);
    int first = Math.min(n, ring.length - head);
    System.arraycopy(ring, head, into, at, first);
    System.arraycopy(ring, 0, into, at + first, n - first);
    return n;
  }

  void skip(int bytes) {
    assert bytes <= size;
    head = ring.length == 0 ? 0 : (head + bytes) % ring.length;
    size -= bytes;
    if (size == 0) {
      ring = new byte[0]; // an idle socket keeps no buffer
      head = 0;
    }
  }
}
