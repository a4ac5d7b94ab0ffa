package wisp.lab.scarce;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;
import wisp.core.spi.Footprint.Kind;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.PeerLimits;
import wisp.drivers.faults.PathConfig;
import wisp.lab.FailedException;

/**
 * So many connections in transfer over one path, one half of them receiving, the other half
 * sending, each as much as may be under way; then all of them at rest. What memory our stack has
 * meanwhile.
 *
 * @param underWay bytes of each connection that are sent and not confirmed
 * @param nanos how long it is looked at
 */
record TroubleTrial(
    String strategy,
    Map<String, String> parameters,
    int connections,
    PathConfig path,
    int underWay,
    long nanos,
    long seed) {
  private static final int RECEIVES = 7;
  private static final int SENDS = 8;
  private static final int ADDRESSES = 4_000;
  private static final int OPENED_AT_ONCE = 256;
  private static final long OPENING_NANOS = VirtualPath.SECOND / 50;
  private static final long SAMPLE_NANOS = VirtualPath.SECOND / 50;
  private static final long LONGEST_NANOS = 600 * VirtualPath.SECOND;
  private static final long BLOCKS_PER_CONNECTION = 32 << 10;
  private static final long LEAST_BLOCKS = 16 << 20;

  /**
   * What came of it.
   *
   * @param mean bytes in use of each kind, over all samples
   * @param peak the most of each kind in a sample
   * @param idle bytes in use of each kind when all was quiet again
   * @param idleReserved bytes reserved, all kinds but frames
   * @param restSeconds until then
   * @param bitsPerSecond of all connections
   * @param resent of our segments, as a share
   */
  record Result(
      Map<Kind, Double> mean,
      Map<Kind, Double> peak,
      Map<Kind, Double> idle,
      double idleReserved,
      double restSeconds,
      double bitsPerSecond,
      double resent) {
    /** Of all kinds that follow from connections, the application's frames and tables apart. */
    static double ofConnections(Map<Kind, Double> bytes) {
      double sum = 0;
      for (Kind kind : Kind.values()) {
        boolean isOurs = kind != Kind.FRAMES && kind != Kind.CONTEXT;
        sum += isOurs ? bytes.getOrDefault(kind, 0.0) : 0;
      }
      return sum;
    }
  }

  /**
   * Does it.
   *
   * @throws FailedException when something was lost, or blocks stayed away
   */
  Result run() {
    var all = new TreeMap<String, String>();
    if (ScarcityTrial.canLimit(strategy)) {
      long blocks = Math.max(LEAST_BLOCKS, connections * BLOCKS_PER_CONNECTION);
      all.put("blocks", Long.toString(blocks));
    }
    all.putAll(parameters);
    try (var lab =
        new VirtualPath(
            strategy,
            all,
            connections,
            path,
            seed,
            config -> config.withPeerLimits(PeerLimits.NONE),
            link -> link)) {
      return run(lab);
    } catch (FailedException e) {
      throw new FailedException(
          strategy + ", " + connections + " connections, seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private Result run(VirtualPath lab) {
    var ourText = new SharedText(lab.ours, seed);
    var peersText = new SharedText(lab.peers, seed);
    var receiving = new Flows(true, ourText, 0);
    var sending = new Flows(true, ourText, underWay);
    var peersSending = new Flows(false, peersText, underWay);
    var peersReceiving = new Flows(false, peersText, 0);
    lab.ours.listen(VirtualPath.service(RECEIVES), ConnectionProfile.NO_DELAY, receiving);
    lab.ours.listen(VirtualPath.service(SENDS), ConnectionProfile.NO_DELAY, sending);
    for (int i = 0; i < connections; i++) {
      lab.peers.connect(
          VirtualPath.peer(1 + i % ADDRESSES),
          VirtualPath.service(i % 2 == 0 ? RECEIVES : SENDS),
          ConnectionProfile.NO_DELAY,
          i % 2 == 0 ? peersSending : peersReceiving);
      if (i % OPENED_AT_ONCE == OPENED_AT_ONCE - 1) {
        lab.run(OPENING_NANOS);
      }
    }
    lab.run(
        LONGEST_NANOS,
        () -> receiving.all().size() + sending.all().size() == connections,
        () -> {});
    lab.run(Math.max(VirtualPath.SECOND, 8 * path.delayNanos()));
    var samples = new Samples(lab);
    long before = receiving.received() + peersReceiving.received();
    long sentBefore = lab.ours.counters().get(Event.SEGMENTS_SENT);
    long resentBefore = lab.ours.counters().get(Event.SEGMENTS_RETRANSMITTED);
    lab.run(nanos, () -> false, samples::look);
    long bytes = receiving.received() + peersReceiving.received() - before;
    double sent = lab.ours.counters().get(Event.SEGMENTS_SENT) - sentBefore;
    double resent = lab.ours.counters().get(Event.SEGMENTS_RETRANSMITTED) - resentBefore;
    long over = lab.now;
    peersSending.rest();
    sending.rest();
    boolean quiet =
        lab.run(
            LONGEST_NANOS,
            () ->
                lab.memory.blocks().inUse() == 0
                    && sending.isAllConfirmed()
                    && peersSending.isAllConfirmed(),
            () -> {});
    if (!quiet) {
      throw new FailedException(
          lab.memory.blocks().inUse() + " blocks are still in use, or something was not confirmed");
    }
    if (lab.overruns() > 0) {
      throw new FailedException(lab.overruns() + " packets were lost for want of room");
    }
    double restSeconds = (double) (lab.now - over) / VirtualPath.SECOND;
    ourText.release(lab.ours);
    peersText.release(lab.peers);
    var idle = new Samples(lab);
    idle.look();
    return new Result(
        samples.mean(),
        samples.peak,
        idle.mean(),
        idle.reservedBytes,
        restSeconds,
        8.0 * bytes * VirtualPath.SECOND / nanos,
        resent / sent);
  }

  /** Looks at the footprint from time to time. */
  private static final class Samples {
    private final VirtualPath lab;
    private final Footprint footprint = new Footprint();
    private final Map<Kind, Double> sum = new EnumMap<>(Kind.class);
    final Map<Kind, Double> peak = new EnumMap<>(Kind.class);
    double reservedBytes;
    private int count;
    private long nextNanos;

    Samples(VirtualPath lab) {
      this.lab = lab;
    }

    void look() {
      if (lab.now < nextNanos) {
        return;
      }
      nextNanos = lab.now + SAMPLE_NANOS;
      footprint.reset();
      lab.ours.footprint(footprint);
      count++;
      for (Kind kind : Kind.values()) {
        double bytes = footprint.inUseBytes(kind);
        sum.merge(kind, bytes, Double::sum);
        peak.merge(kind, bytes, Math::max);
      }
      reservedBytes = footprint.reservedBytes() - footprint.reservedBytes(Kind.FRAMES);
    }

    Map<Kind, Double> mean() {
      var mean = new EnumMap<Kind, Double>(Kind.class);
      sum.forEach((kind, bytes) -> mean.put(kind, bytes / count));
      return mean;
    }
  }
}
