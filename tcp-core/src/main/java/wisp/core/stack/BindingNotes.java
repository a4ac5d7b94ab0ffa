package wisp.core.stack;

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
 *   name:  letters 1 | 2 each
 * </pre>
 *
 * <p>Note 0 is the context's: receive window 4 | MSS values, 4 each.
 */
final class BindingNotes {
  /** Names have no more letters than this. */
  static final int MOST_NAME_LETTERS = 32;

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
    var b = new NoteBytes(new byte[Durability.NOTE_BYTES]);
    b.putInt(portAndRole).putLong(high).putLong(low);
    b.putName(handler.name());
    b.putName(p.congestionControl());
    int flags =
        (p.nagle() ? NAGLE : 0)
            | (p.userTimeoutOption() ? USER_TIMEOUT : 0)
            | (p.errorReports() ? ERROR_REPORTS : 0)
            | (p.windowScaling() ? WINDOW_SCALING : 0)
            | (p.sackPermitted() ? SACK : 0)
            | (p.timestamps() ? TIMESTAMPS : 0)
            | (p.keepAlive().on() ? KEEP_ALIVE : 0)
            | (p.keepAlive().garbageOctet() ? GARBAGE_OCTET : 0);
    b.putByte(flags).putByte(p.ttl()).putByte(p.dscp());
    b.putByte(p.ecn().ordinal()).putByte(p.fastOpen().ordinal());
    b.putByte(p.leastWindowShift()).putByte(p.keepAlive().probes());
    b.putLong(p.retransmissionLimitNanos());
    b.putLong(p.keepAlive().idleNanos()).putLong(p.keepAlive().intervalNanos());
    b.putInt(p.mssLimit()).putInt(p.receiveWindowBytes());
    return durability.note(number, b.written());
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
      return read(new NoteBytes(note), window);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      return null;
    }
  }

  private static Kept read(NoteBytes b, int window) {
    int portAndRole = b.nextInt();
    long high = b.nextLong();
    long low = b.nextLong();
    String handler = b.nextName();
    String control = b.nextName();
    int flags = b.nextByte();
    int ttl = b.nextByte();
    int dscp = b.nextByte();
    EcnMode ecn = EcnMode.values()[b.nextByte()];
    FastOpenMode fastOpen = FastOpenMode.values()[b.nextByte()];
    int leastShift = b.nextByte();
    int probes = b.nextByte();
    long limit = b.nextLong();
    var keepAlive =
        new KeepAlive(
            (flags & KEEP_ALIVE) != 0,
            b.nextLong(),
            b.nextLong(),
            probes,
            (flags & GARBAGE_OCTET) != 0);
    int mssLimit = b.nextInt();
    int receiveWindow = b.nextInt();
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
    var b = new NoteBytes(new byte[4 + 4 * mssValues.length]);
    b.putInt(receiveWindowBytes);
    for (int value : mssValues) {
      b.putInt(value);
    }
    durability.note(CONTEXT, b.written());
  }

  /** The receive window then; 0: nothing is known. */
  int receiveWindowBytes() {
    byte[] note = durability.note(CONTEXT);
    return note == null || note.length < 4 ? 0 : new NoteBytes(note).nextInt();
  }

  /** The MSS values then, by class. */
  int[] mssValues() {
    byte[] note = durability.note(CONTEXT);
    if (note == null || note.length < 4) {
      return new int[0];
    }
    var b = new NoteBytes(note);
    b.nextInt(); // the window
    int[] values = new int[note.length / 4 - 1];
    for (int i = 0; i < values.length; i++) {
      values[i] = b.nextInt();
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
    if (name.length() > MOST_NAME_LETTERS) {
      throw new IllegalArgumentException(
          "the name '" + name + "' is longer than " + MOST_NAME_LETTERS + " letters");
    }
  }
}
