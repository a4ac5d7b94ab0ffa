package wisp.lab.serve;

/**
 * How {@link Broadcast} treats those who can't keep up.
 *
 * @param behindBytes who has more than so much not confirmed is too slow for the next line
 * @param closes whether who is too slow is closed; else it goes without that line
 * @param wave to so many connections a line is on its way at once, unless those are slow
 */
public record BroadcastSettings(int behindBytes, boolean closes, int wave) {
  /** 4 MiB, lines are left out, 16,384 at once. */
  public static final BroadcastSettings DEFAULT = new BroadcastSettings(4 << 20, false, 16_384);
}
