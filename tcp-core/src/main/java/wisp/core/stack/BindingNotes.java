package wisp.core.stack;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Durability;
import wisp.core.spi.EcnMode;
import wisp.core.spi.FastOpenMode;

/**
 * Bindings as notes in a memory that outlives its process, since their numbers are part of the
 * records' keys: endpoint, profile, and the handler by its name.
 *
 * <pre>
 *   role and port 4 | address 16 | handler's name | name of the congestion control | profile
 *   name:  length 1 | UTF-8
 * </pre>
 *
 * <p>Note 0 is the context's: receive window 4 | MSS values, 4 each.
 */
final class BindingNotes {
  /** Names are no longer than this, in bytes of UTF-8. */
  static final int MOST_NAME_BYTES = 64;

  private static final int CONTEXT = 0;
  private static final int NAGLE = 1;
  private static final int USER_TIMEOUT = 2;
  private static final int ERROR_REPORTS = 4;
  private static final int WINDOW_SCALING = 8;
  private static final int SACK = 16;
  private static final int TIMESTAMPS = 32;
  private static final int KEEP_ALIVE = 64;
  private static final int GARBAGE_OCTET = 128;

  private final Durability durability;

  BindingNotes(Durability durability) {
    this.durability = durability;
  }

  /** A binding as it was noted. */
  record Kept(
      boolean activeRole,
      int port,
      long high,
      long low,
      String handler,
      ConnectionProfile profile) {}

  /**
   * Notes a binding.
   *
   * @return false: no memory
   */
  boolean keep(
      int number,
      int portAndRole,
      long high,
      long low,
      ConnectionHandler handler,
      ConnectionProfile p) {
    ByteBuffer b = ByteBuffer.allocate(Durability.NOTE_BYTES);
    b.putInt(portAndRole).putLong(high).putLong(low);
    putName(b, handler.name());
    putName(b, p.congestionControl());
    int flags =
        (p.nagle() ? NAGLE : 0)
            | (p.userTimeoutOption() ? USER_TIMEOUT : 0)
            | (p.errorReports() ? ERROR_REPORTS : 0)
            | (p.windowScaling() ? WINDOW_SCALING : 0)
            | (p.sackPermitted() ? SACK : 0)
            | (p.timestamps() ? TIMESTAMPS : 0)
            | (p.keepAlive().on() ? KEEP_ALIVE : 0)
            | (p.keepAlive().garbageOctet() ? GARBAGE_OCTET : 0);
    b.put((byte) flags).put((byte) p.ttl()).put((byte) p.dscp());
    b.put((byte) p.ecn().ordinal()).put((byte) p.fastOpen().ordinal());
    b.put((byte) p.leastWindowShift()).put((byte) p.keepAlive().probes());
    b.putLong(p.retransmissionLimitNanos());
    b.putLong(p.keepAlive().idleNanos()).putLong(p.keepAlive().intervalNanos());
    b.putInt(p.mssLimit()).putInt(p.receiveWindowBytes());
    return durability.note(number, java.util.Arrays.copyOf(b.array(), b.position()));
  }

  void forget(int number) {
    durability.forget(number);
  }

  /**
   * A binding that was noted; {@code null}: there is none, or it can't be read.
   *
   * @param window what a profile's receive window of 0 meant then
   */
  @Nullable Kept kept(int number, int window) {
    byte[] note = durability.note(number);
    if (note == null) {
      return null;
    }
    try {
      return read(ByteBuffer.wrap(note), window);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return null;
    }
  }

  private static Kept read(ByteBuffer b, int window) {
    int portAndRole = b.getInt();
    long high = b.getLong();
    long low = b.getLong();
    String handler = name(b);
    String control = name(b);
    int flags = b.get();
    int ttl = b.get() & 0xFF;
    int dscp = b.get();
    EcnMode ecn = EcnMode.values()[b.get()];
    FastOpenMode fastOpen = FastOpenMode.values()[b.get()];
    int leastShift = b.get();
    int probes = b.get();
    long limit = b.getLong();
    var keepAlive =
        new KeepAlive(
            (flags & KEEP_ALIVE) != 0,
            b.getLong(),
            b.getLong(),
            probes,
            (flags & GARBAGE_OCTET) != 0);
    int mssLimit = b.getInt();
    int receiveWindow = b.getInt();
    var profile =
        new ConnectionProfile(
            (flags & NAGLE) != 0,
            limit,
            ttl,
            dscp,
            control,
            ecn,
            (flags & USER_TIMEOUT) != 0,
            (flags & ERROR_REPORTS) != 0,
            keepAlive,
            (flags & WINDOW_SCALING) != 0,
            (flags & SACK) != 0,
            (flags & TIMESTAMPS) != 0,
            fastOpen,
            mssLimit,
            receiveWindow == 0 ? window : receiveWindow,
            leastShift);
    return new Kept(portAndRole >>> 16 != 0, portAndRole & 0xFFFF, high, low, handler, profile);
  }

  // ---- The context's note ----------------------------------------------------------------------

  /** Notes what records and bindings leave to the context. */
  void keepContext(int receiveWindowBytes, int[] mssValues) {
    ByteBuffer b = ByteBuffer.allocate(4 + 4 * mssValues.length);
    b.putInt(receiveWindowBytes);
    for (int value : mssValues) {
      b.putInt(value);
    }
    durability.note(CONTEXT, b.array());
  }

  /** The receive window then; 0: nothing is known. */
  int receiveWindowBytes() {
    byte[] note = durability.note(CONTEXT);
    return note == null || note.length < 4 ? 0 : ByteBuffer.wrap(note).getInt();
  }

  /** The MSS values then, by class. */
  int[] mssValues() {
    byte[] note = durability.note(CONTEXT);
    int[] values = new int[note == null ? 0 : note.length / 4 - 1];
    for (int i = 0; i < values.length; i++) {
      values[i] = ByteBuffer.wrap(note).getInt(4 + 4 * i);
    }
    return values;
  }

  // ---- Names -----------------------------------------------------------------------------------

  /**
   * Refuses names that have no room in a note.
   *
   * @throws IllegalArgumentException for a name that is too long
   */
  static void check(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length > MOST_NAME_BYTES) {
      throw new IllegalArgumentException(
          "the name '" + name + "' is longer than " + MOST_NAME_BYTES + " bytes");
    }
  }

  private static void putName(ByteBuffer b, String name) {
    check(name);
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    b.put((byte) bytes.length).put(bytes);
  }

  private static String name(ByteBuffer b) {
    byte[] bytes = new byte[b.get()];
    b.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
