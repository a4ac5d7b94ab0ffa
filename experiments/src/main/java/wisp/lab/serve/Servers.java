package wisp.lab.serve;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.lab.results.Json;
import wisp.lab.results.Sums;
import wisp.lab.run.Crew;
import wisp.lab.run.OrderlyEnd;

/**
 * The same services in several contexts that share a device, a thread each. They have nothing in
 * common: what each has counted is told by its own thread, and added up.
 *
 * <p>The end has an order, because the first may send for all: all accept no more and let
 * connections finish; when the last has done so, all but the first close, and then the first.
 */
public final class Servers {
  private static final Sums SUMS = new Sums(Set.of("seconds", "rss_bytes"));
  private static final long LOOK_MILLIS = 20;
  private final List<Link> links;
  private final Maker maker;
  private final @Nullable Path statsFile;
  private final AtomicReferenceArray<@Nullable Server> servers;
  private final AtomicReferenceArray<@Nullable Map<String, @Nullable Object>> told;
  private final CountDownLatch begun;
  private final CountDownLatch finished;
  private final CountDownLatch othersClosed;
  private volatile boolean stopped;

  /** Makes the server of a context, on its thread. */
  @FunctionalInterface
  public interface Maker {
    /**
     * Makes it ready to accept.
     *
     * @param link closed with the server
     */
    Server make(int place, Link link);
  }

  /**
   * A server for each link.
   *
   * @param links closed at the end
   * @param statsFile rewritten each second, or {@code null}
   */
  public Servers(List<Link> links, Maker maker, @Nullable Path statsFile) {
    this.links = links;
    this.maker = maker;
    this.statsFile = statsFile;
    servers = new AtomicReferenceArray<>(links.size());
    told = new AtomicReferenceArray<>(links.size());
    begun = new CountDownLatch(links.size());
    finished = new CountDownLatch(links.size());
    othersClosed = new CountDownLatch(links.size() - 1);
  }

  /** Serves until SIGTERM or SIGINT; then closes down and prints statistics. */
  public int run() {
    return OrderlyEnd.run(
        this::stop,
        () -> {
          try {
            Crew.run(links.size(), this::stop, this::serve);
          } finally {
            links.forEach(Link::close);
          }
          System.out.println(Json.line(statistics()));
          return 0;
        });
  }

  private void stop() {
    stopped = true;
    for (int i = 0; i < links.size(); i++) {
      Server server = servers.get(i);
      if (server != null) {
        server.stop();
      }
    }
  }

  private void serve(int place) throws Exception {
    Server server = maker.make(place, links.get(place));
    try {
      servers.set(place, server);
      server.onStatistics(statsFile == null ? null : map -> publish(place, map));
      begun.countDown();
      if (place == 0) {
        while (!begun.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && !stopped) {
          // one may fail, and then all are told to stop
        }
        System.out.println(server.ready() + " contexts=" + links.size());
        System.out.flush();
      }
      if (!stopped) {
        server.serveUntilTold();
      }
      server.closeDown();
      finished.countDown();
      server.driveUntil(isOver(finished));
      told.set(place, server.statistics());
      if (place == 0) {
        server.driveUntil(isOver(othersClosed));
      }
    } finally {
      server.close();
      if (place > 0) {
        othersClosed.countDown();
      }
    }
    publish(place, told.get(place));
  }

  private static BooleanSupplier isOver(CountDownLatch latch) {
    return () -> latch.getCount() == 0;
  }

  private void publish(int place, @Nullable Map<String, @Nullable Object> statistics) {
    told.set(place, statistics);
    if (place == 0 && statsFile != null) {
      Server.writeStats(statsFile, Json.line(statistics()));
    }
  }

  /** Sums, and what each context has said last. */
  private Map<String, @Nullable Object> statistics() {
    var all = new ArrayList<Map<String, @Nullable Object>>();
    for (int i = 0; i < links.size(); i++) {
      Map<String, @Nullable Object> one = told.get(i);
      if (one != null) {
        all.add(one);
      }
    }
    Map<String, @Nullable Object> sums = SUMS.of(all);
    if (sums.get("connections") instanceof Number open
        && sums.get("reserved_bytes") instanceof Number bytes) {
      boolean none = open.longValue() == 0;
      sums.put("bytes_per_connection", none ? null : bytes.doubleValue() / open.longValue());
    }
    sums.put("contexts", all);
    return sums;
  }
}
