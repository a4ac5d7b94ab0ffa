package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 1071: the Internet checksum")
@Tag("rfc1071")
class ChecksumTest {
  private final SplittableRandom random = new SplittableRandom(1071);

  @Test
  void theExampleOfRfc1071Section3() {
    MemorySegment m = Hex.segment("00 01 f2 03 f4 f5 f6 f7");
    assertEquals(0xddf2, Checksum.fold(Checksum.sum(m, 0, 8, 0)));
    assertEquals(0x220d, Checksum.finish(Checksum.sum(m, 0, 8, 0)));
  }

  @Test
  void anIpv4HeaderThatIsKnown() {
    MemorySegment m = Hex.segment("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7");
    assertEquals(Checksum.INTACT, Checksum.fold(Checksum.sum(m, 0, 20, 0)));
    m.set(ValueLayout.JAVA_SHORT_UNALIGNED, 10, (short) 0);
    assertEquals(0xb861, Checksum.finish(Checksum.sum(m, 0, 20, 0)));
  }

  @Test
  void agreesWithBytewiseSumAtAnyLengthAndAlignment() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment offHeap = arena.allocate(5_000);
      MemorySegment onHeap = MemorySegment.ofArray(new byte[5_000]);
      for (int i = 0; i < 20_000; i++) {
        MemorySegment m = random.nextBoolean() ? offHeap : onHeap;
        int start = random.nextInt(17);
        int length = random.nextInt(10) == 0 ? random.nextInt(4_900) : random.nextInt(80);
        fill(m, start, length);
        long initial = random.nextLong(1L << random.nextInt(1, 48));
        assertEquals(
            naive(m, start, length, initial),
            Checksum.fold(Checksum.sum(m, start, length, initial)),
            "start " + start + ", length " + length + ", initial " + initial);
      }
    }
  }

  @Test
  void noCarryIsLostAtTheLargestLengthsOfAllOnes() {
    int length = 1 << 20;
    MemorySegment m = MemorySegment.ofArray(new byte[length]);
    m.fill((byte) 0xFF);
    for (int shorter = 0; shorter < 9; shorter++) {
      assertEquals(
          naive(m, 0, length - shorter, 0), Checksum.fold(Checksum.sum(m, 0, length - shorter, 0)));
    }
  }

  @Test
  void zeroFoldsToZeroAndNothingElseDoes() {
    MemorySegment m = MemorySegment.ofArray(new byte[64]);
    assertEquals(0, Checksum.fold(Checksum.sum(m, 0, 64, 0)));
    assertEquals(0xFFFF, Checksum.finish(0));
    for (long sum : new long[] {1, 0xFFFF, 0x1_FFFE, 0xFFFF_FFFFL, 0xFFFF_0000L, Long.MAX_VALUE}) {
      assertNotEquals(0, Checksum.fold(sum), Long.toHexString(sum));
      assertEquals((sum - 1) % 0xFFFF + 1, Checksum.fold(sum), Long.toHexString(sum));
    }
  }

  @Test
  void partsCombineToTheWholeWhereverTheyAreCut() {
    MemorySegment m = MemorySegment.ofArray(new byte[200]);
    for (int i = 0; i < 20_000; i++) {
      fill(m, 0, 200);
      int length = random.nextInt(1, 200);
      int first = random.nextInt(length);
      int second = random.nextInt(first, length);
      long sum = Checksum.sum(m, 0, first, 0);
      sum = Checksum.combine(sum, Checksum.sum(m, first, second - first, 0), first);
      sum = Checksum.combine(sum, Checksum.sum(m, second, length - second, 0), second);
      assertEquals(
          naive(m, 0, length, 0), Checksum.fold(sum), length + " cut at " + first + ", " + second);
    }
  }

  @Test
  void pseudoHeaderIsTheSumOfItsTwelveBytes() {
    for (int i = 0; i < 10_000; i++) {
      int source = random.nextInt();
      int destination = random.nextInt();
      int length = random.nextInt(65_536);
      MemorySegment m = MemorySegment.ofArray(new byte[12]);
      Wire.i32(m, 0, source);
      Wire.i32(m, 4, destination);
      Wire.u8(m, 9, 6);
      Wire.u16(m, 10, length);
      assertEquals(
          naive(m, 0, 12, 0),
          Checksum.fold(Checksum.pseudoHeaderIpv4(source, destination, 6, length)));
    }
  }

  @Test
  @DisplayName("RFC 8200 §8.1: the pseudo-header is the sum of its forty bytes")
  void ipv6PseudoHeaderIsTheSumOfItsFortyBytes() {
    for (int i = 0; i < 10_000; i++) {
      long[] words = new long[4];
      MemorySegment m = MemorySegment.ofArray(new byte[40]);
      for (int word = 0; word < 4; word++) {
        words[word] = i == 0 ? -1 : random.nextLong();
        Wire.i64(m, 8L * word, words[word]);
      }
      int length = i == 0 ? Integer.MAX_VALUE : random.nextInt(1 << 20);
      int protocol = random.nextInt(256);
      Wire.i32(m, 32, length);
      Wire.i32(m, 36, protocol);
      long sum =
          Checksum.pseudoHeaderIpv6(words[0], words[1], words[2], words[3], protocol, length);
      assertEquals(naive(m, 0, 40, 0), Checksum.fold(sum));
    }
  }

  @Test
  void copyAndSumCopiesJustThatManyBytes() {
    byte[] source = new byte[100];
    byte[] destination = new byte[100];
    for (int length = 0; length < 80; length++) {
      random.nextBytes(source);
      Arrays.fill(destination, (byte) 0x55);
      long sum =
          Checksum.copyAndSum(
              MemorySegment.ofArray(source), 3, MemorySegment.ofArray(destination), 8, length);
      assertEquals(naive(MemorySegment.ofArray(source), 3, length, 0), Checksum.fold(sum));
      byte[] expected = new byte[100];
      Arrays.fill(expected, (byte) 0x55);
      System.arraycopy(source, 3, expected, 8, length);
      assertEquals(Arrays.toString(expected), Arrays.toString(destination));
    }
  }

  /** Byte by byte, as the RFC's text says it. */
  static int naive(MemorySegment m, long start, int length, long initial) {
    long sum = initial;
    for (int i = 0; i < length; i++) {
      int b = m.get(ValueLayout.JAVA_BYTE, start + i) & 0xFF;
      sum += i % 2 == 0 ? b << 8 : b;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return (int) sum;
  }

  private void fill(MemorySegment m, int start, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, m, ValueLayout.JAVA_BYTE, start, length);
  }
}
