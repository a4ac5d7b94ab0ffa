package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.PointerBytesStore;
import net.openhft.chronicle.core.io.SingleThreadedChecked;
import org.jspecify.annotations.Nullable;

/**
 * Where {@link Slabs} get their slabs from, and the limit to how many. Several may share one source
 * and its account, or have a source each under one {@link Budget}.
 */
public abstract class SlabSource {
  /** For a limit: only the machine sets it. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /**
   * The store, its reference count, its cleaner (220 bytes by JOL) and what malloc puts in front.
   */
  private static final int STORE_OVERHEAD_BYTES = 256;

  private final Budget budget;

  SlabSource(Budget budget) {
    this.budget = budget;
  }

  /**
   * A limit to bytes, everything included. Sources with one budget keep it together, each with an
   * account of its own.
   */
  public static final class Budget {
    private final long most;
    private final List<Slabs> users = new ArrayList<>();
    private long taken;

    /** So many bytes; {@link #UNLIMITED} for no limit. */
    public Budget(long most) {
      this.most = most;
    }

    /** Bytes that could still be taken. */
    long left() {
      return most == UNLIMITED ? UNLIMITED : most - taken;
    }

    /** Notes that so many were taken, or given back when negative. */
    void take(long bytes) {
      taken += bytes;
    }
  }

  /**
   * Takes slabs from the machine and gives them back, as long as they are no more than {@code
   * budgetBytes} together.
   *
   * @param budgetBytes everything included; {@link #UNLIMITED} for none
   */
  public static SlabSource machine(long budgetBytes) {
    return machine(new Budget(budgetBytes));
  }

  /** As {@link #machine(long)}, under a limit that others share. */
  public static SlabSource machine(Budget budget) {
    return new Machine(budget, null);
  }

  /**
   * As {@link #machine(Budget)}, but not by malloc: straight from the kernel and back to it, for
   * what stays long. What comes and goes with the load of a moment is better off with malloc, which
   * keeps it: the kernel clears each page that it gives.
   *
   * @param hugeFromBytes what lies beyond so many bytes is in huge pages, where the kernel has
   *     them: fewer misses of its page tables, but 2 MiB are touched at once
   */
  public static SlabSource kernel(Budget budget, long hugeFromBytes) {
    return new Machine(budget, Chunks.areAvailable() ? new Chunks(hugeFromBytes) : null);
  }

  /**
   * Reserves and touches {@code count} slabs now, and no other ever after.
   *
   * @throws IllegalArgumentException when the machine has no such memory
   */
  public static SlabSource preallocated(long slabBytes, int count) {
    long bytes = aligned(slabBytes);
    BytesStore<?, Void> store = allocate(bytes * count + Slab.ALIGNMENT, true);
    if (store == null) {
      throw new IllegalArgumentException(
          "no memory for a pool of " + bytes * count + " bytes: choose a smaller one");
    }
    var slabs = new Slab[count];
    for (int i = 0; i < count; i++) {
      slabs[i] = Slab.in(store, count - 1 - i, bytes); // the first is taken first
    }
    return new Fixed(store, bytes * count + Slab.ALIGNMENT + STORE_OVERHEAD_BYTES, slabs);
  }

  /**
   * Slabs in memory that is there already, as many as it has room for, and no others.
   *
   * @param memory aligned to cache lines; there as long as it can be reached
   */
  public static SlabSource within(MemorySegment memory, long slabBytes) {
    var store = new PointerBytesStore();
    store.singleThreadedCheckDisabled(true); // built by one thread, run by another
    store.set(memory.address(), memory.byteSize());
    long bytes = aligned(slabBytes);
    var slabs = new Slab[(int) (memory.byteSize() / bytes)];
    for (int i = 0; i < slabs.length; i++) {
      long base = (slabs.length - 1 - i) * bytes;
      slabs[i] = new Slab(store, base, memory.asSlice(base, bytes));
    }
    return new Fixed(store, memory.byteSize(), slabs);
  }

  /** Bytes held from the machine. */
  public abstract long reservedBytes();

  /** A slab with undefined contents, or {@code null}: no memory. */
  @Nullable Slab take(long bytes) {
    Slab slab = tryTake(bytes);
    if (slab == null) {
      // Another user may keep an empty slab just in case.
      budget.users.forEach(Slabs::releaseSpare);
      slab = tryTake(bytes);
    }
    return slab;
  }

  abstract @Nullable Slab tryTake(long bytes);

  abstract void give(Slab slab);

  /**
   * How many slabs of this size could still be taken; {@link #UNLIMITED} when only the machine
   * knows.
   */
  abstract long available(long bytes);

  /** Frees everything, also what is still in use. */
  abstract void close();

  /** A slab that was taken has got its number. Who wants to find it again notes it. */
  void placed(Slabs user, Slab slab, int number) {}

  /** The place of a user among all, in the order in which they were made. */
  int userIndex(Slabs user) {
    return budget.users.indexOf(user);
  }

  void addUser(Slabs user) {
    budget.users.add(user);
  }

  /** Native memory, or {@code null} when the machine refuses. */
  private static @Nullable BytesStore<?, Void> allocate(long bytes, boolean zeroed) {
    try {
      BytesStore<?, Void> store =
          zeroed
              ? BytesStore.nativeStoreWithFixedCapacity(bytes)
              : BytesStore.lazyNativeBytesStoreWithFixedCapacity(bytes);
      // A context may be built by one thread and run by another.
      if (store instanceof SingleThreadedChecked checked) {
        checked.singleThreadedCheckDisabled(true);
      }
      return store;
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  private static final class Machine extends SlabSource {
    private final Budget budget;
    private final @Nullable Chunks chunks;
    private long reserved;
    private boolean closed;

    Machine(Budget budget, @Nullable Chunks chunks) {
      super(budget);
      this.budget = budget;
      this.chunks = chunks;
    }

    @Override
    public long reservedBytes() {
      return reserved + (chunks == null ? 0 : chunks.tableBytes());
    }

    @Override
    @Nullable Slab tryTake(long bytes) {
      if (closed || cost(bytes) > budget.most - budget.taken) {
        return null;
      }
      Slab slab = chunks == null ? single(bytes) : chunks.take(bytes);
      if (slab != null) {
        reserved += cost(bytes);
        budget.taken += cost(bytes);
      }
      return slab;
    }

    private static @Nullable Slab single(long bytes) {
      BytesStore<?, Void> store = allocate(bytes + Slab.ALIGNMENT, false);
      return store == null ? null : Slab.in(store, 0, bytes);
    }

    @Override
    void give(Slab slab) {
      long cost = cost(slab.memory().byteSize());
      reserved -= cost;
      budget.taken -= cost;
      if (chunks == null) {
        slab.store().releaseLast();
      } else {
        chunks.give(slab);
      }
    }

    @Override
    long available(long bytes) {
      return budget.most == UNLIMITED ? UNLIMITED : (budget.most - budget.taken) / cost(bytes);
    }

    @Override
    void close() {
      closed = true;
    }

    private long cost(long bytes) {
      return chunks == null ? bytes + Slab.ALIGNMENT + STORE_OVERHEAD_BYTES : bytes;
    }
  }

  private static long aligned(long bytes) {
    return (bytes + Slab.ALIGNMENT - 1) & -Slab.ALIGNMENT;
  }

  /** Slabs of one size, their number known at the beginning. */
  private static final class Fixed extends SlabSource {
    private final BytesStore<?, Void> store;
    private final long reservedBytes;
    private final long slabBytes;
    private final Slab[] free;
    private int freeCount;
    private boolean closed;

    Fixed(BytesStore<?, Void> store, long reservedBytes, Slab[] slabs) {
      super(new Budget(UNLIMITED));
      this.store = store;
      this.reservedBytes = reservedBytes;
      slabBytes = slabs.length == 0 ? 0 : slabs[0].memory().byteSize();
      free = slabs;
      freeCount = slabs.length;
    }

    @Override
    public long reservedBytes() {
      return closed ? 0 : reservedBytes;
    }

    @Override
    @Nullable Slab tryTake(long bytes) {
      assert freeCount == 0 || bytes <= slabBytes : bytes + " bytes of slabs of " + slabBytes;
      return freeCount == 0 ? null : free[--freeCount];
    }

    @Override
    void give(Slab slab) {
      free[freeCount++] = slab;
    }

    @Override
    long available(long bytes) {
      return freeCount;
    }

    @Override
    void close() {
      if (!closed) {
        closed = true;
        freeCount = 0;
        store.releaseLast();
      }
    }
  }
}
