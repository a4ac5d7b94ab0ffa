package wisp.core.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.spi.FrameAllocator;
import wisp.core.wire.Checksum;

@DisplayName("Running sums of a frame give the checksum of any stretch of it (RFC 1071 §2)")
class FrameSumsTest {
  /** One frame, payload at an odd place, sums right behind it. */
  private static final class OneFrame implements FrameAllocator {
    private static final int START = 3;
    final byte[] bytes;
    final int length;
    int references = 3;
    int known;

    OneFrame(int length, SplittableRandom random) {
      this.length = length;
      bytes = new byte[START + length + 2 * FrameAllocator.sumsOf(length)];
      random.nextBytes(bytes);
    }

    @Override
    public int acquire(int payloadBytes) {
      return NONE;
    }

    @Override
    public void retain(int frame) {
      references++;
    }

    @Override
    public void release(int frame) {
      references--;
    }

    @Override
    public int references(int frame) {
      return references;
    }

    @Override
    public MemorySegment memory(int frame) {
      return MemorySegment.ofArray(bytes);
    }

    @Override
    public long start(int frame) {
      return START;
    }

    @Override
    public int length(int frame) {
      return length;
    }

    @Override
    public int largest() {
      return length;
    }

    @Override
    public int inUse() {
      return 1;
    }

    @Override
    public long sumsStart(int frame) {
      return START + (long) length;
    }

    @Override
    public int sums(int frame) {
      return known;
    }

    @Override
    public void sums(int frame, int count) {
      known = count;
    }

    int plain(int from, int bytes) {
      return Checksum.finish(Checksum.sum(memory(0), START + from, bytes, 77));
    }
  }

  @Test
  void givenAnyStretch_thenTheChecksumIsThatOfItsBytes() {
    var random = new SplittableRandom(1);
    for (int length : new int[] {1, 63, 64, 255, 256, 257, 511, 1_448, 4_097, 65_535, 65_536}) {
      var frame = new OneFrame(length, random);
      var sums = new FrameSums(frame, true);
      for (int i = 0; i < 3_000; i++) {
        int from = random.nextInt(length);
        int bytes = 1 + random.nextInt(Math.min(length - from, 3_000));
        assertEquals(
            frame.plain(from, bytes),
            Checksum.finish(77 + sums.of(0, from, bytes)),
            () -> "[" + from + ", " + (from + bytes) + ") of " + length);
      }
      assertEquals(frame.plain(0, length), Checksum.finish(77 + sums.of(0, 0, length)));
    }
  }

  @Test
  void givenOnlyZeros_thenTheChecksumIsTheSame() {
    var frame = new OneFrame(4_096, new SplittableRandom(1));
    java.util.Arrays.fill(frame.bytes, (byte) 0);
    var sums = new FrameSums(frame, true);
    assertEquals(frame.plain(100, 1_000), Checksum.finish(77 + sums.of(0, 100, 1_000)));
    assertEquals(frame.plain(0, 4_096), Checksum.finish(77 + sums.of(0, 0, 4_096)));
  }

  @Test
  void givenASecondUse_thenTheBytesAreNotReadAgainButAtTheEdges() {
    var frame = new OneFrame(4_096, new SplittableRandom(1));
    var sums = new FrameSums(frame, true);
    long first = sums.of(0, 0, 4_096);
    assertEquals(16, frame.known);
    frame.bytes[OneFrame.START + 1_000]++; // which nobody may do: here it shows who looks
    assertEquals(Checksum.fold(first), Checksum.fold(sums.of(0, 0, 4_096)));
    frame.known = 0;
    assertFalse(Checksum.fold(first) == Checksum.fold(sums.of(0, 0, 4_096)));
  }

  @Test
  void givenOneSend_orALinkThatSums_orNoRoom_thenItIsNotWorthIt() {
    var frame = new OneFrame(4_096, new SplittableRandom(1));
    assertTrue(new FrameSums(frame, true).covers(0, 1_000));
    assertFalse(new FrameSums(frame, true).covers(0, 10));
    assertFalse(new FrameSums(frame, false).covers(0, 1_000));
    frame.release(0);
    assertFalse(new FrameSums(frame, true).covers(0, 1_000));
  }
}
