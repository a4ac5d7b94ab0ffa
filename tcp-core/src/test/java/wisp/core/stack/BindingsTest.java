package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpAddress;
import wisp.core.spi.KeyedHash;
import wisp.core.tcp.congestion.CongestionControls;

@DisplayName("Bindings: interned, found by endpoint, freed with their last connection")
class BindingsTest {
  private record Key(boolean active, int address, int port, int handler) {}

  private final List<ConnectionHandler> handlers = new ArrayList<>();

  BindingsTest() {
    for (int i = 0; i < 3; i++) {
      handlers.add(new Ignoring());
    }
  }

  private static final class Ignoring implements ConnectionHandler {
    @Override
    public void onData(
        Context context,
        long connection,
        java.lang.foreign.MemorySegment memory,
        long offset,
        int length) {}
  }

  @Test
  void agreesWithAMapOverManySeeds() {
    for (long seed = 1; seed <= 50; seed++) {
      agreesWithAMap(new SplittableRandom(seed), "seed " + seed);
    }
  }

  private void agreesWithAMap(SplittableRandom random, String what) {
    var bindings = new Bindings(new KeyedHash(1, 2), new CongestionControls(), null);
    Map<Key, Integer> numbers = new HashMap<>();
    List<Key> connections = new ArrayList<>();
    for (int step = 0; step < 3_000; step++) {
      boolean grows = step / 500 % 2 == 0;
      if (connections.isEmpty() || random.nextInt(10) < (grows ? 7 : 3)) {
        var key =
            new Key(
                random.nextBoolean(), random.nextInt(8), 1 + random.nextInt(20), random.nextInt(3));
        int number =
            bindings.intern(
                key.active,
                high(key.address),
                IpAddress.mapped(key.address),
                key.port,
                handlers.get(key.handler),
                ConnectionProfile.DEFAULT,
                null);
        Integer before = numbers.putIfAbsent(key, number);
        assertEquals(before == null ? number : before, number, what);
        bindings.connectionAdded(number);
        connections.add(key);
      } else {
        Key key = connections.remove(random.nextInt(connections.size()));
        bindings.connectionRemoved(numbers.get(key));
        if (!connections.contains(key)) {
          numbers.remove(key);
        }
        if (random.nextInt(4) == 0) {
          bindings.reuseFreed();
        }
      }
      if (step % 100 == 0) {
        check(bindings, numbers, what);
      }
    }
  }

  /** Half of the addresses are IPv6, with the same low half as one that is not. */
  private static long high(int address) {
    return address % 2 == 0 ? 0 : 0x2001_0db8L << 32;
  }

  private void check(Bindings bindings, Map<Key, Integer> numbers, String what) {
    assertEquals(numbers.size(), Set.copyOf(numbers.values()).size(), what + ": a number twice");
    for (boolean active : new boolean[] {false, true}) {
      for (int address = 0; address < 8; address++) {
        for (int port = 1; port <= 20; port++) {
          Set<Integer> found = new HashSet<>();
          int b = bindings.first(active, high(address), IpAddress.mapped(address), port);
          for (; b != Bindings.NONE; b = bindings.next(b)) {
            found.add(b);
          }
          Set<Integer> expected = new HashSet<>();
          for (int h = 0; h < 3; h++) {
            Integer number = numbers.get(new Key(active, address, port, h));
            if (number != null) {
              expected.add(number);
              assertSame(handlers.get(h), bindings.handler(number), what);
            }
          }
          assertEquals(expected, found, what);
        }
      }
    }
  }

  @Test
  @DisplayName("threats 7.7: numbers come back, however many endpoints come and go")
  void aMillionEndpointsOneAfterTheOther() {
    var bindings = new Bindings(new KeyedHash(3, 4), new CongestionControls(), null);
    for (int i = 0; i < 1_000_000; i++) {
      int b =
          bindings.intern(
              false, 0, IpAddress.mapped(i), 80, handlers.get(0), ConnectionProfile.DEFAULT, null);
      assertNotEquals(Bindings.NONE, b, "endpoint " + i);
      bindings.connectionAdded(b);
      bindings.connectionRemoved(b);
      bindings.reuseFreed();
    }
  }
}
