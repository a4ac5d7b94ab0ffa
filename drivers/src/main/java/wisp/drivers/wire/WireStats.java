package wisp.drivers.wire;

import wisp.drivers.faults.PathConfig;
import wisp.drivers.faults.PathStats;

/**
 * What a {@link Wire} did so far.
 *
 * @param aToBPath what was asked for
 * @param aToB what was measured: delays from when a packet was read to when it was written
 * @param bToAPath what was asked for
 * @param bToA what was measured
 * @param meanLatenessNanos how much later than due packets left, on average: the wire's own error
 * @param worstLatenessNanos how much at most
 * @param linkDrops packets that a link did not take or could not deliver
 */
public record WireStats(
    PathConfig aToBPath,
    PathStats aToB,
    PathConfig bToAPath,
    PathStats bToA,
    double meanLatenessNanos,
    long worstLatenessNanos,
    long linkDrops) {

  /** Three lines for people: each way as asked for and as measured, then the wire's own error. */
  public String report() {
    return "a → b  "
        + aToB.against(aToBPath)
        + "\nb → a  "
        + bToA.against(bToAPath)
        + String.format(
            java.util.Locale.ROOT,
            "%nlate by %.1f µs on average, %.1f µs at worst; %d dropped by the links",
            meanLatenessNanos / 1e3,
            worstLatenessNanos / 1e3,
            linkDrops);
  }
}
