package wisp.lab.serve;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts a stream into lines: all whole lines that have come by now go on together, so that a line
 * typed by hand goes at once and many short ones go by the frame. What stands behind the last line
 * feed when the stream ends is a line, too. A line of more than {@link #LONGEST} bytes is left out.
 */
final class LineReader implements Runnable {
  /** The longest line, in bytes. */
  static final int LONGEST = 16 << 20;

  private static final int USUAL = 64 << 10;
  private final InputStream in;
  private final LineQueue out;
  private byte[] buffer = new byte[USUAL];
  private int filled;
  private boolean skipping;
  private volatile long tooLong;

  LineReader(InputStream in, LineQueue out) {
    this.in = in;
    this.out = out;
  }

  /** Lines left out because of their length. */
  long tooLong() {
    return tooLong;
  }

  @Override
  public void run() {
    try {
      while (read()) {
        // one reading after the other
      }
    } catch (IOException e) {
      System.err.println("wisp: can't read more lines: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads once; false: the stream has ended. */
  boolean read() throws IOException, InterruptedException {
    makeRoom();
    int n = in.read(buffer, filled, buffer.length - filled);
    if (n < 0) {
      pass(skipping ? 0 : filled);
      return false;
    }
    int end = filled + n;
    int begin = skipping ? afterFirstLineFeed(filled, end) : 0;
    if (skipping && begin < 0) {
      return true; // still the same line: nothing of it is kept
    }
    skipping = false;
    System.arraycopy(buffer, begin, buffer, 0, end - begin);
    int from = begin > 0 ? 0 : filled;
    filled = end - begin;
    pass(afterLastLineFeed(from));
    return true;
  }

  private void makeRoom() {
    if (filled < buffer.length) {
      return;
    }
    if (buffer.length < LONGEST) {
      buffer = Arrays.copyOf(buffer, buffer.length * 2);
      return;
    }
    tooLong = tooLong + 1;
    System.err.println("wisp: a line of more than " + LONGEST + " bytes is left out");
    skipping = true;
    filled = 0;
  }

  private int afterFirstLineFeed(int from, int to) {
    for (int i = from; i < to; i++) {
      if (buffer[i] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  /** 0: no line feed from there on. */
  private int afterLastLineFeed(int from) {
    for (int i = filled; i > from; i--) {
      if (buffer[i - 1] == '\n') {
        return i;
      }
    }
    return 0;
  }

  private void pass(int length) throws InterruptedException {
    if (length == 0) {
      return;
    }
    byte[] lines = Arrays.copyOf(buffer, length);
    int rest = filled - length;
    byte[] next = rest < USUAL && buffer.length > USUAL ? new byte[USUAL] : buffer;
    System.arraycopy(buffer, length, next, 0, rest);
    buffer = next;
    filled = rest;
    out.put(Lines.of(lines));
  }
}
