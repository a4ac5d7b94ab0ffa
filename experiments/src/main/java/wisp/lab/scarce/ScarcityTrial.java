package wisp.lab.scarce;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.PeerLimits;
import wisp.drivers.faults.PathConfig;
import wisp.lab.FailedException;
import wisp.lab.suite.Catalog;

/**
 * Transfers both ways between our stack and many modest peers, one connection each, while there are
 * so many bytes of blocks and no more; with a greedy peer beside them or without. Every byte is
 * compared, everything that was sent must arrive, and every block come back.
 *
 * @param poolBytes of blocks
 * @param greedy connections of each kind of the greedy peer; 0: there is none
 * @param nanos how long goodput is measured
 */
record ScarcityTrial(
    String strategy,
    Map<String, String> parameters,
    long poolBytes,
    int connections,
    int greedy,
    PeerLimits limits,
    PathConfig path,
    long nanos,
    long seed) {
  private static final int PORT = 7;
  private static final int UNCONFIRMED = 16 << 10;
  private static final long WARM_UP_NANOS = VirtualPath.SECOND;
  private static final long LONGEST_OPENING_NANOS = 60 * VirtualPath.SECOND;
  private static final long LONGEST_DRAIN_NANOS = 3_600 * VirtualPath.SECOND;

  /** What tells of want, and is a row of its own in the data. */
  static final List<Event> REASONS =
      List.of(
          Event.REFUSED_ESSENTIAL,
          Event.REFUSED_ORDINARY,
          Event.REFUSED_NEW,
          Event.REFUSED_HELD_TEXT,
          Event.REFUSED_PEER_SHARE,
          Event.SENDS_REFUSED,
          Event.DROWSY_TAKEN,
          Event.HELD_TEXT_TAKEN,
          Event.DROP_NO_BLOCK,
          Event.DROP_PEER_SHARE,
          Event.DROP_HELD_LIMIT,
          Event.DROP_SYN_QUEUE,
          Event.DROP_PEER_HALF_OPEN,
          Event.SYN_COOKIES_SENT);

  /**
   * What came of it.
   *
   * @param poolBytes that there really were
   * @param peakBytes of them that were in use at once
   * @param bitsPerSecond of all modest connections, both ways
   * @param leastBitsPerSecond of the slowest of them
   * @param drainSeconds from the end of the measurement until all had arrived and closed
   * @param timeouts of our retransmissions
   */
  record Result(
      long poolBytes,
      long peakBytes,
      double bitsPerSecond,
      double leastBitsPerSecond,
      double drainSeconds,
      long timeouts,
      Map<Event, Long> reasons) {}

  private static final Map<String, String> FEW = Map.of("blocks", "6Ki");

  /** Whether a strategy's blocks can be limited to a few kilobytes. */
  static boolean canLimit(String strategy) {
    var provider = Catalog.strategy(strategy);
    if (provider.parameters().stream().map(Parameter::name).noneMatch("blocks"::equals)) {
      return false;
    }
    try {
      provider.create(new StrategyConfig(RecordStore.STATE_WORDS, 1, 0, 1, 1, FEW)).close();
      return true;
    } catch (IllegalArgumentException e) {
      return false; // its slabs are larger
    }
  }

  /**
   * Does it.
   *
   * @throws FailedException when a byte was lost, wrong, or late for ever, or a block did not come
   *     back
   */
  Result run() {
    var all = new TreeMap<>(parameters);
    all.put("blocks", Long.toString(poolBytes));
    int most = connections + 4 * greedy + 16_384;
    try (var lab =
        new VirtualPath(
            strategy,
            all,
            most,
            path,
            seed,
            config -> config.withPeerLimits(limits),
            greedy > 0 ? Greedy.Misdeeds::new : (Link link) -> link)) {
      return run(lab);
    } catch (FailedException e) {
      throw new FailedException(what() + ": " + e.getMessage(), e);
    } catch (IllegalStateException | AssertionError e) {
      throw new FailedException(what() + ": not everything came back: " + e.getMessage(), e);
    }
  }

  private String what() {
    return strategy
        + " with "
        + poolBytes
        + " bytes of blocks, "
        + connections
        + " connections, greedy "
        + greedy
        + ", seed "
        + seed;
  }

  private Result run(VirtualPath lab) {
    long pool = lab.memory.blocks().availableBytes();
    var ourText = new SharedText(lab.ours, seed);
    var peersText = new SharedText(lab.peers, seed);
    var ours = new Flows(true, ourText, UNCONFIRMED);
    var peers = new Flows(false, peersText, UNCONFIRMED);
    lab.ours.listen(VirtualPath.service(PORT), ConnectionProfile.NO_DELAY, ours);
    Greedy.serve(lab.ours, ourText);
    for (int i = 0; i < connections; i++) {
      lab.peers.connect(
          VirtualPath.peer(1 + i), VirtualPath.service(PORT), ConnectionProfile.NO_DELAY, peers);
    }
    @Nullable Greedy greedyPeer = greedy == 0 ? null : new Greedy(lab, peersText, greedy);
    long[] least = {pool};
    Runnable each =
        () -> {
          least[0] = Math.min(least[0], lab.memory.blocks().availableBytes());
          if (greedyPeer != null) {
            greedyPeer.step();
          }
        };
    lab.run(LONGEST_OPENING_NANOS, () -> ours.all().size() == connections, each);
    lab.run(WARM_UP_NANOS, () -> false, each);
    long before = ours.received() + peers.received();
    long[] received = perConnection(ours, peers);
    lab.run(nanos, () -> false, each);
    long bytes = ours.received() + peers.received() - before;
    long slowest = slowest(received, perConnection(ours, peers));
    long measured = lab.now;
    drain(lab, ours, peers);
    double drainSeconds = (double) (lab.now - measured) / VirtualPath.SECOND;
    ourText.release(lab.ours);
    peersText.release(lab.peers);
    check(lab, ours, peers);
    var reasons = new EnumMap<Event, Long>(Event.class);
    REASONS.forEach(reason -> reasons.put(reason, lab.ours.counters().get(reason)));
    double seconds = (double) nanos / VirtualPath.SECOND;
    return new Result(
        pool,
        pool - least[0],
        8 * bytes / seconds,
        8 * slowest / seconds,
        drainSeconds,
        lab.ours.counters().get(Event.TIMEOUTS),
        reasons);
  }

  private static long[] perConnection(Flows ours, Flows peers) {
    var received = new long[ours.all().size() + peers.all().size()];
    int i = 0;
    for (Flow flow : ours.all()) {
      received[i++] = flow.received;
    }
    for (Flow flow : peers.all()) {
      received[i++] = flow.received;
    }
    return received;
  }

  /** One that was not open at the beginning has had nothing. */
  private static long slowest(long[] before, long[] after) {
    if (before.length != after.length) {
      return 0;
    }
    long least = Long.MAX_VALUE;
    for (int i = 0; i < after.length; i++) {
      least = Math.min(least, after[i] - before[i]);
    }
    return least;
  }

  private void drain(VirtualPath lab, Flows ours, Flows peers) {
    ours.stop(lab.ours);
    peers.stop(lab.peers);
    long[] nextNanos = {0};
    boolean done =
        lab.run(
            LONGEST_DRAIN_NANOS,
            () -> ours.ended() == connections && peers.ended() == connections,
            () -> {
              if (lab.now >= nextNanos[0]) {
                nextNanos[0] = lab.now + VirtualPath.SECOND / 20;
                ours.nudge(lab.ours);
                peers.nudge(lab.peers);
              }
            });
    if (!done) {
      throw new FailedException(
          ours.ended()
              + " and "
              + peers.ended()
              + " of "
              + connections
              + " ended within an hour; ours "
              + lab.ours.counters().nonZero());
    }
  }

  private void check(VirtualPath lab, Flows ours, Flows peers) {
    long sent = 0;
    for (Flows flows : List.of(ours, peers)) {
      for (Flow flow : flows.all()) {
        if (!(flow.ended instanceof CloseReason.Closed) || flow.acknowledged != flow.sent) {
          throw new FailedException(
              "a connection ended by "
                  + flow.ended
                  + " with "
                  + flow.acknowledged
                  + " of "
                  + flow.sent
                  + " bytes confirmed");
        }
        sent += flow.sent;
      }
    }
    if (sent != ours.received() + peers.received()) {
      throw new FailedException(
          (ours.received() + peers.received()) + " of " + sent + " bytes arrived");
    }
    if (lab.overruns() > 0) {
      throw new FailedException(lab.overruns() + " packets were lost for want of room");
    }
  }
}
