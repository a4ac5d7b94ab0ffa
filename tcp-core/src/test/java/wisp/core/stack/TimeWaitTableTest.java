package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.FewPages;
import wisp.core.spi.IndexPages;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.RecordClass;
import wisp.core.spi.TestMemory;
import wisp.core.tcp.congestion.CongestionControls;

@DisplayName("The TIME-WAIT table: found by key, left in order, beside a plain model")
class TimeWaitTableTest {
  /** All but the flags, which tell the time too. */
  private static final int[] WORDS = {
    RecordFlags.SND_NXT, RecordFlags.RCV_NXT, RecordFlags.TS_RECENT
  };

  private static final long SECOND = 1_000_000_000L;
  private static final long PREFIX = 0x2001_0DB8_0000_0000L;

  private static long high(boolean ipv4) {
    return ipv4 ? 0 : PREFIX;
  }

  private static long low(boolean ipv4, int number) {
    return ipv4 ? RecordClass.mappedLow(number) : number;
  }

  private static int tail(int number) {
    return number << 16 | 1 + (number & 7);
  }

  private static final class Model {
    final TimeWaitTable table = new TimeWaitTable(new KeyedHash(1, 2), IndexPages::onHeap);

    /** Places in order: number, or −1 when left; and until when. */
    final ArrayDeque<int[]> ipv4 = new ArrayDeque<>();

    final ArrayDeque<int[]> ipv6 = new ArrayDeque<>();
    final HashMap<Integer, int[]> live = new HashMap<>();

    void insert(int number, int units) {
      boolean isIpv4 = number % 3 != 0;
      int slot = table.insert(high(isIpv4), low(isIpv4, number), tail(number), units);
      assertTrue(slot >= 0 && Records.isTimeWait(slot));
      for (int word : WORDS) {
        assertEquals(0, table.get(slot, word), "fresh");
        table.set(slot, word, number + word);
      }
      table.set(slot, RecordFlags.FLAGS, RecordFlags.TIME_WAIT);
      assertEquals(units, table.deadline(slot));
      int[] place = {number, units};
      (isIpv4 ? ipv4 : ipv6).add(place);
      live.put(number, place);
    }

    int find(int number) {
      boolean isIpv4 = number % 3 != 0;
      return table.find(high(isIpv4), low(isIpv4, number), tail(number));
    }

    void remove(int number) {
      int slot = find(number);
      for (int word : WORDS) {
        assertEquals(number + word, table.get(slot, word));
      }
      assertEquals(RecordFlags.TIME_WAIT, RecordFlags.state(table.get(slot, RecordFlags.FLAGS)));
      assertEquals(live.get(number)[1], table.deadline(slot));
      table.remove(slot);
      assertFalse(table.isLive(slot));
      live.remove(number)[0] = -1;
    }

    void leaveOldest() {
      long first4 = ipv4.isEmpty() ? Long.MAX_VALUE : ipv4.peek()[1];
      long first6 = ipv6.isEmpty() ? Long.MAX_VALUE : ipv6.peek()[1];
      assertEquals(Math.min(first4, first6), table.headDeadline());
      int[] place = (first4 <= first6 ? ipv4 : ipv6).remove();
      int slot = table.oldest();
      assertEquals(place[0] >= 0, table.isLive(slot));
      if (place[0] >= 0) {
        assertEquals(slot, find(place[0]));
        remove(place[0]);
      }
      table.leaveOldest();
    }

    void check() {
      assertEquals(live.size(), table.size());
      assertEquals(ipv4.size() + ipv6.size(), table.places());
      int seen = 0;
      for (int i = 0; i < table.bound(); i++) {
        seen += table.isLive(table.at(i)) ? 1 : 0;
      }
      assertEquals(live.size(), seen);
      live.keySet().forEach(number -> assertTrue(find(number) >= 0));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void givenAnyHistory_thenItIsAsTheModelSays(long seed) {
    var random = new SplittableRandom(seed);
    var model = new Model();
    int units = 1_000;
    for (int round = 0; round < 40; round++) {
      int more = random.nextInt(4);
      for (int i = 0; i < 1_000; i++) {
        int number = random.nextInt(20_000);
        units += random.nextInt(1_000) == 0 ? random.nextInt(10_000) : random.nextInt(2);
        if (random.nextInt(4) <= more) {
          if (model.find(number) >= 0) {
            model.remove(number);
          }
          model.insert(number, units);
        } else if (model.table.places() > 0 && random.nextBoolean()) {
          model.leaveOldest();
        } else if (model.find(number) >= 0) {
          model.remove(number);
        }
      }
      model.check();
    }
    while (model.table.places() > 0) {
      model.leaveOldest();
    }
    model.check();
    assertEquals(Long.MAX_VALUE, model.table.headDeadline());
  }

  @Test
  void anySlotMayBeAskedFor() {
    var table = new TimeWaitTable(new KeyedHash(1, 2), IndexPages::onHeap);
    for (int slot : new int[] {0, 84, 85, 1 << 20, (1 << 29) - 1}) {
      assertFalse(table.isLive(slot | Records.TIME_WAIT));
      assertFalse(table.isLive(slot | Records.TIME_WAIT | Records.IPV6));
    }
  }

  // ---- Memory is short -------------------------------------------------------------------------

  private final FewPages pages = new FewPages();
  private final TestMemory memory = new TestMemory();
  private final Counters counters = new Counters();
  private final TimeWaitTable table = new TimeWaitTable(new KeyedHash(1, 2), () -> pages);
  private final Records records = new Records(memory, null, table);
  private final Bindings bindings =
      new Bindings(new KeyedHash(3, 4), new CongestionControls(), null);
  private final int binding =
      bindings.intern(
          false,
          0,
          RecordClass.mappedLow(TcpFixture.HOST),
          7,
          (c, h, m, at, n) -> {},
          ConnectionProfile.DEFAULT,
          null);
  private final TimeWaits timeWaits =
      new TimeWaits(
          ContextConfig.of(IpPrefix.of(IpAddress.ofIpv4(TcpFixture.HOST))),
          counters,
          table,
          records,
          bindings,
          new RecordCodec(records, bindings, null, null, null, null, new KeyedHash(5, 6)));

  TimeWaitTableTest() {
    bindings.connectionAdded(binding); // one that stays
  }

  private void enter(int number, long nowNanos) {
    int tail = Bindings.tail(1 + number % 60_000, binding);
    int slot = records.insert(0, RecordClass.mappedLow(number / 60_000), tail);
    bindings.connectionAdded(binding);
    records.set(slot, RecordFlags.FLAGS, RecordFlags.TIME_WAIT);
    timeWaits.enter(slot, nowNanos);
    bindings.connectionRemoved(binding);
    records.remove(slot);
  }

  @ParameterizedTest(name = "{0} pages")
  @CsvSource({"0, 0", "1, 0", "2, 85", "3, 170", "10, 450"})
  void givenSoManyPages_whenTheyAreFull_thenTheOldestLeaveEarly(int most, int least) {
    pages.most = most;
    for (int i = 0; i < 2_000; i++) {
      enter(i, i);
      assertEquals(i + 1, timeWaits.size() + counters.get(Event.TIME_WAIT_EVICTED));
      if (most >= 2) {
        int tail = Bindings.tail(1 + i % 60_000, binding);
        assertTrue(records.find(0, RecordClass.mappedLow(0), tail) >= 0, "the newest is there");
      }
    }
    assertTrue(timeWaits.size() >= least - 85 && timeWaits.size() < 85 * Math.max(1, most));
    timeWaits.expire(200 * SECOND, 10_000);
    assertEquals(0, timeWaits.size());
    assertEquals(0, table.places());
  }

  @Test
  void givenNoMemory_whenAFinComesAgain_thenSomebodyLeavesEarlyAndNothingIsLost() {
    pages.most = 4;
    for (int i = 0; i < 170; i++) {
      enter(i, i);
    }
    pages.most = 0;
    for (int i = 0; i < 170; i++) {
      int tail = Bindings.tail(1 + i, binding);
      int slot = records.find(0, RecordClass.mappedLow(0), tail);
      if (slot != Records.NONE) {
        timeWaits.restart(slot, 30 * SECOND);
      }
      assertEquals(170, timeWaits.size() + counters.get(Event.TIME_WAIT_EVICTED));
    }
    timeWaits.endAll();
    assertEquals(0, timeWaits.size());
  }
}
