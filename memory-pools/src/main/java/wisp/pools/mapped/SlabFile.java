package wisp.pools.mapped;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.MappedBytesStore;
import net.openhft.chronicle.bytes.MappedFile;
import net.openhft.chronicle.core.io.ReferenceOwner;
import org.jspecify.annotations.Nullable;
import wisp.pools.region.Extents;

/**
 * The file: a header, a directory, and extents of equal size, all in the machine's byte order.
 *
 * <pre>
 *      0  magic 8 │ version 4 │ state 4: 1 ready │ words of a record 4 │ sizes of blocks 4
 *     24  bytes of an extent 8 │ the machine's boot 16
 *     48  clock mark 8 │ wall clock when it was set, ms 8 │ somebody waits for the file 4
 *     72  secrets that are there, a bit each 4 │ 80 secrets, 16 each
 *    512  undo word, 32
 *   4096  directory: kind 8 bits, number 24 bits of each extent; 0: free
 *         extents, from the next multiple of a chunk on
 * </pre>
 *
 * <p>It is mapped chunk by chunk. Before an extent is used its bytes are written the ordinary way:
 * a full disk then is an error that we are told of, and not a signal that kills the process.
 */
final class SlabFile implements Extents, AutoCloseable {
  static final int VERSION = 2;
  static final int CLOCK = 48;
  static final int WALL = 56;
  static final int UNDO = 512;
  private static final long MAGIC = 0x5769_7370_4D61_7001L;
  private static final int STATE = 12;
  private static final int READY = 1;
  private static final int BOOT = 32;
  private static final int WANTED = 64;
  private static final int SECRETS_THERE = 72;
  private static final int SECRETS = 80;
  private static final int DIRECTORY = 4096;
  private static final int MOST_EXTENTS = 1 << 16;
  private static final int KIND_PLACE = 24;
  private static final int NUMBER_MASK = (1 << KIND_PLACE) - 1;
  private static final int EXTENTS_A_CHUNK = 16;
  private static final long WAIT_MILLIS = 2;

  /** How long an owner may take to end that had begun to when we gave up. */
  private static final long LAST_MILLIS = 500;

  /** One for all: a new one each time would stay until the collector comes, which may be never. */
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(1 << 16).asReadOnlyBuffer();

  private static final String OWNER_ONLY = "rw-------";
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** What both sides must agree on. */
  record Layout(int recordWords, int blockSizes, long extentBytes) {}

  private final Path path;
  private final Layout layout;
  private final FileChannel channel;
  private final FileLock lock;
  private final MappedFile mapped;
  private final long chunkBytes;
  private final long extentsStart;
  private final List<@Nullable MappedBytesStore> chunks = new ArrayList<>();
  private final ReferenceOwner owner = ReferenceOwner.temporary("wisp mapped memory");
  private final MappedBytesStore header;
  private final boolean former;
  private int bound;
  private int firstFree;
  private boolean closed;

  private SlabFile(Path path, Layout layout, FileChannel channel, FileLock lock, boolean former)
      throws IOException {
    this.path = path;
    this.layout = layout;
    this.channel = channel;
    this.lock = lock;
    this.former = former;
    chunkBytes = layout.extentBytes * EXTENTS_A_CHUNK;
    extentsStart = extentsStart(layout);
    mapped = MappedFile.of(path.toFile(), chunkBytes, 0, false);
    header = chunk(0);
    for (int extent = 0; extent < MOST_EXTENTS; extent++) {
      if (label(extent) != 0) {
        bound = extent + 1;
      }
    }
  }

  private static long extentsStart(Layout layout) {
    long chunk = layout.extentBytes * EXTENTS_A_CHUNK;
    return (DIRECTORY + 4L * MOST_EXTENTS + chunk - 1) / chunk * chunk;
  }

  /** A new one that nobody else sees, and that is gone when it is closed. */
  static SlabFile temporary(Layout layout) {
    try {
      Path path = Files.createTempFile("wisp", ".mapped");
      SlabFile file = open(path, layout, 0);
      Files.delete(path); // whoever has it open keeps it
      return file;
    } catch (IOException e) {
      throw new IllegalArgumentException("no temporary file for mapped memory: " + e, e);
    }
  }

  // ---- Opening ---------------------------------------------------------------------------------

  /**
   * Opens or makes it.
   *
   * @param patienceMillis how long to wait for a process that has it and is asked to hand it over;
   *     0: it is not asked
   * @throws IllegalArgumentException in one line for the user
   */
  static SlabFile open(Path path, Layout layout, long patienceMillis) {
    FileChannel channel = null;
    try {
      channel = openOrMake(path);
      FileLock lock = lock(path, channel, layout, patienceMillis);
      boolean former = channel.size() > 0 && isUsable(path, channel, layout);
      if (!former) {
        restrict(path);
        initialize(channel, layout);
      }
      return new SlabFile(path, layout, channel, lock, former);
    } catch (IOException e) {
      closeQuietly(channel);
      throw new IllegalArgumentException("can't use " + path + " as memory: " + e, e);
    } catch (RuntimeException e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private static FileChannel openOrMake(Path path) throws IOException {
    try {
      return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      try {
        Files.createFile(path, ownerOnly(path));
      } catch (FileAlreadyExistsException other) {
        // Somebody was quicker; the lock decides.
      }
      return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
  }

  /** Nobody else may read what will be in it, whoever made it and with which mode. */
  private static void restrict(Path path) throws IOException {
    if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(OWNER_ONLY));
    }
  }

  /** The keys in it are as good as the connections. */
  private static FileAttribute<?>[] ownerOnly(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY))
        }
        : new FileAttribute<?>[0];
  }

  private static FileLock lock(Path path, FileChannel channel, Layout layout, long patienceMillis)
      throws IOException {
    long end = System.nanoTime() + patienceMillis * 1_000_000;
    boolean asked = false;
    boolean withdrawn = false;
    while (true) {
      FileLock lock = tryLock(channel);
      if (lock != null) {
        return lock;
      }
      if (patienceMillis > 0 && !asked) {
        asked = true;
        // All that can be wrong, before its owner ends.
        ByteBuffer head = head(channel);
        checkMagic(path, head);
        checkLayout(path, head, layout);
        wanted(channel, 1);
      }
      boolean isOver = System.nanoTime() - end >= 0;
      if (isOver && asked && !withdrawn) {
        // Else it would end later, and nobody would be there to go on; it may be about to.
        withdrawn = true;
        wanted(channel, 0);
        end = System.nanoTime() + LAST_MILLIS * 1_000_000;
      } else if (isOver) {
        throw new IllegalArgumentException(
            path
                + " is in use by another process"
                + (asked ? ", which does not hand it over" : ""));
      }
      try {
        Thread.sleep(WAIT_MILLIS);
      } catch (InterruptedException e) {
        if (asked) {
          wanted(channel, 0);
        }
        Thread.currentThread().interrupt();
        throw new IllegalArgumentException("interrupted while waiting for " + path, e);
      }
    }
  }

  private static void wanted(FileChannel channel, int value) throws IOException {
    channel.write(ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, value), WANTED);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static ByteBuffer head(FileChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(DIRECTORY).order(ByteOrder.nativeOrder());
    while (head.hasRemaining() && channel.read(head, head.position()) > 0) {
      // to its end
    }
    return head;
  }

  private static void checkMagic(Path path, ByteBuffer head) {
    if (head.position() < DIRECTORY || head.getLong(0) != MAGIC) {
      throw new IllegalArgumentException(
          path + " is not a file of mapped memory: choose another one, or remove it");
    }
    if (head.getInt(8) != VERSION) {
      throw new IllegalArgumentException(
          path
              + " is of version "
              + head.getInt(8)
              + ", and this program knows version "
              + VERSION
              + ": its connections are lost when you remove it");
    }
  }

  /** Whether a former process left something in it that can be gone on with. */
  private static boolean isUsable(Path path, FileChannel channel, Layout layout)
      throws IOException {
    ByteBuffer head = head(channel);
    checkMagic(path, head);
    if (head.getInt(STATE) != READY) {
      return false; // its maker was killed while it made it
    }
    checkLayout(path, head, layout);
    UUID boot = boot();
    if (head.getLong(BOOT) != boot.getMostSignificantBits()
        || head.getLong(BOOT + 8) != boot.getLeastSignificantBits()) {
      return false; // the machine has been started anew: what reached the disk in which order?
    }
    checkLength(path, channel, layout);
    return true;
  }

  private static void checkLayout(Path path, ByteBuffer head, Layout layout) {
    var found = new Layout(head.getInt(16), head.getInt(20), head.getLong(24));
    if (!found.equals(layout)) {
      throw new IllegalArgumentException(
          path + " has another layout (" + text(found) + ") than asked for (" + text(layout) + ")");
    }
  }

  private static String text(Layout layout) {
    return layout.recordWords
        + " words a record, slabs of "
        + layout.extentBytes
        + " bytes, blocks "
        + layout.blockSizes;
  }

  private static void checkLength(Path path, FileChannel channel, Layout layout)
      throws IOException {
    long least = DIRECTORY + 4L * MOST_EXTENTS;
    if (channel.size() >= least) {
      ByteBuffer all = ByteBuffer.allocate(4 * MOST_EXTENTS).order(ByteOrder.nativeOrder());
      while (all.hasRemaining() && channel.read(all, DIRECTORY + all.position()) > 0) {
        // to its end
      }
      for (int extent = 0; extent < MOST_EXTENTS; extent++) {
        if (all.getInt(4 * extent) != 0) {
          least = extentsStart(layout) + (extent + 1L) * layout.extentBytes;
        }
      }
    }
    if (channel.size() < least) {
      throw new IllegalArgumentException(
          path + " is cut short: " + channel.size() + " bytes, not " + least + " as it says");
    }
  }

  private static void initialize(FileChannel channel, Layout layout) throws IOException {
    channel.truncate(0);
    ByteBuffer head = ByteBuffer.allocate(DIRECTORY).order(ByteOrder.nativeOrder());
    UUID boot = boot();
    head.putLong(0, MAGIC).putInt(8, VERSION);
    head.putInt(16, layout.recordWords).putInt(20, layout.blockSizes);
    head.putLong(24, layout.extentBytes);
    head.putLong(BOOT, boot.getMostSignificantBits());
    head.putLong(BOOT + 8, boot.getLeastSignificantBits());
    channel.write(head, 0);
    zero(channel, DIRECTORY, 4L * MOST_EXTENTS);
    channel.write(ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, READY), STATE);
  }

  /** Which start of the machine this is; none where that can't be told. */
  private static UUID boot() {
    try {
      return UUID.fromString(Files.readString(BOOT_ID).strip());
    } catch (IOException | IllegalArgumentException e) {
      return new UUID(0, 0);
    }
  }

  private static void zero(FileChannel channel, long from, long bytes) throws IOException {
    ByteBuffer zeros = ZEROS.duplicate();
    for (long done = 0; done < bytes; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - done));
      done += channel.write(zeros, from + done);
    }
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // What was wrong has been said.
    }
  }

  // ---- Header ----------------------------------------------------------------------------------

  /** Where it is. */
  Path path() {
    return path;
  }

  /** Whether a former process left something in it. */
  boolean isFormer() {
    return former;
  }

  /** The header's bytes. */
  BytesStore<?, Void> header() {
    return header;
  }

  /** Whether another process has asked for the file. */
  boolean isWanted() {
    return header.readVolatileInt(WANTED) != 0;
  }

  /** Nobody has asked, as far as we are concerned. */
  void notWanted() {
    header.writeOrderedInt(WANTED, 0);
  }

  /** Whether there is a secret of this number. */
  boolean hasSecret(int number) {
    return (header.readInt(SECRETS_THERE) >>> number & 1) != 0;
  }

  /** Half 0 or 1 of a secret. */
  long secret(int number, int half) {
    return header.readLong(SECRETS + 16L * number + 8L * half);
  }

  /** Keeps a secret. */
  void secret(int number, long first, long second) {
    header.writeOrderedLong(SECRETS + 16L * number, first);
    header.writeOrderedLong(SECRETS + 16L * number + 8, second);
    header.writeOrderedInt(SECRETS_THERE, header.readInt(SECRETS_THERE) | 1 << number);
  }

  /** Bytes of header and directory. */
  long headerBytes() {
    return DIRECTORY + 4L * MOST_EXTENTS; // what follows is a hole
  }

  // ---- Extents ---------------------------------------------------------------------------------

  /** One more than the highest extent in use. */
  int bound() {
    return bound;
  }

  /** Kind of an extent; 0: it is free. */
  int kind(int extent) {
    return label(extent) >>> KIND_PLACE;
  }

  /** Number of an extent within its kind. */
  int number(int extent) {
    return label(extent) & NUMBER_MASK;
  }

  private int label(int extent) {
    return header.readInt(DIRECTORY + 4L * extent);
  }

  @Override
  public int take(long bytes) {
    int extent = firstFree;
    while (extent < bound && label(extent) != 0) {
      extent++;
    }
    if (closed || extent == MOST_EXTENTS) {
      return NONE;
    }
    try {
      zero(channel, start(extent), bytes);
      chunk(chunkOf(extent));
    } catch (IOException | OutOfMemoryError e) {
      return NONE; // no room on the disk
    }
    bound = Math.max(bound, extent + 1);
    firstFree = extent + 1;
    return extent;
  }

  @Override
  public void label(int extent, int kind, int number) {
    assert kind > 0 && kind < 256 && number >= 0 && number <= NUMBER_MASK;
    header.writeOrderedInt(DIRECTORY + 4L * extent, kind << KIND_PLACE | number);
  }

  @Override
  public void give(int extent) {
    if (!closed) {
      header.writeOrderedInt(DIRECTORY + 4L * extent, 0);
      firstFree = Math.min(firstFree, extent);
    }
  }

  @Override
  public long extentBytes() {
    return layout.extentBytes;
  }

  /**
   * See {@link Extents#store}.
   *
   * @throws IllegalStateException when an extent of a former process can't be mapped: one that was
   *     {@linkplain #take taken} is
   */
  @Override
  public BytesStore<?, Void> store(int extent) {
    try {
      return chunk(chunkOf(extent));
    } catch (IOException e) {
      throw new IllegalStateException("can't map " + path + ": " + e.getMessage(), e);
    }
  }

  private int chunkOf(int extent) {
    return (int) (start(extent) / chunkBytes);
  }

  @Override
  public long start(int extent) {
    return extentsStart + extent * layout.extentBytes;
  }

  @Override
  public int extentAt(long start) {
    return (int) ((start - extentsStart) / layout.extentBytes);
  }

  /** Maps it, unless it is mapped already. */
  private MappedBytesStore chunk(int number) throws IOException {
    while (chunks.size() <= number) {
      chunks.add(null);
    }
    MappedBytesStore chunk = chunks.get(number);
    if (chunk == null) {
      long end = (number + 1L) * chunkBytes;
      if (channel.size() < end) { // chronicle would lock the file to do so, and we have
        channel.write(ByteBuffer.allocate(1), end - 1);
      }
      chunk = mapped.acquireByteStore(owner, number * chunkBytes);
      chunk.singleThreadedCheckDisabled(true); // built by one thread, run by another
      chunks.set(number, chunk);
    }
    return chunk;
  }

  /** Unmaps it and lets others have it. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (MappedBytesStore chunk : chunks) {
      if (chunk != null) {
        chunk.release(owner);
      }
    }
    mapped.releaseLast();
    try {
      lock.release();
    } catch (IOException e) {
      // It goes with the channel.
    }
    closeQuietly(channel);
  }
}
