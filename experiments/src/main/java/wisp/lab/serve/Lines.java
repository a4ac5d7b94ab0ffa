package wisp.lab.serve;

/**
 * Whole lines that go out together.
 *
 * @param bytes all of them, line ends included
 * @param count how many
 */
public record Lines(byte[] bytes, int count) {
  /** As many as there are line feeds, and one more when the last has none. */
  public static Lines of(byte[] bytes) {
    int count = bytes.length > 0 && bytes[bytes.length - 1] != '\n' ? 1 : 0;
    for (byte b : bytes) {
      count += b == '\n' ? 1 : 0;
    }
    return new Lines(bytes, count);
  }
}
