package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;

@DisplayName("A connection in TIME-WAIT costs 32 bytes at most, all in, and gives them back")
class TimeWaitFootprintTest {
  private static final long SECOND = 1_000_000_000L;

  /** Ends each connection as soon as it is open. */
  private static final ConnectionHandler CLOSER =
      new ConnectionHandler() {
        @Override
        public void onOpen(Context context, long connection) {
          context.close(connection);
        }

        @Override
        public void onData(Context c, long connection, MemorySegment m, long at, int length) {}
      };

  private static Crowd crowd(boolean ipv6, int limit) {
    var crowd = new Crowd(ipv6, b -> b.timeWaitLimit = limit);
    crowd.context.listen(
        Endpoint.any(Crowd.SERVICE), ConnectionProfile.DEFAULT, CLOSER, ListenConfig.DEFAULT);
    return crowd;
  }

  private static void fill(Crowd crowd, int from, int to) {
    for (int peer = from; peer < to; peer++) {
      crowd.opensAndIsClosed(peer);
    }
    assertEquals(to, crowd.context.timeWaits());
    assertEquals(0, crowd.context.connections());
    assertEquals(0, crowd.counted(Event.TIME_WAIT_EVICTED));
  }

  @ParameterizedTest(name = "IPv6: {0}, {1} to {2}")
  @CsvSource({
    "false,   110_000,   150_000, 32.0",
    "false,   100_000, 1_000_000, 32.0",
    "true,    100_000,   200_000, 46.0",
  })
  void theSlopeIsThis(boolean ipv6, String from, String to, double most) {
    int n = Integer.parseInt(from.replace("_", ""));
    int more = Integer.parseInt(to.replace("_", ""));
    var crowd = crowd(ipv6, more);
    crowd.opensAndIsClosed(0); // what is reserved once is there
    long empty = crowd.reservedBytes();
    fill(crowd, 1, n);
    long before = crowd.reservedBytes();
    fill(crowd, n, more);
    long after = crowd.reservedBytes();
    double slope = (double) (after - before) / (more - n);
    double all = (double) (after - empty) / more;
    assertTrue(slope <= most && all <= most, slope + " bytes each, " + all + " from the first on");
    for (int i = 0; i < more / 50 && crowd.context.timeWaits() > 0; i++) {
      crowd.now += 62 * SECOND;
      crowd.context.poll(crowd.now);
    }
    assertEquals(0, crowd.context.timeWaits());
    long kept = crowd.reservedBytes() - empty;
    assertTrue(kept < 2 * more, kept + " bytes of " + (after - empty) + " are still reserved");
    crowd.context.close();
    crowd.memory.close();
  }

  @Test
  @DisplayName("as many come as go: nothing is allocated, nothing is searched")
  void givenASteadyStream_thenThereIsNoGarbage() {
    var crowd = crowd(false, 50_000);
    int peer = 0;
    for (; peer < 60_000; peer++) {
      crowd.opensAndIsClosed(peer);
      crowd.now += SECOND / 500;
    }
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = thread.getCurrentThreadAllocatedBytes();
    long reserved = crowd.reservedBytes();
    for (; peer < 100_000; peer++) {
      crowd.opensAndIsClosed(peer);
      crowd.now += SECOND / 500;
    }
    long bytes = thread.getCurrentThreadAllocatedBytes() - allocated;
    assertTrue(bytes < 100_000, bytes + " bytes for 40,000 connections");
    assertEquals(reserved, crowd.reservedBytes(), reserved * 0.05);
    assertEquals(30_000, crowd.context.timeWaits(), 500);
  }
}
