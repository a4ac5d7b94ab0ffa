package wisp.lab.contract;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of a stream, and how long it was. One thread at a time. */
final class Checksum {
  private final MessageDigest sha256;
  private long bytes;

  Checksum() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  void add(MemorySegment memory, long start, int length) {
    sha256.update(memory.asSlice(start, length).asByteBuffer());
    bytes += length;
  }

  /** {@code bytes:digest} of all that was added; then begins anew. */
  String end() {
    String text = bytes + ":" + HexFormat.of().formatHex(sha256.digest());
    bytes = 0;
    return text;
  }
}
