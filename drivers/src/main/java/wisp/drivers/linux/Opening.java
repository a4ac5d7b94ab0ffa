package wisp.drivers.linux;

import wisp.core.spi.Link;
import wisp.core.spi.LinkException;

/** How links of the kernel come to be: what they need is had inside a network namespace. */
public final class Opening {
  private Opening() {}

  /** A link from what it needs. */
  @FunctionalInterface
  public interface Maker<P, L extends Link> {
    /**
     * Makes it.
     *
     * @param parts owned by the link
     * @param wakeEvent owned by the link
     */
    L make(P parts, WakeEvent wakeEvent);
  }

  /**
   * Opens a link.
   *
   * @param provider what messages begin with
   * @param namespace as in {@link NetworkNamespace#inside}
   * @param parts opens what the link needs, inside
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static <P, L extends Link> L open(
      String provider, String namespace, NetworkNamespace.Action<P> parts, Maker<P, L> maker)
      throws LinkException {
    String reason = Linux.unavailable();
    if (reason != null) {
      throw new LinkException(provider + " " + reason);
    }
    var wakeEvent = new WakeEvent();
    try {
      return maker.make(NetworkNamespace.inside(namespace, parts), wakeEvent);
    } catch (LinkException | RuntimeException | Error e) {
      wakeEvent.close();
      throw e;
    }
  }
}
