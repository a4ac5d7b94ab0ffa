package wisp.drivers.changes;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file of changes, locked by the process that it is of: the kernel drops the lock when that
 * process ends, however it does.
 *
 * <pre>
 *   boot 1c6f…                            of the kernel that was told; after another boot nothing is left
 *   owner rawip 4711                      who writes, and the process
 *   net:[4026531840] local 10.9.1.0/24    network namespace and words of a change, in the order made
 * </pre>
 */
final class ChangeFile implements AutoCloseable {
  /** A change and where it was made. */
  record Entry(String namespace, SystemChange change) {
    String line() {
      return namespace + " " + String.join(" ", change.words());
    }
  }

  private static final AtomicLong COUNT = new AtomicLong();

  /** Files of this process: to open one again and close it would drop the lock (POSIX). */
  private static final Map<Path, List<Entry>> OURS = new ConcurrentHashMap<>();

  private final Path path;
  private final FileChannel channel;
  private final String owner;
  private final boolean booted;
  private final List<Entry> entries;

  private ChangeFile(Path path, FileChannel channel, String owner, boolean booted) {
    this.path = path;
    entries = OURS.computeIfAbsent(path, ours -> new CopyOnWriteArrayList<>());
    this.channel = channel;
    this.owner = owner;
    this.booted = booted;
  }

  /** A new file, for this process. */
  static ChangeFile create(Path folder, String owner) throws IOException {
    long pid = ProcessHandle.current().pid();
    while (true) {
      // Processes of several containers may share the folder and have the same number.
      String name =
          pid
              + "-"
              + owner
              + "-"
              + COUNT.incrementAndGet()
              + "-"
              + Long.toHexString(System.nanoTime());
      Path path = folder.resolve(name);
      OURS.put(path, new CopyOnWriteArrayList<>());
      FileChannel channel =
          FileChannel.open(
              path,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      // Whoever cleans up may have seen the file before it was locked, and deleted it.
      if (channel.tryLock() != null && Files.exists(path)) {
        var file = new ChangeFile(path, channel, owner + " " + pid, true);
        file.write();
        return file;
      }
      channel.close();
      OURS.remove(path);
    }
  }

  /**
   * The file of a process that has ended; {@code null}: it is alive, or is this one, or the file is
   * gone.
   */
  static @Nullable ChangeFile ofTheDead(Path path) throws IOException {
    if (OURS.putIfAbsent(path, new CopyOnWriteArrayList<>()) != null) {
      return null;
    }
    ChangeFile file = null;
    try {
      file = lockAndRead(path);
      return file;
    } finally {
      if (file == null) {
        OURS.remove(path);
      }
    }
  }

  private static @Nullable ChangeFile lockAndRead(Path path) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return null;
    }
    ChangeFile file = null;
    try {
      if (channel.tryLock() != null && Files.exists(path)) {
        file = read(path, channel);
      }
      return file;
    } finally {
      if (file == null) {
        channel.close();
      }
    }
  }

  private static ChangeFile read(Path path, FileChannel channel) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(channel.size(), 1 << 20));
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // until all is there
    }
    List<String> lines =
        new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).lines().toList();
    String owner =
        lines.size() > 1 && lines.get(1).startsWith("owner ") ? lines.get(1).substring(6) : "?";
    var file = new ChangeFile(path, channel, owner, isOfThisBoot(lines));
    file.entries.addAll(entries(lines));
    return file;
  }

  private static boolean isOfThisBoot(List<String> lines) throws IOException {
    return !lines.isEmpty() && lines.getFirst().equals(boot());
  }

  private static List<Entry> entries(List<String> lines) {
    var entries = new ArrayList<Entry>();
    for (String line : lines.subList(Math.min(2, lines.size()), lines.size())) {
      List<String> words = List.of(line.split(" ", -1));
      try {
        entries.add(new Entry(words.getFirst(), SystemChange.read(words.subList(1, words.size()))));
      } catch (RuntimeException e) {
        // Cut off while it was being written: then the change had not been made.
      }
    }
    return entries;
  }

  /** What a file notes, whoever it is of, as far as the running kernel knows of it. */
  static List<Entry> notes(Path path) throws IOException {
    List<Entry> ours = OURS.get(path);
    if (ours != null) {
      return List.copyOf(ours);
    }
    try {
      List<String> lines = Files.readAllLines(path);
      return isOfThisBoot(lines) ? entries(lines) : List.of();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  Path path() {
    return path;
  }

  /** Who wrote it, and the process. */
  String owner() {
    return owner;
  }

  /** Changes that the running kernel knows of, in the order made. */
  List<Entry> entries() {
    return booted ? List.copyOf(entries) : List.of();
  }

  /** Notes a change that is about to be made. */
  void add(Entry entry) throws IOException {
    entries.add(entry);
    write();
  }

  /** Forgets a change that has been undone, or never was made. */
  void remove(Entry entry) throws IOException {
    entries.remove(entry);
    write();
  }

  private void write() throws IOException {
    var text = new StringBuilder(boot()).append("\nowner ").append(owner).append('\n');
    entries.forEach(entry -> text.append(entry.line()).append('\n'));
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    int length = bytes.remaining();
    // Over what is there: beginning and order stay, so a kill in between loses no line of before.
    for (long at = 0; bytes.hasRemaining(); ) {
      at += channel.write(bytes, at);
    }
    channel.truncate(length);
  }

  /** Deletes the file when nothing is left in it, and gives it up. */
  @Override
  public void close() {
    try (channel) {
      if (entries().isEmpty()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // Empty, it harms nobody; the next one deletes it.
    } finally {
      OURS.remove(path);
    }
  }

  private static String boot() throws IOException {
    return "boot " + Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }
}
