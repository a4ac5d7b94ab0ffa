package wisp.lab.broadcast;

import wisp.core.spi.Footprint;
import wisp.core.stack.Context;
import wisp.lab.measure.ProcFile;

/** The most memory that was seen, by kind and in all, and the most that the process had. */
final class Peak {
  private static final Footprint.Kind[] KINDS = Footprint.Kind.values();
  private static final long RSS_EVERY_NANOS = 20_000_000;
  private final Footprint now = new Footprint();
  private final long[] inUse = new long[KINDS.length];
  private long reserved;
  private long rss;
  private long rssLooked;

  /** Looks. */
  void look(Context context) {
    now.reset();
    context.footprint(now);
    for (Footprint.Kind kind : KINDS) {
      inUse[kind.ordinal()] = Math.max(inUse[kind.ordinal()], now.inUseBytes(kind));
    }
    reserved = Math.max(reserved, now.reservedBytes());
    long clock = System.nanoTime();
    if (rss == 0 || clock - rssLooked > RSS_EVERY_NANOS) {
      rssLooked = clock;
      rss = Math.max(rss, ProcFile.field("/proc/self/status", "VmRSS"));
    }
  }

  long inUse(Footprint.Kind kind) {
    return inUse[kind.ordinal()];
  }

  long reserved() {
    return reserved;
  }

  long rss() {
    return rss;
  }
}
