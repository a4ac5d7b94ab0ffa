package wisp.drivers;

import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * Sees to it that claims and commits of a link take turns, and that what is committed is what was
 * claimed and what the link offers. A caller who breaks that has a bug and is told.
 */
public final class Claim {
  private static final int NONE = -1;
  private int claimedBytes = NONE;

  /** A claim is granted. */
  public void begin(Link link, int bytes) {
    if (claimedBytes != NONE) {
      throw new IllegalStateException(
          link.name() + ": the last claim was neither committed nor cancelled");
    }
    claimedBytes = bytes;
  }

  /** It is committed. */
  public void commit(Link link, TransmitPacket packet) {
    if (claimedBytes == NONE || packet.length > claimedBytes) {
      throw new IllegalStateException(
          link.name() + ": commit of " + packet.length + " B after a claim of " + claimedBytes);
    }
    if (packet.needsChecksum && !link.offloads().transmitChecksum()) {
      throw new IllegalStateException(link.name() + " does not complete checksums");
    }
    if (packet.segmentBytes > 0 && !packet.needsChecksum) {
      throw new IllegalStateException(
          link.name() + ": segments need their checksum completed as well");
    }
    claimedBytes = NONE;
  }

  /** It is given back. */
  public void cancel() {
    claimedBytes = NONE;
  }
}
