package wisp.pools.mapped;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import net.openhft.chronicle.bytes.BytesStore;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Durability;
import wisp.core.spi.Entropy;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.BlockSlabs;
import wisp.pools.region.ExtentSource;
import wisp.pools.region.FrameSlabs;
import wisp.pools.region.IndexSlabs;
import wisp.pools.region.IndexedRegion;
import wisp.pools.region.RegionStrategy;
import wisp.pools.region.SlabSource;

/** {@code mapped}: slabs in a file. Only the index is not in there: it is built anew. */
public final class MappedStrategy implements MemoryStrategy, Durability {
  private static final String NAME = "mapped";
  private static final int IPV4 = 1;
  private static final int IPV6 = 2;
  private static final int BLOCKS = 3;
  private static final int NOTES = 4;
  private static final int FRAMES = 16;
  private static final int NOTE_SLOT = NOTE_BYTES + 4;

  /** Longer than this the timestamp clock can't have stood still unnoticed (RFC 7323 §5.5). */
  private static final long MOST_AWAY_MILLIS = TimeUnit.DAYS.toMillis(24);

  private final SlabFile file;
  private final UndoWord undo;
  private final SlabSource.Budget recordLimit;
  private final BlockSlabs blocks;
  private final FrameSlabs frames;
  private final RegionStrategy memory;
  private int[] noteExtents = new int[0];
  private long noteBytes;
  private LongSupplier wallClock = System::currentTimeMillis;
  private boolean settled;
  private boolean handedOver;
  private boolean closed;

  private interface Found {
    void at(int extent, int number);
  }

  MappedStrategy(
      StrategyConfig config, SlabFile file, long records, long blockBytes, long frameBytes) {
    this.file = file;
    undo = new UndoWord(file.header(), SlabFile.UNDO);
    recordLimit = new SlabSource.Budget(records == 0 ? SlabSource.UNLIMITED : records);
    file.notWanted();
    forEach(NOTES, (extent, number) -> noteExtent(number, extent));
    var ipv4 = region(config, RecordClass.IPV4, IPV4, 0);
    var blockSource = new ExtentSource(file, new SlabSource.Budget(blockBytes), BLOCKS, false);
    blocks = BlockSlabs.growing(file.extentBytes(), blockSource);
    forEach(BLOCKS, (extent, number) -> blockSource.adopt(blocks, extent, number));
    var frameSource = new ExtentSource(file, new SlabSource.Budget(frameBytes), FRAMES, true);
    frames = FrameSlabs.growing(file.extentBytes(), frameSource);
    for (int i = 0; i < 16; i++) {
      int sizeClass = i;
      forEach(FRAMES + i, (extent, number) -> frameSource.adopt(frames, sizeClass, extent, number));
    }
    memory =
        new RegionStrategy(
            NAME,
            ipv4,
            () -> region(config, RecordClass.IPV6, IPV6, UndoWord.IPV6),
            blocks,
            frames);
    if (!file.isFormer()) {
      claimed();
    }
  }

  /** The records of a class that a former process left, and an index of them. */
  private IndexedRegion region(
      StrategyConfig config, RecordClass recordClass, int kind, int classBit) {
    if (closed) {
      throw new IllegalStateException(NAME + " is closed");
    }
    long slabBytes = file.extentBytes();
    var source = new ExtentSource(file, recordLimit, kind, false);
    var records =
        new MappedRecords(recordClass, config.recordWords(), slabBytes, source, undo, classBit);
    forEach(kind, (extent, number) -> source.adopt(records, extent, number));
    ExtentSource.settle(records);
    records.rollBack();
    var index = IndexSlabs.growing(slabBytes, SlabSource.machine(SlabSource.UNLIMITED));
    return new IndexedRegion(config, recordClass, records, index);
  }

  /** What the blocks of this program look like: a file with others is refused. */
  static int blockSizes() {
    return (BlockPool.LARGEST * 31 + BlockPool.ACTIVITY) * 31 + BlockPool.HALF_OPEN;
  }

  private void forEach(int kind, Found found) {
    for (int extent = 0; extent < file.bound(); extent++) {
      if (file.kind(extent) == kind) {
        found.at(extent, file.number(extent));
      }
    }
  }

  /** The file. */
  public Path file() {
    return file.path();
  }

  /**
   * For tests of sudden ends: called before each store to a record, the undo word, or a note.
   *
   * @param called may copy the file: it is then as a process killed at this moment would leave it
   */
  public void beforeStores(Runnable called) {
    undo.beforeStore(called);
  }

  /** For tests: the wall clock in milliseconds; to be set before a context is made. */
  public void wallClock(LongSupplier millis) {
    wallClock = millis;
  }

  // ---- Memory ----------------------------------------------------------------------------------

  @Override
  public RecordStore records(RecordClass recordClass) {
    return memory.records(recordClass);
  }

  @Override
  public BlockPool blocks() {
    return blocks;
  }

  @Override
  public FrameAllocator frames() {
    return frames;
  }

  @Override
  public Durability durability() {
    return this;
  }

  @Override
  public void footprint(Footprint into) {
    if (closed) {
      return;
    }
    memory.footprint(into);
    long own = file.headerBytes() + noteBytes + 4L * noteExtents.length;
    into.add(Footprint.Kind.RECORDS, own, 0);
  }

  // ---- What outlives the process ---------------------------------------------------------------

  @Override
  public boolean isFormer() {
    return file.isFormer();
  }

  @Override
  public KeyedHash secret(Secret secret, Entropy entropy) {
    int number = secret.ordinal();
    if (!file.hasSecret(number)) {
      file.secret(number, entropy.nextLong(), entropy.nextLong());
    }
    return new KeyedHash(file.secret(number, 0), file.secret(number, 1));
  }

  @Override
  public long clockNanos() {
    long mark = file.header().readLong(SlabFile.CLOCK);
    long away = wallClock.getAsLong() - file.header().readLong(SlabFile.WALL);
    return file.isFormer() ? mark + Math.clamp(away, 0L, MOST_AWAY_MILLIS) * 1_000_000 : 0;
  }

  @Override
  public void clockIsBelow(long nanos) {
    file.header().writeOrderedLong(SlabFile.WALL, wallClock.getAsLong());
    file.header().writeOrderedLong(SlabFile.CLOCK, nanos);
  }

  @Override
  public boolean claimBlock(int block) {
    return blocks.claim(block);
  }

  @Override
  public boolean claimFrame(int frame) {
    return frames.claim(frame);
  }

  @Override
  public void claimed() {
    settled = true;
    ExtentSource.settle(blocks, frames);
  }

  @Override
  public boolean isWanted() {
    return file.isWanted();
  }

  @Override
  public void handOver() {
    handedOver = true;
  }

  // ---- Notes -----------------------------------------------------------------------------------

  private int notesAnExtent() {
    return (int) (file.extentBytes() / NOTE_SLOT);
  }

  private void noteExtent(int page, int extent) {
    int before = noteExtents.length;
    if (page >= before) {
      noteExtents = Arrays.copyOf(noteExtents, page + 1);
      Arrays.fill(noteExtents, before, page + 1, SlabFile.NONE);
    }
    noteExtents[page] = extent;
    noteBytes += file.extentBytes();
  }

  private boolean hasPage(int number) {
    int page = number / notesAnExtent();
    return page < noteExtents.length && noteExtents[page] != SlabFile.NONE;
  }

  private BytesStore<?, Void> noteStore(int number) {
    return file.store(noteExtents[number / notesAnExtent()]);
  }

  private long noteStart(int number) {
    int page = number / notesAnExtent();
    return file.start(noteExtents[page]) + (long) (number % notesAnExtent()) * NOTE_SLOT;
  }

  @Override
  public byte @Nullable [] note(int number) {
    if (!hasPage(number)) {
      return null;
    }
    BytesStore<?, Void> store = noteStore(number);
    long at = noteStart(number);
    int length = store.readInt(at);
    if (length <= 0 || length > NOTE_BYTES) {
      return null;
    }
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = store.readByte(at + 4 + i);
    }
    return bytes;
  }

  @Override
  public boolean note(int number, byte[] bytes) {
    if (bytes.length < 1 || bytes.length > NOTE_BYTES || number < 0 || number > LAST_NOTE) {
      throw new IllegalArgumentException("note " + number + " of " + bytes.length + " bytes");
    }
    if (!hasPage(number)) {
      int extent = file.take(file.extentBytes());
      if (extent == SlabFile.NONE) {
        return false;
      }
      file.label(extent, NOTES, number / notesAnExtent());
      noteExtent(number / notesAnExtent(), extent);
    }
    BytesStore<?, Void> store = noteStore(number);
    long at = noteStart(number);
    if (!isBeginning(note(number), bytes)) {
      undo.beforeStore();
      store.writeOrderedInt(at, 0);
    }
    for (int i = 0; i < bytes.length; i++) {
      store.writeByte(at + 4 + i, bytes[i]);
    }
    undo.beforeStore();
    store.writeOrderedInt(at, bytes.length);
    return true;
  }

  private static boolean isBeginning(byte @Nullable [] of, byte[] bytes) {
    return of != null
        && of.length <= bytes.length
        && Arrays.equals(of, 0, of.length, bytes, 0, of.length);
  }

  @Override
  public void forget(int number) {
    if (hasPage(number)) {
      undo.beforeStore();
      noteStore(number).writeOrderedInt(noteStart(number), 0);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (handedOver || !settled) {
      // What a former process left, and no context has taken over, stays as it is, too.
      file.close();
      return;
    }
    try {
      memory.close();
    } finally {
      file.close();
    }
  }
}
