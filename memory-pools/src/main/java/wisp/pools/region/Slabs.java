package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import net.openhft.chronicle.bytes.BytesStore;
import org.jspecify.annotations.Nullable;

/**
 * Slots of equal size in slabs of native memory. A slot never moves; its number is slab · 2^shift +
 * place in the slab.
 *
 * <pre>
 *   slab:  bitmap of live slots, padded to a cache line  |  slot 0  |  slot 1  |  …
 *   free slot:  first word is the next free slot of this slab, first-in-first-out
 * </pre>
 *
 * <p>New slots come from the lowest slab with room, so that the others run empty when the load
 * falls; an empty slab goes back to its source at once, except one that is kept so that a load at
 * the edge does not fetch and return it all the time. Nothing is allocated on the heap unless a
 * slab is.
 */
public final class Slabs {
  /** No memory. */
  public static final int NONE = -1;

  private final int slotBytes;
  private final int perSlab;
  private final int shift;
  private final int mask;
  private final int headBytes;
  private final long slabBytes;
  private final int mostSlabs;
  private final SlabSource source;

  private final LowestSet withRoom = new LowestSet();
  private final LowestSet vacant = new LowestSet();
  // By slab. A vacant number has no store.
  private @Nullable Slab[] slabs = new Slab[4];
  private BytesStore<?, Void>[] stores = stores(4);
  private long[] bases = new long[4];
  private int[] live = new int[4];
  private int[] fresh = new int[4];
  private int[] freeHead = new int[4];
  private int[] freeTail = new int[4];
  private int slabBound;
  private int slabCount;
  private int spare = NONE;
  private int size;
  private int slotBound;

  /**
   * None yet.
   *
   * @param slotBytes bytes of a slot, a multiple of 4, at least 4
   * @param perSlab slots in a slab; a power of two leaves no gaps between the slot numbers
   * @param slotBits numbers of slots have at most so many bits
   * @param source where the slabs come from
   */
  public Slabs(int slotBytes, int perSlab, int slotBits, SlabSource source) {
    if (slotBytes < 4 || slotBytes % 4 != 0 || perSlab < 1) {
      throw new IllegalArgumentException(perSlab + " slots of " + slotBytes + " bytes");
    }
    this.slotBytes = slotBytes;
    this.perSlab = perSlab;
    this.shift = 32 - Integer.numberOfLeadingZeros(perSlab - 1);
    this.mask = (int) ((1L << shift) - 1);
    this.headBytes = headBytes(perSlab);
    this.slabBytes = slabBytes(slotBytes, perSlab);
    this.mostSlabs = 1 << Math.max(0, Math.min(slotBits, 30 + shift) - shift);
    this.source = source;
    source.addUser(this);
  }

  /**
   * One slab of so many slots, reserved now; for 0 nothing is, and no slot can be had.
   *
   * @throws IllegalArgumentException when the machine has no such memory
   */
  static Slabs fixed(int slotBytes, int slots, int slotBits) {
    var source =
        slots == 0
            ? SlabSource.machine(0)
            : SlabSource.preallocated(slabBytes(slotBytes, slots), 1);
    return new Slabs(slotBytes, Math.max(1, slots), slotBits, source);
  }

  /** Bytes of a slab with so many slots. */
  public static long slabBytes(int slotBytes, int perSlab) {
    long bytes = headBytes(perSlab) + (long) perSlab * slotBytes;
    return (bytes + Slab.ALIGNMENT - 1) & -Slab.ALIGNMENT;
  }

  /** How many slots fit into a slab of at most so many bytes, but at least one. */
  public static int fitting(int slotBytes, long slabBytes) {
    long most = Math.min(slabBytes / slotBytes, 1 << 30);
    while (most > 1 && slabBytes(slotBytes, (int) most) > slabBytes) {
      most--;
    }
    return (int) Math.max(1, most);
  }

  private static int headBytes(int perSlab) {
    return (int) (((perSlab + 511L) >>> 9) * 64);
  }

  /** A slot with undefined contents, owned by the caller; or {@link #NONE}. */
  public int acquire() {
    int slab = withRoom.lowest();
    if (slab == LowestSet.NONE) {
      slab = open();
      if (slab == NONE) {
        return NONE;
      }
    }
    int place = freeHead[slab];
    if (place == NONE) {
      place = fresh[slab]++;
    } else {
      freeHead[slab] = stores[slab].readInt(bases[slab] + (long) place * slotBytes);
    }
    if (slab == spare) {
      spare = NONE;
    }
    if (++live[slab] == perSlab) {
      withRoom.remove(slab);
    }
    size++;
    flip(slab, place);
    int slot = slab << shift | place;
    slotBound = Math.max(slotBound, slot + 1);
    return slot;
  }

  /**
   * Gives a slot back.
   *
   * @throws IllegalStateException when it is not acquired
   */
  public void release(int slot) {
    if (!isLive(slot)) {
      throw new IllegalStateException("slot " + slot + " is released but not acquired");
    }
    int slab = slot >>> shift;
    int place = slot & mask;
    flip(slab, place);
    append(slab, place);
    size--;
    if (live[slab]-- == perSlab) {
      withRoom.add(slab);
    }
    if (live[slab] == 0) {
      keepOneSpare(slab);
    }
  }

  private void keepOneSpare(int slab) {
    if (spare == NONE) {
      spare = slab;
    } else {
      int higher = Math.max(spare, slab);
      spare = Math.min(spare, slab);
      drop(higher);
    }
  }

  void releaseSpare() {
    if (spare != NONE) {
      drop(spare);
      spare = NONE;
    }
  }

  /** Whether this slot is acquired at present. Any number may be asked. */
  public boolean isLive(int slot) {
    int slab = slot >>> shift;
    int place = slot & mask;
    if (slot < 0 || slab >= slabBound || place >= perSlab || slabs[slab] == null) {
      return false;
    }
    return (stores[slab].readInt(bitmapWord(slab, place)) >>> place & 1) != 0;
  }

  private void flip(int slab, int place) {
    long at = bitmapWord(slab, place);
    stores[slab].writeInt(at, stores[slab].readInt(at) ^ 1 << place);
  }

  private long bitmapWord(int slab, int place) {
    return bases[slab] - headBytes + (place >>> 5) * 4L;
  }

  /** The word at byte {@code offset} of an acquired slot. */
  public int readInt(int slot, int offset) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    int slab = slot >>> shift;
    return stores[slab].readInt(bases[slab] + (long) (slot & mask) * slotBytes + offset);
  }

  /** Sets the word at byte {@code offset} of an acquired slot. */
  public void writeInt(int slot, int offset, int value) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    int slab = slot >>> shift;
    stores[slab].writeInt(bases[slab] + (long) (slot & mask) * slotBytes + offset, value);
  }

  /** The store in which an acquired slot lies, for reading many words of it. */
  BytesStore<?, Void> store(int slot) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    return stores[slot >>> shift];
  }

  /** Where in {@link #store} the slot begins. */
  long base(int slot) {
    return bases[slot >>> shift] + (long) (slot & mask) * slotBytes;
  }

  /** As {@link #writeInt}, and no store before it can come after it. */
  public void writeOrderedInt(int slot, int offset, int value) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    int slab = slot >>> shift;
    stores[slab].writeOrderedInt(bases[slab] + (long) (slot & mask) * slotBytes + offset, value);
  }

  /** Makes all bytes of an acquired slot 0. */
  public void clear(int slot) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    BytesStore<?, Void> store = stores[slot >>> shift];
    long from = bases[slot >>> shift] + (long) (slot & mask) * slotBytes;
    for (long at = from; at < from + slotBytes; at += 4) {
      store.writeInt(at, 0);
    }
  }

  /**
   * The slab in which an acquired slot lies: borrowed until the slot's release, the same object
   * each time.
   */
  public MemorySegment memory(int slot) {
    assert isLive(slot) : "slot " + slot + " is not acquired";
    return Objects.requireNonNull(slabs[slot >>> shift]).memory();
  }

  /** Where in {@link #memory} the slot begins. */
  public long start(int slot) {
    return headBytes + (long) (slot & mask) * slotBytes;
  }

  /** Bytes of a slot. */
  public int slotBytes() {
    return slotBytes;
  }

  /** Bytes of a slab. */
  long bytesOfSlab() {
    return slabBytes;
  }

  /** Acquired slots. */
  public int size() {
    return size;
  }

  /** One more than the highest slot ever acquired. */
  public int slotBound() {
    return slotBound;
  }

  /**
   * Slots that could still be acquired; {@link SlabSource#UNLIMITED} when only the machine sets the
   * limit.
   */
  public long available() {
    long more = source.available(slabBytes);
    return more == SlabSource.UNLIMITED ? more : (slabCount + more) * perSlab - size;
  }

  /** The source, shared with whoever else uses it. */
  public SlabSource source() {
    return source;
  }

  /**
   * Bytes of the tables that this object keeps on the heap; the slabs are counted by their source.
   */
  public long tableBytes() {
    // Seven arrays with a header of 16, and a Slab with its segment for each slab there is.
    return 7 * 16
        + live.length * (2 * 4 + 8 + 4 * 4L)
        + slabCount * (24L + 48)
        + withRoom.bytes()
        + vacant.bytes();
  }

  /** Gives all slabs back, acquired slots or not. */
  public void close() {
    for (int slab = 0; slab < slabBound; slab++) {
      if (slabs[slab] != null) {
        drop(slab);
      }
    }
    spare = NONE;
    size = 0;
  }

  /** Takes a slab from the source. */
  private int open() {
    try {
      int slab = vacant.lowest();
      if (slab == LowestSet.NONE) {
        if (slabBound == mostSlabs) {
          return NONE;
        }
        if (slabBound == live.length) {
          grow();
        }
        slab = slabBound;
        withRoom.reserve(slab);
        vacant.reserve(slab);
      }
      Slab taken = source.take(slabBytes);
      if (taken == null) {
        return NONE;
      }
      use(slab, taken);
      return slab;
    } catch (OutOfMemoryError e) {
      return NONE; // the tables could not grow
    }
  }

  private void use(int slab, Slab taken) {
    if (slab == slabBound) {
      slabBound++;
    } else {
      vacant.remove(slab);
    }
    slabs[slab] = taken;
    stores[slab] = taken.store();
    bases[slab] = taken.base() + headBytes;
    live[slab] = 0;
    fresh[slab] = 0;
    freeHead[slab] = NONE;
    taken.memory().asSlice(0, headBytes).fill((byte) 0);
    withRoom.add(slab);
    slabCount++;
    source.placed(this, taken, slab);
  }

  // ---- Slabs of a former process -------------------------------------------------------------

  /**
   * Takes over a slab under the number that it had. Until {@link #settle} no slot of it can be
   * acquired.
   *
   * @param keepsSlots whether the slots that were live still are; else none is, until claimed
   */
  void adopt(int number, Slab slab, boolean keepsSlots) {
    while (number >= live.length) {
      grow();
    }
    for (; slabBound <= number; slabBound++) {
      withRoom.reserve(slabBound);
      vacant.reserve(slabBound);
      vacant.add(slabBound);
    }
    vacant.remove(number);
    slabs[number] = slab;
    stores[number] = slab.store();
    bases[number] = slab.base() + headBytes;
    slabCount++;
    if (!keepsSlots) {
      slab.memory().asSlice(0, headBytes).fill((byte) 0);
    }
    count(number);
  }

  /** Counts the live slots of an adopted slab. */
  private void count(int slab) {
    int before = live[slab];
    live[slab] = 0;
    fresh[slab] = 0;
    for (int place = 0; place < perSlab; place += Integer.SIZE) {
      int word = stores[slab].readInt(bitmapWord(slab, place));
      live[slab] += Integer.bitCount(word);
      if (word != 0) {
        fresh[slab] = place + Integer.SIZE - Integer.numberOfLeadingZeros(word);
      }
    }
    size += live[slab] - before;
    if (fresh[slab] > 0) {
      slotBound = Math.max(slotBound, (slab << shift | fresh[slab] - 1) + 1);
    }
  }

  /** Makes a slot live that was so in a former process; false: there is none, or it is already. */
  boolean claim(int slot) {
    int slab = slot >>> shift;
    int place = slot & mask;
    boolean can =
        slot >= 0 && slab < slabBound && place < perSlab && slabs[slab] != null && !isLive(slot);
    if (can) {
      flip(slab, place);
      live[slab]++;
      size++;
      fresh[slab] = Math.max(fresh[slab], place + 1);
      slotBound = Math.max(slotBound, slot + 1);
    }
    return can;
  }

  /** All claims are made: the other slots of adopted slabs are free, and empty slabs go. */
  void settle() {
    for (int slab = 0; slab < slabBound; slab++) {
      if (slabs[slab] == null) {
        continue;
      }
      if (live[slab] == 0) {
        drop(slab);
        continue;
      }
      freeHead[slab] = NONE;
      for (int place = 0; place < fresh[slab]; place++) {
        if (!isLive(slab << shift | place)) {
          append(slab, place);
        }
      }
      if (live[slab] < perSlab) {
        withRoom.add(slab);
      }
    }
  }

  /** Puts a place at the end of a slab's free ones. */
  private void append(int slab, int place) {
    stores[slab].writeInt(bases[slab] + (long) place * slotBytes, NONE);
    if (freeHead[slab] == NONE) {
      freeHead[slab] = place;
    } else {
      stores[slab].writeInt(bases[slab] + (long) freeTail[slab] * slotBytes, place);
    }
    freeTail[slab] = place;
  }

  @SuppressWarnings("NullAway") // a vacant number's store may be collected
  private void drop(int slab) {
    Slab given = Objects.requireNonNull(slabs[slab]);
    slabs[slab] = null;
    stores[slab] = null;
    withRoom.remove(slab);
    vacant.add(slab);
    slabCount--;
    source.give(given);
  }

  private void grow() {
    int length = live.length * 2;
    slabs = Arrays.copyOf(slabs, length);
    stores = Arrays.copyOf(stores, length);
    bases = Arrays.copyOf(bases, length);
    fresh = Arrays.copyOf(fresh, length);
    freeHead = Arrays.copyOf(freeHead, length);
    freeTail = Arrays.copyOf(freeTail, length);
    live = Arrays.copyOf(live, length);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of generic types
  private static BytesStore<?, Void>[] stores(int length) {
    return (BytesStore<?, Void>[]) new BytesStore[length];
  }
}
