package wisp.lab.measure;

import wisp.core.spi.Footprint;
import wisp.core.stack.Context;

/** The most memory that was seen, by kind and in all, and the most that the process had. */
public final class Peak {
  private static final Footprint.Kind[] KINDS = Footprint.Kind.values();
  private static final long RSS_EVERY_NANOS = 20_000_000;
  private final Footprint now = new Footprint();
  private final long[] inUse = new long[KINDS.length];
  private long reserved;
  private long rss;
  private long rssLooked;

  /** Looks; on the thread of the context. */
  public void look(Context context) {
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

  /** Bytes of a kind in use. */
  public long inUse(Footprint.Kind kind) {
    return inUse[kind.ordinal()];
  }

  /** Bytes reserved, of all kinds together. */
  public long reserved() {
    return reserved;
  }

  /** Of the process; looked at fifty times a second at most. */
  public long rss() {
    return rss;
  }
}
