package wisp.core.link;

/** Which addresses are ours, as the context knows. */
@FunctionalInterface
public interface OwnAddress {
  /** Whether we answer for an address; IPv4 in the mapped form. */
  boolean isOwn(long high, long low);
}
