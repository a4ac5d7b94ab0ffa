package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/** Packets as text, and memory that ends where the packet does: whoever reads past it is caught. */
final class Hex {
  private Hex() {}

  static MemorySegment segment(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
  }

  /** The first {@code length} bytes of {@code bytes}, and nothing behind them. */
  static MemorySegment exactly(byte[] bytes, int length) {
    return MemorySegment.ofArray(bytes).asSlice(0, length);
  }
}
