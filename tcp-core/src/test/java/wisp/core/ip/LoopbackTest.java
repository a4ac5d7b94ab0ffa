package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.Burst;

@DisplayName("RFC 1122 §3.2.1.3 g: what we send to ourselves turns round inside")
class LoopbackTest {
  private static final int RING = 1 << 19;
  private final Counters counters = new Counters();
  private final Loopback loopback = new Loopback(counters);
  private final Burst burst = new Burst();
  private final SplittableRandom random = new SplittableRandom(19);

  private byte[] packet(int bytes) {
    byte[] b = new byte[bytes];
    random.nextBytes(b);
    return b;
  }

  /** Whether it found room. */
  private boolean add(byte[] b) {
    long before = counters.get(Event.DROP_LINK_FULL);
    byte[] around = new byte[b.length + 10];
    System.arraycopy(b, 0, around, 7, b.length);
    loopback.add(MemorySegment.ofArray(around), 7, b.length);
    return counters.get(Event.DROP_LINK_FULL) == before;
  }

  private byte[] bytes(int i) {
    return burst.memory(i).asSlice(burst.start(i), burst.length(i)).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void givenNothing_whenAsked_thenNothingIsReserved() {
    assertTrue(loopback.isEmpty());
    assertEquals(0, loopback.receive(burst));
    loopback.takeBack();
    assertEquals(0, loopback.reservedBytes());
  }

  @Test
  void givenPackets_whenReceived_thenTheyAreTheSameAndMarked() {
    byte[] one = packet(1);
    byte[] two = packet(65_535);
    assertTrue(add(one) && add(two));
    assertEquals(2, loopback.receive(burst));
    assertArrayEquals(one, bytes(0));
    assertArrayEquals(two, bytes(1));
    assertEquals(Burst.CHECKSUM_TRUSTED | Loopback.LOOPED, burst.flags(0));
    assertTrue(loopback.isEmpty());
  }

  @Test
  void givenAFullRing_whenOneMoreComes_thenItIsDroppedAndTheOthersStay() {
    var kept = new ArrayDeque<byte[]>();
    byte[] b = packet(1_500);
    while (add(b)) {
      kept.add(b);
      b = packet(1_500);
    }
    assertTrue(kept.size() * 1_500 > RING * 9 / 10, "the ring is used up: " + kept.size());
    assertEquals(RING, loopback.reservedBytes());
    while (!loopback.isEmpty()) {
      burst.clear();
      int n = loopback.receive(burst);
      for (int i = 0; i < n; i++) {
        assertArrayEquals(kept.remove(), bytes(i));
      }
      loopback.takeBack();
    }
    assertTrue(kept.isEmpty());
    for (int i = 0; i < 8; i++) {
      assertTrue(add(packet(60_000)), "all of it is free again");
    }
  }

  @Test
  void givenLentPackets_whenOthersAreAdded_thenTheLentOnesAreNotOverwritten() {
    for (int round = 0; round < 50; round++) {
      var sent = new ArrayDeque<byte[]>();
      for (int i = 0; i < 7; i++) {
        byte[] b = packet(60_000 + random.nextInt(5_000));
        if (add(b)) {
          sent.add(b);
        }
      }
      burst.clear();
      int n = loopback.receive(burst);
      assertEquals(sent.size(), n);
      var more = new ArrayDeque<byte[]>();
      for (int i = 0; i < 7; i++) {
        byte[] b = packet(40_000);
        if (add(b)) {
          more.add(b);
        }
      }
      for (int i = 0; i < n; i++) {
        assertArrayEquals(sent.remove(), bytes(i), "round " + round);
      }
      loopback.takeBack();
      burst.clear();
      assertEquals(more.size(), loopback.receive(burst));
      for (int i = 0; !more.isEmpty(); i++) {
        assertArrayEquals(more.remove(), bytes(i), "round " + round);
      }
      loopback.takeBack();
    }
  }

  @Test
  void givenAnyOrderOfAddingAndReceiving_whenItWrapsOften_thenEveryPacketOnceAndInOrder() {
    for (int seed = 0; seed < 20; seed++) {
      var choices = new SplittableRandom(seed);
      var waiting = new ArrayDeque<byte[]>();
      for (int step = 0; step < 2_000; step++) {
        if (choices.nextInt(100) < 65) {
          int most = choices.nextInt(10) == 0 ? 65_535 : 3_000;
          byte[] b = packet(1 + choices.nextInt(most));
          if (add(b)) {
            waiting.add(b);
          }
        } else {
          burst.clear();
          int n = loopback.receive(burst);
          assertEquals(Math.min(waiting.size(), Burst.CAPACITY), n, "seed " + seed);
          for (int i = 0; i < n; i++) {
            assertArrayEquals(waiting.remove(), bytes(i), "seed " + seed + " step " + step);
          }
          loopback.takeBack();
        }
        assertEquals(waiting.isEmpty(), loopback.isEmpty());
      }
      while (!loopback.isEmpty()) {
        burst.clear();
        loopback.receive(burst);
        loopback.takeBack();
      }
    }
  }
}
