package wisp.core.ip.ndp;

/** Our addresses on the link and how far each has come. Bounded; order means nothing. */
final class AddressTable {
  /** How far an address has come (RFC 4862 §2). */
  enum State {
    /** Nobody may use it yet: others are asked whether they have it. */
    TENTATIVE,
    /** Ours, for everything. */
    PREFERRED,
    /** Ours, but not for new connections. */
    DEPRECATED,
    /** Another's; kept so that it is not tried again at the next advertisement. */
    DUPLICATE
  }

  static final int NONE = -1;
  static final int CAPACITY = 16;
  static final long BYTES = CAPACITY * (5L * Long.BYTES + 3L * Integer.BYTES + 1);

  final long[] high = new long[CAPACITY];
  final long[] low = new long[CAPACITY];
  final int[] prefixBits = new int[CAPACITY];

  /** Made of an advertised prefix, not given by the user. */
  final boolean[] autonomous = new boolean[CAPACITY];

  final State[] state = new State[CAPACITY];
  final long[] preferredUntil = new long[CAPACITY];
  final long[] validUntil = new long[CAPACITY];

  /** When duplicate detection goes on; {@link Lifetimes#NEVER} when it is over. */
  final long[] detectionDue = new long[CAPACITY];

  /** Solicitations that duplicate detection has sent. */
  final int[] detectionsSent = new int[CAPACITY];

  private int size;

  int size() {
    return size;
  }

  int find(long high, long low) {
    for (int a = 0; a < size; a++) {
      if (this.low[a] == low && this.high[a] == high) {
        return a;
      }
    }
    return NONE;
  }

  /** Ours in the full sense: it may be answered for. */
  boolean isUsable(int a) {
    return state[a] == State.PREFERRED || state[a] == State.DEPRECATED;
  }

  /** A tentative address, or {@link #NONE} when the table is full. */
  int add(
      long high,
      long low,
      int prefixBits,
      boolean autonomous,
      long preferredUntil,
      long validUntil) {
    if (size == CAPACITY) {
      return NONE;
    }
    int a = size++;
    this.high[a] = high;
    this.low[a] = low;
    this.prefixBits[a] = prefixBits;
    this.autonomous[a] = autonomous;
    this.preferredUntil[a] = preferredUntil;
    this.validUntil[a] = validUntil;
    state[a] = State.TENTATIVE;
    detectionDue[a] = Lifetimes.NEVER;
    detectionsSent[a] = 0;
    return a;
  }

  /** When something is due for one of them, at the earliest. */
  long nextDeadlineNanos() {
    long next = Lifetimes.NEVER;
    for (int a = 0; a < size; a++) {
      next = Math.min(next, Math.min(detectionDue[a], validUntil[a]));
      if (state[a] == State.PREFERRED) {
        next = Math.min(next, preferredUntil[a]);
      }
    }
    return next;
  }

  /** The last address takes the place: who removes while walking walks backwards. */
  void remove(int a) {
    int last = --size;
    high[a] = high[last];
    low[a] = low[last];
    prefixBits[a] = prefixBits[last];
    autonomous[a] = autonomous[last];
    state[a] = state[last];
    preferredUntil[a] = preferredUntil[last];
    validUntil[a] = validUntil[last];
    detectionDue[a] = detectionDue[last];
    detectionsSent[a] = detectionsSent[last];
  }
}
