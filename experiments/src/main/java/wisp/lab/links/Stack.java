package wisp.lab.links;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.DatagramHandler;
import wisp.core.stack.Endpoint;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.suite.Catalog;

/** A stack that echoes, discards and generates characters, as {@code wisp serve} does. */
final class Stack implements AutoCloseable {
  /** Of the echo, of TCP and UDP; then come discard and chargen. */
  static final int ECHO = 7;

  static final int DISCARD = 8;
  static final int CHARGEN = 9;

  private static final String OWN = "10.9.1.0/24";
  private static final int CAPACITY = 1_000;
  private static final int WINDOW_BYTES = 4 << 20;
  private static final long RETRY_NANOS = 1_000_000;

  private final Context context;
  private final MemoryStrategy memory;
  private final List<Service> services = new ArrayList<>();

  /** On a link, which stays the caller's. */
  Stack(Link link) {
    var random = new SecureRandom();
    memory =
        Catalog.strategy("slab")
            .create(
                new StrategyConfig(
                    RecordStore.STATE_WORDS,
                    CAPACITY,
                    0,
                    random.nextLong(),
                    random.nextLong(),
                    Map.of()));
    var config = ContextConfig.of(IpPrefix.parse(OWN)).withReceiveWindow(WINDOW_BYTES);
    context = new Context(config, memory, link, random::nextLong);
    int port = ECHO;
    for (String name : List.of("echo", "discard", "chargen")) {
      Service service = Services.named(name);
      service.start(context);
      var endpoint = Endpoint.any(port++);
      context.listen(endpoint, ConnectionProfile.NO_DELAY, service);
      DatagramHandler datagrams = service.datagrams();
      if (datagrams != null) {
        context.bind(endpoint, datagrams);
      }
      services.add(service);
    }
  }

  /**
   * Handles one burst and what is due.
   *
   * @return when it wants to be called again: {@code now}, at once
   */
  long poll(long now) {
    int handled = context.poll(now);
    boolean waiting = false;
    long next = context.nextDeadlineNanos();
    for (Service service : services) {
      waiting |= service.retry(context);
      next = Math.min(next, service.work(context, now));
    }
    return handled > 0 ? now : waiting ? Math.min(next, now + RETRY_NANOS) : next;
  }

  @Override
  public void close() {
    services.forEach(service -> service.stop(context));
    context.close();
    memory.close();
  }
}
