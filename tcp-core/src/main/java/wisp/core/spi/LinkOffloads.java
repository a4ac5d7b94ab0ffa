package wisp.core.spi;

/**
 * What a link does for the stack.
 *
 * @param transmitChecksum it completes TCP checksums: the field then holds the folded pseudo-header
 *     sum, not complemented
 * @param segmentationBytes the largest TCP packet it cuts into segments itself, IP header included;
 *     0: none
 */
public record LinkOffloads(boolean transmitChecksum, int segmentationBytes) {
  /** A link that does nothing for us. */
  public static final LinkOffloads NONE = new LinkOffloads(false, 0);
}
