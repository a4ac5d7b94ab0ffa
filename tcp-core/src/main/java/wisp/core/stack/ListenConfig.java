package wisp.core.stack;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.FastOpenCookies;
import wisp.core.tcp.SynCookies;

/**
 * How a listener takes SYNs in.
 *
 * @param backlog connections in SYN-RECEIVED at most, each a record and a block of 64 bytes; within
 *     {@link ContextConfig#halfOpenLimit}
 * @param cookies what is done with SYNs beyond that
 * @param fastOpens connections that may be open before their handshake is over, each with an
 *     activity block (RFC 7413); 0: Fast Open is off. Text may then be delivered twice if the
 *     network doubles a SYN: only for applications that can bear that (§2.1)
 * @param fastOpenCookies what clients are given for it; null: a keyed hash of the context's
 * @param fastOpenWithoutCookie text is taken from SYNs that bring none, whatever the cookies say:
 *     for closed networks only, see {@link FastOpenCookies#areRequired}
 * @param mayOpen asked when a handshake would be over: false leaves the connection half-open as if
 *     that segment had been lost, until the peer sends again, or gives up. For applications with an
 *     accept queue; it must not call the context
 * @param cookieLifetimeNanos for how long a cookie holds at least; at most twice as long. 1 s … one
 *     day, or {@link #USUAL_LIFETIME}
 */
public record ListenConfig(
    int backlog,
    Cookies cookies,
    int fastOpens,
    @Nullable FastOpenCookies fastOpenCookies,
    boolean fastOpenWithoutCookie,
    BooleanSupplier mayOpen,
    long cookieLifetimeNanos) {
  /** As {@link #cookieLifetimeNanos()}: 64 s, and 4 minutes where nothing else is kept. */
  public static final long USUAL_LIFETIME = 0;

  private static final long STATELESS_LIFETIME = 240_000_000_000L;
  private static final long LEAST_LIFETIME = 1_000_000_000L;
  private static final long MOST_LIFETIME = 24 * 3_600 * LEAST_LIFETIME;

  /** When SYNs are answered by cookies (RFC 4987 §3.6): nothing is kept of them. */
  public enum Cookies {
    /** Never: SYNs beyond the backlog are dropped. */
    NEVER,
    /** Beyond the backlog, or when there is no memory for another half-open connection. */
    ON_OVERFLOW,
    /** Always: nothing is kept until the peer has answered, and SYN-ACKs are not resent. */
    ALWAYS,
    /**
     * Always, and nothing is kept until the peer has sent text or FIN: a connection on which
     * nothing has been said costs 0 bytes. For handlers that never speak first ({@link
     * ConnectionHandler#maySpeakFirst}).
     *
     * <p>The price: {@code onOpen} comes with the first text; who says nothing for longer than
     * {@link #cookieLifetimeNanos} is reset when it does; text that comes before the first (its
     * number is not IRS + 1) is dropped and has to be resent; and as long as cookies are about a
     * segment that proves nothing is dropped, not reset. A copy of the first text that the network
     * held back until after the end is delivered once more, as with Fast Open: only for
     * applications that can bear that. Keep-alive probes are answered. A SYN that follows on
     * TIME-WAIT makes a half-open connection as usual.
     */
    STATELESS
  }

  /** 16,384 half-open, cookies on overflow, no Fast Open, always room for open ones. */
  public static final ListenConfig DEFAULT = new Builder().build();

  /** Checks ranges. */
  public ListenConfig {
    if (backlog < 1) {
      throw new IllegalArgumentException("a backlog of " + backlog + " is not positive");
    }
    if (fastOpens < 0) {
      throw new IllegalArgumentException("a limit of " + fastOpens + " fast opens is negative");
    }
    if (fastOpens > 0 && cookies == Cookies.STATELESS) {
      throw new IllegalArgumentException("stateless accept keeps nothing of a SYN: no Fast Open");
    }
    boolean isLifetime =
        cookieLifetimeNanos >= LEAST_LIFETIME && cookieLifetimeNanos <= MOST_LIFETIME;
    if (!isLifetime && cookieLifetimeNanos != USUAL_LIFETIME) {
      throw new IllegalArgumentException(
          "cookies that hold for " + cookieLifetimeNanos + " ns: 1 s … one day");
    }
  }

  /** {@link #cookieLifetimeNanos()} as a number. */
  long cookiePeriodNanos() {
    if (cookieLifetimeNanos != USUAL_LIFETIME) {
      return cookieLifetimeNanos;
    }
    return cookies == Cookies.STATELESS ? STATELESS_LIFETIME : SynCookies.PERIOD_NANOS;
  }

  /** This configuration with changes: {@code config.with(b -> b.backlog = 128)}. */
  public ListenConfig with(Consumer<Builder> change) {
    Builder b = new Builder();
    b.backlog = backlog;
    b.cookies = cookies;
    b.fastOpens = fastOpens;
    b.fastOpenCookies = fastOpenCookies;
    b.fastOpenWithoutCookie = fastOpenWithoutCookie;
    b.mayOpen = mayOpen;
    b.cookieLifetimeNanos = cookieLifetimeNanos;
    change.accept(b);
    return b.build();
  }

  /** The components, each with what is usual. */
  public static final class Builder {
    public int backlog = 16_384;
    public Cookies cookies = Cookies.ON_OVERFLOW;
    public int fastOpens;
    public @Nullable FastOpenCookies fastOpenCookies;
    public boolean fastOpenWithoutCookie;
    public BooleanSupplier mayOpen = () -> true;
    public long cookieLifetimeNanos = USUAL_LIFETIME;

    private Builder() {}

    private ListenConfig build() {
      return new ListenConfig(
          backlog,
          cookies,
          fastOpens,
          fastOpenCookies,
          fastOpenWithoutCookie,
          mayOpen,
          cookieLifetimeNanos);
    }
  }
}
