package wisp.lab.serve;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Lines on their way from the thread that reads them to that of the stack. Bounded: who puts waits
 * when a mebibyte is waiting already, so that whoever writes to us is slowed down, and not our
 * memory filled.
 */
public final class LineQueue {
  private static final int MOST_BYTES = 1 << 20;
  private final ArrayDeque<Lines> waiting = new ArrayDeque<>();
  private long bytes;
  private volatile Runnable wake = () -> {};
  private Runnable begin = () -> {};

  /** Who is told that there is something; called from the thread that puts. */
  void onArrival(Runnable wake) {
    this.wake = wake;
    begin.run();
  }

  /** What is to begin when somebody takes lines out. */
  void onFirstListener(Runnable begin) {
    this.begin = begin;
  }

  /** Adds lines, however many bytes they are when nothing else waits. */
  public void put(Lines lines) throws InterruptedException {
    synchronized (this) {
      while (bytes > 0 && bytes + lines.bytes().length > MOST_BYTES) {
        wait();
      }
      waiting.add(lines);
      bytes += lines.bytes().length;
    }
    wake.run();
  }

  /** Takes the oldest; null: there are none. Never waits. */
  synchronized @Nullable Lines poll() {
    Lines lines = waiting.poll();
    if (lines != null) {
      bytes -= lines.bytes().length;
      notifyAll();
    }
    return lines;
  }
}
