package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;

@DisplayName("Fragments at random: whole datagrams come out, floods stay within bounds")
class FragmentsFuzzTest {
  private record Piece(int from, int to) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @Tag("rfc791-d")
  @DisplayName(
      "RFC 791 §3.2: any datagram, cut anywhere, shuffled with exact duplicates, is the same")
  void cutAndShuffled(long seed) {
    var random = new Random(seed);
    var f = new FragmentFixture();
    for (int round = 0; round < 400; round++) {
      String where = "seed " + seed + " round " + round;
      int most = random.nextBoolean() ? 500 : 65_400;
      byte[] data = new byte[9 + random.nextInt(most)];
      random.nextBytes(data);
      boolean ipv6 = random.nextBoolean();
      List<Piece> pieces = cut(data.length, random);
      List<Piece> sent = new ArrayList<>(pieces);
      for (int i = random.nextInt(pieces.size()); i > 0; i--) {
        sent.add(pieces.get(random.nextInt(pieces.size())));
      }
      Collections.shuffle(sent, random);
      var missing = new HashSet<>(pieces);
      for (Piece p : sent) {
        boolean more = p.to < data.length;
        missing.remove(p);
        int result =
            ipv6
                ? f.ipv6(3, round, data, p.from, p.to, more)
                : f.ipv4(3, round, data, p.from, p.to, more);
        assertEquals(missing.isEmpty() ? Fragments.COMPLETE : Fragments.HELD, result, where);
        if (missing.isEmpty()) {
          byte[] whole = ipv6 ? f.ipv6Whole(3, data) : f.ipv4Whole(3, round, data);
          assertArrayEquals(whole, f.packet(), where);
          break; // late duplicates would begin a datagram anew
        }
      }
    }
    assertEquals(400, f.count(Event.REASSEMBLED));
    assertEquals(0, f.pool.blocks().inUse());
    f.close();
  }

  /** At least two pieces; all but the last are multiples of 8. */
  private static List<Piece> cut(int length, Random random) {
    var pieces = new ArrayList<Piece>();
    int mostUnits = 1 + random.nextInt(random.nextBoolean() ? 4 : 400);
    int from = 0;
    while (from < length) {
      int to = Math.min(from + 8 * (1 + random.nextInt(mostUnits)), length);
      if (from == 0 && to == length) {
        to = 8;
      }
      pieces.add(new Piece(from, to));
      from = to;
    }
    return pieces;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  @Tag("rfc815-c")
  @DisplayName("RFC 815, CVE-2018-5391: 200,000 fragments at random stay within the budget")
  void flood(long seed) {
    var random = new Random(seed);
    var f = new FragmentFixture(200_000, 32);
    byte[] data = FragmentFixture.bytes(66_000, 1);
    byte[] other = FragmentFixture.bytes(66_000, 2);
    int[] results = new int[5];
    int[] told = new int[1];
    for (int i = 0; i < 200_000; i++) {
      int id = random.nextInt(8);
      int source = random.nextInt(random.nextBoolean() ? 3 : 100);
      int from = 8 * random.nextInt(random.nextInt(20) == 0 ? 8_192 : 12);
      int length = random.nextInt(10) == 0 ? random.nextInt(100) : 8 * random.nextInt(8);
      int to = Math.min(from + length, 66_000);
      boolean more = random.nextInt(4) > 0;
      byte[] bytes = random.nextInt(20) == 0 ? other : data;
      f.ecn = random.nextInt(50) == 0 ? 3 : random.nextInt(30) == 0 ? 0 : 2;
      f.unfragmentableBytes = random.nextInt(50) == 0 ? 8 * random.nextInt(30) : 0;
      f.protocol = random.nextInt(100) == 0 ? 6 : 17;
      int result =
          random.nextBoolean() && to < 65_500
              ? f.ipv4(source, id, bytes, from, to, more)
              : f.ipv6(source, id, bytes, from, to, more);
      results[result]++;
      assertEquals(f.fragments.heldBytes(), bytesInUse(f));
      assertTrue(f.fragments.datagrams() <= 32);
      f.passes(random.nextInt(1_000) == 0 ? Fragments.LIFETIME_NANOS : random.nextInt(100_000_000));
      if (random.nextInt(100) == 0) {
        f.fragments.expire(f.nowNanos, (ipv6, memory, start, n) -> told[0]++);
      }
    }
    for (int result = 0; result < results.length; result++) {
      assertTrue(results[result] > 0, "nothing ended as " + result);
    }
    assertTrue(told[0] > 0);
    assertTrue(f.count(Event.DROP_FRAGMENT_BUDGET) > 0 && f.count(Event.DROP_FRAGMENT_OVERLAP) > 0);
    f.passes(Fragments.LIFETIME_NANOS);
    f.fragments.expire(f.nowNanos, (ipv6, memory, start, n) -> {});
    assertEquals(0, f.pool.blocks().inUse());
    f.close();
  }

  private static long bytesInUse(FragmentFixture f) {
    var footprint = new Footprint();
    f.pool.footprint(footprint);
    return footprint.inUseBytes(Footprint.Kind.BLOCKS);
  }

  @Test
  @Tag("rfc815-a")
  @DisplayName("RFC 5722: among conflicting fragments no datagram with mixed data ever comes out")
  void neverMixed() {
    var random = new Random(7);
    var f = new FragmentFixture();
    byte[] data = FragmentFixture.bytes(160, 1);
    byte[] other = FragmentFixture.bytes(160, 2);
    int whole = 0;
    for (int i = 0; i < 50_000; i++) {
      int from = 40 * random.nextInt(4);
      boolean last = from == 120;
      byte[] bytes = random.nextInt(3) == 0 ? other : data;
      int result = f.ipv4(1, 1, bytes, from, from + 40, !last);
      if (result == Fragments.COMPLETE) {
        whole++;
        // Without an overlap nobody can tell whose fragments these are; with one none comes out.
        for (int at = 20; at < f.packet().length; at += 40) {
          byte first = f.packet()[at];
          byte[] from1 = first == data[at - 20] ? data : other;
          for (int k = 0; k < 40; k++) {
            assertEquals(from1[at - 20 + k], f.packet()[at + k]);
          }
        }
      }
      f.passes(Fragments.LIFETIME_NANOS / 8);
      f.fragments.expire(f.nowNanos, (ipv6, memory, start, n) -> {});
    }
    assertTrue(whole > 100, "only " + whole);
    assertTrue(f.count(Event.DROP_FRAGMENT_OVERLAP) > 100);
    f.close();
  }
}
