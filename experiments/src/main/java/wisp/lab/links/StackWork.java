package wisp.lab.links;

import java.util.Map;
import wisp.core.spi.Link;

/** A stack on a link, which either polls without end or sleeps after a while without packets. */
final class StackWork implements Work {
  private static final int POLLS = 64;
  private static final long SPIN_NANOS = 50_000;
  private static final long LONGEST_SLEEP_NANOS = 500_000_000;
  private final Link link;
  private final boolean busy;
  private final Stack stack;
  private final long begin = System.nanoTime();
  private long idleSince = Long.MAX_VALUE;

  /**
   * Around a link, which it owns.
   *
   * @param busy whether it never sleeps
   */
  StackWork(Link link, boolean busy) {
    this.link = link;
    this.busy = busy;
    stack = new Stack(link);
  }

  @Override
  public void step() {
    for (int i = 0; i < POLLS; i++) {
      long now = System.nanoTime() - begin;
      long next = stack.poll(now);
      if (next <= now) {
        idleSince = Long.MAX_VALUE;
        continue;
      }
      idleSince = Math.min(idleSince, now);
      if (busy || now - idleSince < SPIN_NANOS) {
        Thread.onSpinWait();
        continue;
      }
      link.awaitReadable(Math.min(next - now, LONGEST_SLEEP_NANOS));
      return;
    }
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of("drops", link.drops());
  }

  @Override
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  @Override
  public void wake() {
    link.wake();
  }

  @Override
  public void close() {
    stack.close();
    link.close();
  }
}
