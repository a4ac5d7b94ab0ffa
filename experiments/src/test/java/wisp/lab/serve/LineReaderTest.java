package wisp.lab.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Lines are handed on whole, as they come")
class LineReaderTest {
  private final LineQueue queue = new LineQueue();

  /** Gives at most so many bytes at once. */
  private static InputStream slow(byte[] bytes, int most) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] to, int at, int length) {
        return super.read(to, at, Math.min(length, most));
      }
    };
  }

  private List<String> all(InputStream in) throws IOException, InterruptedException {
    var got = new ArrayList<String>();
    var reader = new LineReader(in, queue);
    boolean more = true;
    while (more) {
      more = reader.read();
      for (Lines lines = queue.poll(); lines != null; lines = queue.poll()) {
        got.add(new String(lines.bytes(), StandardCharsets.US_ASCII));
      }
    }
    return got;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void givenWhatHasCome_thenItsWholeLinesGoTogetherAndTheRestWaits() throws Exception {
    assertEquals(List.of("a\nbb\n", "ccc\n", "d"), all(slow(ascii("a\nbb\nccc\nd"), 6)));
  }

  @Test
  void givenOneByteAtATime_thenEachLineGoesByItself() throws Exception {
    assertEquals(List.of("a\n", "\n", "bb\n"), all(slow(ascii("a\n\nbb\n"), 1)));
  }

  @Test
  void givenALongLine_thenItIsWhole() throws Exception {
    String line = "x".repeat(300_000) + "\n";
    assertEquals(List.of("a\n", line + "b\n"), all(slow(ascii("a\n" + line + "b\n"), 7_001)));
  }

  @Test
  void givenALineThatIsTooLong_thenItAloneIsLeftOut() throws Exception {
    byte[] line = new byte[LineReader.LONGEST + 100];
    java.util.Arrays.fill(line, (byte) 'x');
    line[line.length - 1] = '\n';
    var bytes = new java.io.ByteArrayOutputStream();
    bytes.write(ascii("a\n"));
    bytes.write(line);
    bytes.write(ascii("b\n"));
    assertEquals(List.of("a\n", "b\n"), all(slow(bytes.toByteArray(), 60_000)));
  }

  @Test
  void givenNothing_thenNoLines() throws Exception {
    assertEquals(List.of(), all(slow(new byte[0], 10)));
    assertNull(queue.poll());
  }

  @Test
  void linesAreCounted() {
    assertEquals(2, Lines.of(ascii("a\nb\n")).count());
    assertEquals(2, Lines.of(ascii("a\nb")).count());
    assertEquals(0, Lines.of(new byte[0]).count());
  }
}
