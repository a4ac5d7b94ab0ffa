package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;

/** Sees packets as they pass. */
@FunctionalInterface
public interface PacketTap {
  /** A packet that begins with its IP header; the memory is borrowed until the call returns. */
  void packet(MemorySegment memory, long start, int length);
}
