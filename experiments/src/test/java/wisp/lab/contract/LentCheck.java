package wisp.lab.contract;

import java.lang.foreign.MemorySegment;
import wisp.drivers.LentMemory;

/** Where the text lies that {@code onData} is given. On the stack's thread. */
final class LentCheck {
  private final long first;
  private final long end;
  private final WatchedMemory memory;
  private long lent;
  private long held;
  private long copied;

  LentCheck(LentMemory link, WatchedMemory memory) {
    MemorySegment region = link.receiveMemory();
    first = region.address();
    end = first + region.byteSize();
    this.memory = memory;
  }

  void look(MemorySegment text, long start, int length) {
    long at = text.address() + start;
    if (at >= first && at + length <= end) {
      lent++;
    } else if (memory.hasBlocksAt(at, length)) {
      held++;
    } else {
      copied++;
    }
  }

  /** Calls of {@code onData} with text that lay where the link receives. */
  long lent() {
    return lent;
  }

  /** Those whose text had come out of order, and waited in a block. */
  long held() {
    return held;
  }

  /** All others. */
  long copied() {
    return copied;
  }
}
