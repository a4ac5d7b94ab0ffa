package wisp.drivers.sockets;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.FastOpenMode;

/**
 * What sockets may do of TCP Fast Open (RFC 7413).
 *
 * @param client how those connect that ask for it, by {@link Message#FAST_OPEN} or {@link
 *     Option#TCP_FASTOPEN_CONNECT}; OFF: they are refused
 * @param server whether {@link Option#TCP_FASTOPEN} has an effect
 * @param everyListener whether listeners that did not set it take as many as their backlog says
 * @param cookies what clients are given; null: the context's
 */
public record FastOpenSettings(
    FastOpenMode client, boolean server, boolean everyListener, @Nullable FastOpenCookies cookies) {
  /** As Linux begins: who asks may connect so, nobody listens so. */
  public static final FastOpenSettings CLIENT =
      new FastOpenSettings(FastOpenMode.ON, false, false, null);
}
