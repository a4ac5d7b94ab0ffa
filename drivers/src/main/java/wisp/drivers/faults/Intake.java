package wisp.drivers.faults;

import wisp.core.spi.Burst;
import wisp.core.spi.Link;

/**
 * Where a path begins: takes in what a link receives. A packet that stands for several segments
 * enters as that many, so that rate, queue and faults meet what a wire would carry.
 */
public final class Intake {
  /** What a frame may have beyond the link's MTU: an Ethernet header with a VLAN tag. */
  public static final int FRAME_ROOM = 18;

  private final Link link;
  private final PathModel path;
  private final SegmentCutter cutter;
  private final Burst burst = new Burst();

  /** From a link, which stays its owner's, into a path. */
  public Intake(Link link, PathModel path) {
    this.link = link;
    this.path = path;
    cutter = new SegmentCutter(link.kind(), link.mtu());
  }

  /**
   * Takes one burst in.
   *
   * @return packets that the link had
   */
  public int take(long nowNanos) {
    burst.clear();
    int count = link.receive(burst);
    for (int i = 0; i < count; i++) {
      int flags = burst.flags(i);
      if (cutter.begin(burst, i)) {
        while (cutter.next()) {
          path.offer(cutter.memory(), 0, cutter.length(), flags, nowNanos);
        }
      } else {
        path.offer(
            burst.memory(i),
            burst.start(i),
            burst.length(i),
            flags,
            burst.segmentBytes(i),
            nowNanos);
      }
    }
    return count;
  }
}
