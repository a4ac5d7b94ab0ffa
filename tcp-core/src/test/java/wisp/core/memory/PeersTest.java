package wisp.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.spi.KeyedHash;

@DisplayName("What each peer has: never counted too low, hardly ever too high, and all comes back")
class PeersTest {
  private static final long SHARE = 8_192;

  private static Peers peers(long seed) {
    return new Peers(new KeyedHash(seed, ~seed), SHARE, 3, 2);
  }

  private static Payer payer(int number) {
    var payer = new Payer();
    payer.is(0, 0xFFFF_0000_0000L | number);
    return payer;
  }

  @Test
  void givenAPeer_whenItBorrowsAndGivesBack_thenItsBytesAreExact() {
    var peers = peers(1);
    Payer one = payer(1);
    peers.had(one, 256);
    peers.had(one, 2_048);
    peers.had(one, 100); // a heap's block may have any size
    assertEquals(256 + 2_048 + 128, peers.bytesOf(one));
    assertEquals(peers.bytesOf(one), peers.bytesOf(payer(1)), "by address, not by object");
    peers.gaveBack(payer(1), 2_048);
    peers.gaveBack(one, 256);
    assertFalse(peers.isClear());
    peers.gaveBack(one, 100);
    assertTrue(peers.isClear());
  }

  @Test
  void givenItsShare_whenOneMoreBlockIsAskedFor_thenThatIsTooMuch() {
    var peers = peers(2);
    Payer one = payer(1);
    for (int i = 0; i < 4; i++) {
      assertFalse(peers.isAboveShare(one, 2_048));
      peers.had(one, 2_048);
    }
    assertFalse(peers.isAboveShare(one, 0));
    assertFalse(peers.anyAboveShare());
    assertTrue(peers.isAboveShare(one, 64));
    peers.had(one, 64);
    assertTrue(peers.isAboveShare(one, 0));
    assertTrue(peers.anyAboveShare());
    peers.gaveBack(one, 64);
    assertFalse(peers.anyAboveShare());
  }

  @Test
  void givenNobody_whenItBorrows_thenItHasNoShareToKeepTo() {
    var peers = peers(3);
    peers.had(Payer.NOBODY, 1 << 20);
    assertFalse(peers.isAboveShare(Payer.NOBODY, 1 << 20));
    assertTrue(peers.isClear());
  }

  @Test
  @DisplayName("giving back under another name is found out")
  void givenABlockOfOnePeer_whenAnotherGivesItBack_thenItIsOurBug() {
    var peers = peers(4);
    peers.had(payer(1), 256);
    assertThrows(AssertionError.class, () -> peers.gaveBack(payer(2), 256));
  }

  @Test
  @DisplayName("eight peers above their share make one in four thousand others look so, not more")
  void givenTheMostThatCanBeAbove_whenAllOthersAreLookedAt_thenHardlyAnyIsTakenForOne() {
    int taken = 0;
    int all = 0;
    for (long seed = 0; seed < 20; seed++) {
      var peers = peers(seed);
      for (int i = 0; i < 8; i++) {
        peers.had(payer(i), (int) SHARE + 64);
        assertTrue(peers.isAboveShare(payer(i), 0), "a peer evaded, seed " + seed);
      }
      for (int i = 1_000; i < 11_000; i++, all++) {
        taken += peers.isAboveShare(payer(i), 0) ? 1 : 0;
      }
    }
    assertTrue(taken < all / 2_000, taken + " of " + all);
  }

  @Test
  void givenManyPeersAtRandom_whenAllHasComeBack_thenNothingIsLeft() {
    var random = new SplittableRandom(5);
    var peers = peers(5);
    var had = new int[100_000];
    for (int i = 0; i < 1_000_000; i++) {
      int n = random.nextInt(had.length);
      int bytes = 64 << 2 * random.nextInt(3);
      if (random.nextBoolean() || had[n] < bytes) {
        had[n] += bytes;
        peers.had(payer(n), bytes);
      } else {
        had[n] -= bytes;
        peers.gaveBack(payer(n), bytes);
      }
      if (i % 1_000 == 0) {
        assertTrue(peers.bytesOf(payer(n)) >= had[n], "counted too low");
      }
    }
    for (int n = 0; n < had.length; n++) {
      peers.gaveBack(payer(n), had[n]);
    }
    assertTrue(peers.isClear());
  }

  @Test
  void givenLimits_whenTheyAreReached_thenNoMore() {
    var peers = peers(6);
    Payer one = payer(1);
    for (int i = 0; i < 3; i++) {
      assertTrue(peers.mayHaveHalfOpen(one));
      peers.halfOpen(one, 1);
    }
    assertFalse(peers.mayHaveHalfOpen(one));
    assertTrue(peers.mayHaveHalfOpen(payer(2)));
    peers.halfOpen(one, -3);
    peers.connections(one, 2);
    assertFalse(peers.mayConnect(one));
    peers.connections(one, -2);
    assertTrue(peers.isClear());
  }

  @Test
  @DisplayName("a few kilobytes, however many peers there are")
  void itIsSmall() {
    assertTrue(peers(7).reservedBytes() <= 13_000);
    var usual = new Peers(new KeyedHash(1, 2), SHARE, 3, Peers.UNLIMITED);
    assertTrue(usual.reservedBytes() <= 8_500);
  }
}
