package wisp.core.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A module's record: its first line names the build, each further one is a tag and a test. Forks
 * and executions of one build append to it, one at a time; the first of another build begins anew,
 * so that nothing old is taken for new.
 */
record RecordFile(Path file, String build) {
  @SuppressWarnings("try") // the lock is only held
  void append(List<String> lines) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (var channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      String head = "build\t" + build + "\n";
      if (begins(channel, head)) {
        channel.position(channel.size());
        head = "";
      } else {
        channel.truncate(0);
      }
      write(channel, head + String.join("", lines.stream().map(line -> line + "\n").toList()));
    }
  }

  private static boolean begins(FileChannel channel, String head) throws IOException {
    ByteBuffer expected = ByteBuffer.wrap(head.getBytes(UTF_8));
    ByteBuffer found = ByteBuffer.allocate(expected.remaining());
    while (found.hasRemaining() && channel.read(found, found.position()) >= 0) {}
    return found.flip().equals(expected);
  }

  private static void write(FileChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
