package wisp.lab.path;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** SHA-256 of a stream, or nothing at all for those who don't want it. One thread at a time. */
final class Digest {
  private final @Nullable MessageDigest sha256;
  private volatile String text = "";

  Digest(boolean wanted) {
    try {
      sha256 = wanted ? MessageDigest.getInstance("SHA-256") : null;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  boolean isWanted() {
    return sha256 != null;
  }

  void add(MemorySegment memory, long offset, int length) {
    if (sha256 != null) {
      sha256.update(memory.asSlice(offset, length).asByteBuffer());
    }
  }

  /** No more will come. */
  void end() {
    if (sha256 != null) {
      text = HexFormat.of().formatHex(sha256.digest());
    }
  }

  /** In hexadecimal digits, after the end. From any thread. */
  String text() {
    return text;
  }
}
