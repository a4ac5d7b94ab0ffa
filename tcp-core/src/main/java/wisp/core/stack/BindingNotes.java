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
 * <p>A receive window that the profile leaves to the context is noted as what it was, since our
 * window scale followed from it: the next process's may be another, and the one's after it again.
 *
 * <p>Note 0 is the context's: MSS values, 4 each. They only ever grow in number.
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
  private final int contextWindowBytes;

  /**
   * In this memory.
   *
   * @param contextWindowBytes what a profile's receive window of 0 stands for
   */
  BindingNotes(Durability durability, int contextWindowBytes) {
    this.durability = durability;
    this.contextWindowBytes = contextWindowBytes;
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
    int window = p.receiveWindowBytes();
    b.putInt(p.mssLimit()).putInt(window == 0 ? contextWindowBytes : window);
    return durability.note(number, b.written());
  }

  void forget(int number) {
    durability.forget(number);
  }

  /** A binding that was noted; {@code null}: there is none, or it can't be read. */
  @Nullable Kept kept(int number) {
    byte[] note = durability.note(number);
    if (note == null) {
      return null;
    }
    try {
      return read(new NoteBytes(note));
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      return null;
    }
  }

  private static Kept read(NoteBytes b) {
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
            receiveWindow,
            leastShift);
    return new Kept(portAndRole >>> 16 != 0, portAndRole & 0xFFFF, high, low, handler, profile);
  }

  // ---- The context's note ----------------------------------------------------------------------

  /** Notes what the records' MSS classes mean. */
  void keepMss(int[] values) {
    var b = new NoteBytes(new byte[4 * values.length]);
    for (int value : values) {
      b.putInt(value);
    }
    durability.note(CONTEXT, b.written());
  }

  /** The MSS values then, by class; none: nothing is known. */
  int[] mssValues() {
    byte[] note = durability.note(CONTEXT);
    if (note == null || note.length < 4) {
      return new int[0];
    }
    var b = new NoteBytes(note);
    int[] values = new int[note.length / 4];
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
