package wisp.lab.interop;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Random;

/**
 * A long text that both sides know, so that each byte can be checked where it arrives. Its period
 * is a prime, no multiple of any buffer's size: a piece that is lost, doubled or moved shows.
 */
final class Stream {
  private static final int PERIOD = 1_000_003;
  private static final int CHUNK = 256 << 10;
  private static final byte[] TEXT = new byte[PERIOD + CHUNK];

  /** Kept: to clear a new one cost more than to read into it and to check what was read. */
  private static final ThreadLocal<ByteBuffer> BUFFERS =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(CHUNK));

  private static final MemorySegment SEGMENT = MemorySegment.ofArray(TEXT);

  static {
    new Random(1).nextBytes(TEXT);
    System.arraycopy(TEXT, 0, TEXT, PERIOD, CHUNK);
  }

  private Stream() {}

  /** The byte there. */
  static byte at(long at) {
    return TEXT[(int) (at % PERIOD)];
  }

  /** Copies bytes [at, at + length) of the text; length ≤ 256 KiB. */
  static void write(long at, int length, MemorySegment to, long start) {
    MemorySegment.copy(SEGMENT, at % PERIOD, to, start, length);
  }

  /** Complains if something else than bytes [at, at + length) is there. */
  static void check(long at, int length, MemorySegment memory, long start) {
    for (int done = 0; done < length; ) {
      int part = Math.min(CHUNK, length - done);
      long from = (at + done) % PERIOD;
      long difference =
          MemorySegment.mismatch(
              memory, start + done, start + done + part, SEGMENT, from, from + part);
      if (difference >= 0) {
        throw new AssertionError("wrong byte at " + (at + done + difference) + " of the stream");
      }
      done += part;
    }
  }

  /** A kernel socket sends that many bytes. */
  static void send(SocketChannel socket, long bytes) throws IOException {
    send(socket, 0, bytes);
  }

  /** A kernel socket sends bytes [from, to). */
  static void send(SocketChannel socket, long from, long to) throws IOException {
    for (long done = from; done < to; ) {
      int part = (int) Math.min(CHUNK, to - done);
      var buffer = ByteBuffer.wrap(TEXT, (int) (done % PERIOD), part);
      while (buffer.hasRemaining()) {
        done += socket.write(buffer);
      }
    }
  }

  /** A kernel socket reads that many bytes and checks each. */
  static void receive(SocketChannel socket, long bytes) throws IOException {
    receive(socket, 0, bytes);
  }

  /** The kernel's peer, which is us, has no more to say. */
  static void assertEnds(SocketChannel socket) throws IOException {
    int n = socket.read(ByteBuffer.allocate(1));
    if (n != -1) {
      throw new AssertionError("more bytes than expected");
    }
  }

  /** A kernel socket reads bytes [from, to) and checks each. */
  static void receive(SocketChannel socket, long from, long to) throws IOException {
    ByteBuffer buffer = BUFFERS.get().clear();
    MemorySegment memory = MemorySegment.ofBuffer(buffer);
    for (long at = from; at < to; ) {
      buffer.clear().limit((int) Math.min(CHUNK, to - at));
      int n = socket.read(buffer);
      if (n < 0) {
        throw new EOFException("the stream ends at " + at + " of " + to);
      }
      check(at, n, memory, 0);
      at += n;
    }
  }
}
