package wisp.lab.memory;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.FailedException;
import wisp.lab.phantom.PacketTap;
import wisp.lab.phantom.PhantomLink;
import wisp.lab.phantom.PhantomPeers;

/** One context; phantoms hold the other ends. */
final class PhantomPopulation implements Population {
  private static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final long SAMPLED = 100;
  private final VirtualClock clock = new VirtualClock();
  private final IdleHandler handler = new IdleHandler();
  private final MemoryStrategy memory;
  private final PhantomLink link;
  private final Context context;

  /** With or without timestamps, as the records of {@code memory} have a word for them or not. */
  PhantomPopulation(MemoryStrategy memory, boolean timestamps, long seed, @Nullable PacketTap tap) {
    this.memory = memory;
    link = new PhantomLink(new PhantomPeers(seed), SERVER, SAMPLED, tap);
    if (!timestamps) {
      link.expectNoTimestamps();
    }
    var random = new SplittableRandom(seed);
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, link, random::nextLong);
    context.listen(SERVER, ConnectionProfile.DEFAULT, handler);
  }

  @Override
  public void establish(long total, LongConsumer progress) {
    link.allow(total);
    long limit = clock.nowNanos() + SETTLE_NANOS;
    long polls = 0;
    while (handler.open() < total) {
      clock.tick();
      link.clock(clock.nowNanos());
      if (context.poll(clock.nowNanos()) == 0 && !clock.skip(limit, context)) {
        throw new FailedException(
            "only "
                + handler.open()
                + " of "
                + total
                + " connections were accepted: "
                + context.counters().nonZero()
                + " "
                + link.counts());
      }
      if ((++polls & 0xFFF) == 0) {
        progress.accept(handler.open());
      }
    }
  }

  @Override
  public void settle() {
    long limit = clock.nowNanos() + SETTLE_NANOS;
    do {
      clock.tick();
      link.clock(clock.nowNanos());
    } while (context.poll(clock.nowNanos()) > 0 || clock.skip(limit, context));
  }

  @Override
  public long endpoints() {
    return context.connections();
  }

  @Override
  public void footprint(Footprint into) {
    context.footprint(into);
  }

  @Override
  public Map<String, Double> facts() {
    var counts = link.counts();
    var facts = new LinkedHashMap<String, Double>();
    facts.put("syn_packets", (double) counts.syns());
    facts.put("syn_ack_packets", (double) counts.synAcks());
    facts.put("ack_packets", (double) counts.acks());
    facts.put("wrong_syn_ack_packets", (double) counts.wrong());
    facts.put("other_packets", (double) (counts.others() + counts.resets() + counts.dropped()));
    return facts;
  }

  @Override
  public void close() {
    context.close();
    memory.close();
    link.close();
  }
}
