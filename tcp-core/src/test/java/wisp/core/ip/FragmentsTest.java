package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.ip.FragmentFixture.bytes;
import static wisp.core.ip.FragmentFixture.changed;
import static wisp.core.ip.Fragments.BAD_LENGTH;
import static wisp.core.ip.Fragments.COMPLETE;
import static wisp.core.ip.Fragments.DROPPED;
import static wisp.core.ip.Fragments.HELD;
import static wisp.core.ip.Fragments.LIFETIME_NANOS;
import static wisp.core.ip.Fragments.TOO_LONG;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 791 §3.2, RFC 8200 §4.5: fragments become datagrams")
class FragmentsTest {
  private static final int A = 0xC0A80001;
  private static final int B = 0xC0A80002;
  private static final byte[] DATA = bytes(52, 1);

  @Nested
  @DisplayName("What is put together")
  class Whole {
    private final FragmentFixture f = new FragmentFixture();

    @ParameterizedTest
    @ValueSource(strings = {"012", "021", "102", "120", "201", "210"})
    @Tag("rfc791-d")
    @DisplayName("RFC 791 §3.2: fragments in any order, each one twice, become the datagram")
    void anyOrderWithDuplicates(String order) {
      int result = HELD;
      for (char c : order.toCharArray()) {
        assertEquals(HELD, result);
        int i = c - '0';
        result = f.ipv4(A, 7, DATA, 24 * i, Math.min(24 * i + 24, 52), i < 2);
        if (result == HELD) {
          assertEquals(HELD, f.ipv4(A, 7, DATA, 24 * i, Math.min(24 * i + 24, 52), i < 2));
        }
      }
      assertEquals(COMPLETE, result);
      assertArrayEquals(f.ipv4Whole(A, 7, DATA), f.packet());
      assertEquals(1, f.count(Event.REASSEMBLED));
      assertEquals(2, f.count(Event.DROP_FRAGMENT_DUPLICATE));
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @Test
    @DisplayName(
        "RFC 791 §3.1: the first fragment's options stay, and the header's checksum is right")
    void optionsOfTheFirst() {
      assertEquals(HELD, f.ipv4(A, 7, DATA, 24, 52, false));
      f.ipv4Options = new byte[] {1, 1, 7, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0};
      assertEquals(COMPLETE, f.ipv4(A, 7, DATA, 0, 24, true));
      assertArrayEquals(f.ipv4Whole(A, 7, DATA), f.packet());
      MemorySegment m = f.fragments.memory();
      assertTrue(f.header.wrap(m, f.fragments.start(), f.fragments.length()));
      assertTrue(f.header.checksumOk());
      assertFalse(f.header.isFragment());
      assertEquals(36 + 52, f.header.totalLength());
      f.close();
    }

    @Test
    @DisplayName("RFC 8200 §4.5: the fragment header is gone, the one before names what follows")
    void ipv6() {
      assertEquals(HELD, f.ipv6(5, 0x12345678, DATA, 24, 52, false));
      assertEquals(COMPLETE, f.ipv6(5, 0x12345678, DATA, 0, 24, true));
      assertArrayEquals(f.ipv6Whole(5, DATA), f.packet());
      assertEquals(FragmentFixture.PROTOCOL, f.packet()[6]);
      assertEquals(52, ByteBuffer.wrap(f.packet()).getShort(4));
      f.close();
    }

    @Test
    @DisplayName("RFC 8200 §4.5: the unfragmentable part is that of the first fragment")
    void ipv6Unfragmentable() {
      assertEquals(HELD, f.ipv6(5, 9, DATA, 24, 52, false));
      f.unfragmentableBytes = 16;
      assertEquals(COMPLETE, f.ipv6(5, 9, DATA, 0, 24, true));
      assertArrayEquals(f.ipv6Whole(5, DATA), f.packet());
      assertEquals(60, f.packet()[6]);
      assertEquals(FragmentFixture.PROTOCOL, f.packet()[40]);
      f.close();
    }

    @Test
    @DisplayName("RFC 8200 §4.5: only the first fragment's next header counts for IPv6")
    void ipv6ProtocolOfTheFirst() {
      f.protocol = 99;
      assertEquals(HELD, f.ipv6(5, 9, DATA, 24, 52, false));
      f.protocol = 17;
      assertEquals(COMPLETE, f.ipv6(5, 9, DATA, 0, 24, true));
      assertEquals(17, f.packet()[6]);
      f.close();
    }

    @Test
    @DisplayName("RFC 791 §3.2: another source, identification or protocol is another datagram")
    void keys() {
      assertEquals(HELD, f.ipv4(A, 7, DATA, 0, 24, true));
      assertEquals(HELD, f.ipv4(B, 7, DATA, 24, 52, false));
      assertEquals(HELD, f.ipv4(A, 8, DATA, 24, 52, false));
      f.protocol = 6;
      assertEquals(HELD, f.ipv4(A, 7, DATA, 24, 52, false));
      assertEquals(4, f.fragments.datagrams());
      f.protocol = 17;
      assertEquals(COMPLETE, f.ipv4(A, 7, DATA, 24, 52, false));
      assertEquals(3, f.fragments.datagrams());
      f.close();
    }

    @Test
    @Tag("rfc1122-ip-d")
    @DisplayName("RFC 1122 §3.3.2: a datagram of 576 bytes, and the longest, cut into units of 8")
    void smallestPieces() {
      for (int length : new int[] {576 - 20, 65_515}) {
        byte[] data = bytes(length, 3);
        int units = (length + 7) / 8;
        int result = HELD;
        for (int i = 0; i < units; i++) {
          assertEquals(HELD, result);
          int unit = (int) (i * 4_099L % units); // a permutation: 4,099 is a prime
          int from = unit * 8;
          result = f.ipv4(A, 7, data, from, Math.min(from + 8, length), unit < units - 1);
        }
        assertEquals(COMPLETE, result);
        assertArrayEquals(f.ipv4Whole(A, 7, data), f.packet());
      }
      f.close();
    }

    @Test
    @Tag("rfc6946-a")
    @DisplayName("RFC 6946 §4: an atomic fragment is alone, whatever is held with its key")
    void atomic() {
      byte[] other = bytes(40, 9);
      assertEquals(HELD, f.ipv6(5, 9, DATA, 24, 52, false));
      assertEquals(COMPLETE, f.ipv6(5, 9, other, 0, 40, false));
      assertArrayEquals(f.ipv6Whole(5, other), f.packet());
      assertEquals(COMPLETE, f.ipv6(5, 9, DATA, 0, 24, true));
      assertArrayEquals(f.ipv6Whole(5, DATA), f.packet());
      f.unfragmentableBytes = 8;
      assertEquals(COMPLETE, f.ipv6(5, 9, new byte[0], 0, 0, false));
      assertArrayEquals(f.ipv6Whole(5, new byte[0]), f.packet());
      f.close();
    }

    @ParameterizedTest
    @CsvSource({"0,0,0", "1,1,1", "2,2,2", "2,3,3", "3,1,3", "3,3,3", "0,2,0", "2,0,2"})
    @DisplayName("RFC 3168 §5.3: one fragment's CE is the datagram's")
    void ecn(int first, int second, int whole) {
      f.ecn = second;
      assertEquals(HELD, f.ipv4(A, 7, DATA, 24, 52, false));
      assertEquals(HELD, f.ipv6(5, 7, DATA, 24, 52, false));
      f.ecn = first;
      assertEquals(COMPLETE, f.ipv4(A, 7, DATA, 0, 24, true));
      byte[] ipv4 = f.packet();
      assertEquals(COMPLETE, f.ipv6(5, 7, DATA, 0, 24, true));
      f.ecn = whole;
      assertArrayEquals(f.ipv4Whole(A, 7, DATA), ipv4);
      assertArrayEquals(f.ipv6Whole(5, DATA), f.packet());
      f.close();
    }

    @ParameterizedTest
    @CsvSource({"0,3", "3,0"})
    @DisplayName("RFC 3168 §5.3: CE together with Not-ECT is dropped")
    void ecnContradiction(int first, int second) {
      f.ecn = first;
      assertEquals(HELD, f.ipv4(A, 7, DATA, 0, 24, true));
      f.ecn = second;
      assertEquals(DROPPED, f.ipv4(A, 7, DATA, 24, 52, false));
      assertEquals(2, f.count(Event.DROP_FRAGMENT_MALFORMED));
      f.close();
    }
  }

  @Nested
  @DisplayName("Overlaps (RFC 5722)")
  class Overlaps {
    private final FragmentFixture f = new FragmentFixture();

    /** 48 … 96 is held of 0 … 144. */
    @ParameterizedTest(name = "{2}: [{0}, {1})")
    @CsvSource({
      "40, 56, head",
      "88, 104, tail",
      "56, 64, inside",
      "48, 56, inside with the same begin",
      "88, 96, inside with the same end",
      "40, 104, covering",
      "48, 104, covering with the same begin",
      "40, 96, covering with the same end"
    })
    @Tag("rfc815-a")
    @Tag("rfc8200-d")
    @DisplayName("RFC 8200 §4.5: any overlap drops all of the datagram, even where bytes agree")
    void anyKind(int from, int to, String kind) {
      byte[] data = bytes(144, 1);
      for (byte[] overlap : List.of(data, bytes(144, 2))) {
        int id = overlap == data ? 1 : 2;
        assertEquals(HELD, f.ipv6(5, id, data, 48, 96, true));
        assertEquals(DROPPED, f.ipv6(5, id, overlap, from, to, true));
        assertEquals(0, f.pool.blocks().inUse());
        // What would make it whole comes too late.
        assertEquals(DROPPED, f.ipv6(5, id, data, 0, 48, true));
        assertEquals(DROPPED, f.ipv6(5, id, data, 48, 96, true));
        assertEquals(DROPPED, f.ipv6(5, id, data, 96, 144, false));
      }
      assertEquals(10, f.count(Event.DROP_FRAGMENT_OVERLAP));
      assertEquals(0, f.count(Event.REASSEMBLED));
      f.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {48, 71, 95})
    @Tag("rfc815-a")
    @DisplayName("RFC 815, RFC 5722: the same place with another byte drops all")
    void sameRangeOtherBytes(int at) {
      byte[] data = bytes(144, 1);
      assertEquals(HELD, f.ipv4(A, 7, data, 48, 96, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 48, 96, true));
      assertEquals(DROPPED, f.ipv4(A, 7, changed(data, at), 48, 96, true));
      assertEquals(DROPPED, f.ipv4(A, 7, data, 48, 96, true));
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @Test
    @DisplayName("Two fragments sent again as one are no exact duplicate")
    void cutAnew() {
      byte[] data = bytes(144, 1);
      assertEquals(HELD, f.ipv4(A, 7, data, 0, 48, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 48, 96, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 0, 48, true));
      assertEquals(DROPPED, f.ipv4(A, 7, data, 0, 96, true));
      f.close();
    }

    @Test
    @DisplayName("Duplicates and overlaps are seen across the blocks' borders")
    void acrossBlocks() {
      byte[] data = bytes(6_000, 1);
      int border = FragmentText.BLOCK_TEXT;
      assertEquals(HELD, f.ipv4(A, 7, data, 8, 2 * border, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 2 * border, 4_800, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 8, 2 * border, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 2 * border, 4_800, true));
      assertEquals(HELD, f.ipv4(A, 7, data, 4_800, 6_000, false));
      assertEquals(HELD, f.ipv4(A, 7, data, 4_800, 6_000, false));
      assertEquals(COMPLETE, f.ipv4(A, 7, data, 0, 8, true));
      assertArrayEquals(f.ipv4Whole(A, 7, data), f.packet());
      assertEquals(HELD, f.ipv4(A, 8, data, 8, 2 * border, true));
      assertEquals(DROPPED, f.ipv4(A, 8, changed(data, 2 * border - 1), 8, 2 * border, true));
      f.close();
    }

    @Test
    @Tag("rfc8200-d")
    @DisplayName("RFC 8200 §4.5: a dropped datagram is forgotten when its time is over")
    void tombstoneEnds() {
      assertEquals(HELD, f.ipv6(5, 9, DATA, 0, 24, true));
      f.passes(LIFETIME_NANOS / 2);
      assertEquals(DROPPED, f.ipv6(5, 9, DATA, 16, 40, true));
      f.passes(LIFETIME_NANOS / 2 - 1);
      assertEquals(0, f.fragments.expire(f.nowNanos, FragmentsTest::nobody));
      assertEquals(DROPPED, f.ipv6(5, 9, DATA, 24, 52, false));
      f.passes(1);
      assertEquals(0, f.fragments.expire(f.nowNanos, FragmentsTest::nobody));
      assertEquals(0, f.fragments.datagrams());
      assertEquals(HELD, f.ipv6(5, 9, DATA, 24, 52, false));
      assertEquals(COMPLETE, f.ipv6(5, 9, DATA, 0, 24, true));
      f.close();
    }
  }

  @Nested
  @DisplayName("Lengths that can't be")
  class Malformed {
    private final FragmentFixture f = new FragmentFixture();

    @Test
    @Tag("rfc8200-c")
    @DisplayName(
        "RFC 8200 §4.5: a length that is no multiple of 8 is refused, and only that fragment")
    void badLength() {
      assertEquals(HELD, f.ipv6(5, 9, DATA, 0, 24, true));
      assertEquals(BAD_LENGTH, f.ipv6(5, 9, DATA, 24, 29, true));
      assertEquals(BAD_LENGTH, f.ipv4(A, 9, DATA, 24, 29, true));
      assertEquals(COMPLETE, f.ipv6(5, 9, DATA, 24, 52, false));
      assertEquals(2, f.count(Event.DROP_FRAGMENT_MALFORMED));
      f.close();
    }

    @Test
    @Tag("rfc815-b")
    @Tag("rfc8200-c")
    @DisplayName(
        "RFC 8200 §4.5, RFC 791 §3.1: more than 65,535 bytes are refused, just as many are not")
    void tooLong() {
      byte[] data = bytes(65_544, 1);
      assertEquals(HELD, f.ipv6(5, 9, data, 65_528, 65_535, false));
      assertEquals(TOO_LONG, f.ipv6(5, 10, data, 65_528, 65_536, false));
      f.unfragmentableBytes = 8;
      assertEquals(HELD, f.ipv6(5, 11, data, 65_520, 65_527, false));
      assertEquals(TOO_LONG, f.ipv6(5, 12, data, 65_520, 65_528, true));
      assertEquals(HELD, f.ipv4(A, 9, data, 65_512, 65_515, false));
      assertEquals(TOO_LONG, f.ipv4(A, 10, data, 65_512, 65_516, false));
      assertEquals(TOO_LONG, f.ipv4(A, 10, data, 65_528, 65_536, true));
      assertEquals(4, f.count(Event.DROP_FRAGMENT_MALFORMED));
      f.close();
    }

    @Test
    @Tag("rfc815-b")
    @DisplayName("RFC 791 §3.1: the first fragment's options can make it too long in the end")
    void tooLongWithTheFirstHeader() {
      byte[] data = bytes(65_515, 1);
      assertEquals(HELD, f.ipv4(A, 9, data, 40_000, 65_515, false));
      f.ipv4Options = new byte[4];
      assertEquals(DROPPED, f.ipv4(A, 9, data, 0, 40_000, true));
      assertEquals(2, f.count(Event.DROP_FRAGMENT_MALFORMED));
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @ParameterizedTest(name = "{4}")
    @CsvSource({
      "24, 52, 24, 48, two ends where the second is nearer",
      "24, 48, 48, 52, two ends where the second is farther",
    })
    @DisplayName("Two different ends drop all")
    void twoEnds(int from, int to, int secondFrom, int secondTo, String kind) {
      assertEquals(HELD, f.ipv4(A, 9, DATA, from, to, false));
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, secondFrom, secondTo, false));
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, 0, 24, true));
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @Test
    @DisplayName("Data beyond the end drop all, whichever comes first")
    void beyondTheEnd() {
      assertEquals(HELD, f.ipv4(A, 9, DATA, 16, 24, false));
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, 24, 32, true));
      assertEquals(HELD, f.ipv4(A, 10, DATA, 24, 32, true));
      assertEquals(DROPPED, f.ipv4(A, 10, DATA, 16, 24, false));
      assertEquals(HELD, f.ipv4(A, 11, DATA, 16, 24, false));
      assertEquals(DROPPED, f.ipv4(A, 11, DATA, 16, 24, true)); // the same bytes, yet not the end
      assertEquals(HELD, f.ipv4(A, 12, DATA, 16, 24, true));
      assertEquals(DROPPED, f.ipv4(A, 12, DATA, 16, 24, false));
      assertEquals(HELD, f.ipv4(A, 13, DATA, 8, 16, false));
      assertEquals(DROPPED, f.ipv4(A, 13, DATA, 0, 16, true));
      f.close();
    }

    @Test
    @DisplayName("An empty fragment is dropped without a trace")
    void empty() {
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, 0, 0, true));
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, 24, 24, true));
      assertEquals(DROPPED, f.ipv4(A, 9, DATA, 24, 24, false));
      assertEquals(0, f.fragments.datagrams());
      assertEquals(3, f.count(Event.DROP_FRAGMENT_MALFORMED));
      f.close();
    }

    @Test
    @DisplayName("A first fragment with more header than is kept is dropped")
    void longHeader() {
      f.unfragmentableBytes = 160;
      assertEquals(HELD, f.ipv6(5, 9, DATA, 0, 24, true));
      f.unfragmentableBytes = 168;
      assertEquals(DROPPED, f.ipv6(5, 10, DATA, 0, 24, true));
      assertEquals(COMPLETE, f.ipv6(5, 11, DATA, 0, 24, false)); // nothing to keep
      f.close();
    }
  }

  @Nested
  @DisplayName("Limits (FragmentSmack, CVE-2018-5391)")
  class Limits {
    @Test
    @Tag("rfc815-c")
    @DisplayName(
        "One sender fills its eighth and pushes out its own oldest; the other's datagram stays")
    void oneSenderCantTakeAll() {
      var f = new FragmentFixture(1 << 20, 64);
      assertEquals(HELD, f.ipv4(B, 1, DATA, 0, 24, true));
      for (int id = 0; id < 1_000; id++) {
        assertEquals(HELD, f.ipv4(A, id, DATA, 0, 24, true));
        assertTrue(f.fragments.datagrams() <= 1 + 8);
      }
      assertEquals(992, f.count(Event.DROP_FRAGMENT_BUDGET));
      assertEquals(COMPLETE, f.ipv4(B, 1, DATA, 24, 52, false));
      assertEquals(COMPLETE, f.ipv4(A, 992, DATA, 24, 52, false));
      f.close();
    }

    @Test
    @Tag("rfc815-c")
    @DisplayName("When the table is full whoever has most loses its oldest")
    void heaviestGoesFirst() {
      var f = new FragmentFixture(1 << 20, 16); // two each
      for (int source = 0; source < 14; source++) {
        assertEquals(HELD, f.ipv4(100 + source, 1, DATA, 0, 24, true));
      }
      assertEquals(HELD, f.ipv4(A, 1, DATA, 0, 24, true));
      assertEquals(HELD, f.ipv4(A, 2, DATA, 0, 24, true));
      assertEquals(HELD, f.ipv4(B, 1, DATA, 0, 24, true)); // A's first has to go
      assertEquals(16, f.fragments.datagrams());
      assertEquals(COMPLETE, f.ipv4(A, 2, DATA, 24, 52, false));
      for (int source = 0; source < 14; source++) {
        assertEquals(COMPLETE, f.ipv4(100 + source, 1, DATA, 24, 52, false));
      }
      assertEquals(COMPLETE, f.ipv4(B, 1, DATA, 24, 52, false));
      assertEquals(HELD, f.ipv4(A, 1, DATA, 24, 52, false));
      assertEquals(1, f.count(Event.DROP_FRAGMENT_BUDGET));
      f.close();
    }

    @Test
    @Tag("rfc815-c")
    @DisplayName("When the budget is spent whoever holds most bytes loses its oldest")
    void budget() {
      var f = new FragmentFixture(100_000, 64);
      byte[] data = bytes(60_000, 1);
      assertEquals(HELD, f.ipv4(B, 1, DATA, 0, 24, true));
      assertEquals(HELD, f.ipv4(A, 1, data, 0, 20_000, true));
      assertEquals(HELD, f.ipv4(A, 2, data, 0, 40_000, true));
      // A is over its own limit now: the older one goes, and what comes of it is not begun anew.
      assertEquals(HELD, f.ipv4(A, 3, data, 0, 10_000, true));
      assertEquals(DROPPED, f.ipv4(A, 1, data, 20_000, 60_000, false));
      // A third sender wants more than is left: A holds most, not B, although B's is the oldest.
      assertEquals(HELD, f.ipv4(3, 1, data, 0, 56_000, true));
      assertEquals(DROPPED, f.ipv4(A, 2, data, 40_000, 60_000, false));
      assertEquals(COMPLETE, f.ipv4(B, 1, DATA, 24, 52, false));
      assertEquals(COMPLETE, f.ipv4(3, 1, data, 56_000, 60_000, false));
      f.close();
    }

    @Test
    @DisplayName("The longest datagram passes even where an eighth of the budget is less")
    void longestUnderASmallBudget() {
      var f = new FragmentFixture(70_000, 1);
      byte[] data = bytes(65_515, 1);
      for (int at = 0; at < 65_400; at += 1_480) {
        assertEquals(
            at + 1_480 < 65_515 ? HELD : COMPLETE,
            f.ipv4(A, 1, data, at, Math.min(at + 1_480, 65_515), at + 1_480 < 65_515));
      }
      assertArrayEquals(f.ipv4Whole(A, 1, data), f.packet());
      f.close();
    }

    @Test
    @DisplayName(
        "Without a budget, or when the pool has nothing, fragments are dropped and counted")
    void noMemory() {
      var none = new FragmentFixture(0, 64);
      assertEquals(DROPPED, none.ipv4(A, 1, DATA, 24, 52, false));
      assertEquals(DROPPED, none.ipv4(A, 1, DATA, 0, 24, true));
      assertEquals(2, none.count(Event.DROP_FRAGMENT_BUDGET));
      none.close();

      var f = new FragmentFixture();
      assertEquals(HELD, f.ipv4(A, 1, DATA, 0, 24, true));
      f.pool.blockRequests.most = 2;
      assertEquals(HELD, f.ipv4(B, 1, DATA, 24, 52, false)); // in the place of A's
      assertEquals(1, f.count(Event.DROP_FRAGMENT_BUDGET));
      f.pool.blockRequests.most = 0;
      assertEquals(DROPPED, f.ipv4(A, 2, DATA, 24, 52, false));
      assertEquals(DROPPED, f.ipv4(A, 2, DATA, 0, 24, true));
      f.pool.blockRequests.most = Integer.MAX_VALUE;
      assertEquals(DROPPED, f.ipv4(A, 2, DATA, 0, 24, true));
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @Test
    @DisplayName("A context that gets no fragment has no table, one that does has it once")
    void lazy() {
      var f = new FragmentFixture();
      assertEquals(0, f.fragments.reservedBytes());
      assertEquals(Long.MAX_VALUE, f.fragments.nextDeadlineNanos());
      assertEquals(0, f.fragments.expire(Long.MAX_VALUE, FragmentsTest::nobody));
      f.ipv4(A, 1, DATA, 0, 24, true);
      long table = f.fragments.reservedBytes();
      assertTrue(table > 64 * 4 && table < 40_000, () -> table + " bytes");
      f.ipv4(A, 1, DATA, 24, 52, false);
      assertEquals(table + 40 + 65_535, f.fragments.reservedBytes());
      f.close();
    }

    @Test
    @DisplayName("A limit of no datagram, or a negative budget, is refused")
    void misuse() {
      assertThrows(IllegalArgumentException.class, () -> new FragmentFixture(1_000, 0));
      assertThrows(IllegalArgumentException.class, () -> new FragmentFixture(-1, 1));
    }

    @Test
    @DisplayName("Once warm, fragments cost no garbage")
    void noGarbage() {
      var memory = new TestMemory();
      var fragments =
          new Fragments(
              Blocks.plain(memory.blocks()), new KeyedHash(1, 2), 1 << 18, 64, new Counters());
      MemorySegment packet = MemorySegment.ofArray(bytes(1_500, 1));
      packet.set(ValueLayout.JAVA_BYTE, 0, (byte) 0x45);
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      rounds(fragments, packet);
      long before = threads.getCurrentThreadAllocatedBytes();
      rounds(fragments, packet);
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(bytes < 100_000, () -> bytes + " bytes");
      fragments.release();
      memory.close();
    }

    private static void rounds(Fragments fragments, MemorySegment packet) {
      for (int i = 0; i < 20_000; i++) {
        for (int k = 0; k < 3; k++) {
          long source = i % 100;
          int result =
              fragments.add(
                  false, 0, source, 0, 2, 17, i, packet, 0, 20, -1, 20, 1_480 * k, 1_480, k < 2, 0,
                  i);
          assertEquals(k < 2 ? HELD : COMPLETE, result);
        }
        fragments.add(
            false, 0, i % 50, 0, 2, 17, -i, packet, 0, 20, -1, 20, 1_480, 1_480, true, 0, i);
      }
    }
  }

  @Nested
  @DisplayName("Time-outs")
  class Time {
    private final FragmentFixture f = new FragmentFixture();
    private final List<byte[]> told = new ArrayList<>();

    private int expire() {
      return f.fragments.expire(
          f.nowNanos,
          (ipv6, memory, start, length) ->
              told.add(memory.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE)));
    }

    @Test
    @Tag("rfc1122-ip-c")
    @DisplayName("RFC 1122 §3.3.2: 60 s after the first-received fragment it is given up")
    void sixtySeconds() {
      long end = f.nowNanos + LIFETIME_NANOS;
      assertEquals(HELD, f.ipv4(A, 7, DATA, 0, 24, true));
      assertEquals(end, f.fragments.nextDeadlineNanos());
      f.passes(LIFETIME_NANOS - 1);
      assertEquals(HELD, f.ipv4(A, 7, DATA, 40, 52, false));
      assertEquals(HELD, f.ipv4(B, 7, DATA, 0, 24, true));
      assertEquals(0, expire());
      assertEquals(end, f.fragments.nextDeadlineNanos());
      f.passes(1);
      assertEquals(DROPPED, f.ipv4(A, 7, DATA, 24, 40, true)); // too late by nothing
      assertEquals(1, expire());
      assertEquals(1, told.size());
      assertArrayEquals(f.ipv4Packet(A, 7, DATA, 0, 24, true), told.getFirst());
      assertEquals(3, f.count(Event.DROP_FRAGMENT_TIMEOUT));
      assertEquals(end + LIFETIME_NANOS - 1, f.fragments.nextDeadlineNanos());
      f.passes(LIFETIME_NANOS);
      assertEquals(1, expire());
      assertEquals(Long.MAX_VALUE, f.fragments.nextDeadlineNanos());
      assertEquals(0, f.pool.blocks().inUse());
      f.close();
    }

    @Test
    @Tag("rfc1122-ip-c")
    @DisplayName("RFC 1122 §3.3.2: nobody is told when the first fragment never came")
    void withoutTheFirst() {
      assertEquals(HELD, f.ipv4(A, 7, DATA, 24, 52, false));
      assertEquals(HELD, f.ipv6(5, 7, DATA, 24, 52, false));
      f.passes(LIFETIME_NANOS);
      assertEquals(2, expire());
      assertTrue(told.isEmpty());
      assertEquals(0, f.fragments.datagrams());
      f.close();
    }

    @Test
    @Tag("rfc8200-d")
    @DisplayName("RFC 8200 §4.5: the error's quote is the first fragment as it came")
    void ipv6Quote() {
      byte[] data = bytes(6_000, 1);
      assertEquals(HELD, f.ipv6(5, 7, data, 4_000, 6_000, false));
      f.unfragmentableBytes = 8;
      assertEquals(HELD, f.ipv6(5, 7, data, 0, 2_400, true));
      byte[] first = f.ipv6Packet(5, 7, data, 0, 2_400, true);
      f.passes(LIFETIME_NANOS);
      assertEquals(1, expire());
      assertArrayEquals(first, told.getFirst());
      f.close();
    }
  }

  private static void nobody(boolean ipv6, MemorySegment memory, long start, int length) {
    throw new AssertionError("told of a datagram of " + length + " bytes");
  }
}
