package wisp.core.stack;

import java.util.function.Consumer;

/**
 * How a listener takes SYNs in.
 *
 * @param backlog connections in SYN-RECEIVED at most, each a record and a block of 64 bytes; within
 *     {@link ContextConfig#halfOpenLimit}
 * @param cookies what is done with SYNs beyond that
 */
public record ListenConfig(int backlog, Cookies cookies) {
  /** When SYNs are answered by cookies (RFC 4987 §3.6): nothing is kept of them. */
  public enum Cookies {
    /** Never: SYNs beyond the backlog are dropped. */
    NEVER,
    /** Beyond the backlog, or when there is no memory for another half-open connection. */
    ON_OVERFLOW,
    /** Always: nothing is kept until the peer has answered, and SYN-ACKs are not resent. */
    ALWAYS
  }

  /** 16,384 half-open, cookies on overflow. */
  public static final ListenConfig DEFAULT = new Builder().build();

  /** Checks ranges. */
  public ListenConfig {
    if (backlog < 1) {
      throw new IllegalArgumentException("a backlog of " + backlog + " is not positive");
    }
  }

  /** This configuration with changes: {@code config.with(b -> b.backlog = 128)}. */
  public ListenConfig with(Consumer<Builder> change) {
    Builder b = new Builder();
    b.backlog = backlog;
    b.cookies = cookies;
    change.accept(b);
    return b.build();
  }

  /** The components, each with what is usual. */
  public static final class Builder {
    public int backlog = 16_384;
    public Cookies cookies = Cookies.ON_OVERFLOW;

    private Builder() {}

    private ListenConfig build() {
      return new ListenConfig(backlog, cookies);
    }
  }
}
