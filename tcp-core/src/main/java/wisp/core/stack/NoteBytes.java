package wisp.core.stack;

import java.util.Arrays;

/** Numbers and names in an array of bytes, one after the other, the highest byte first. */
final class NoteBytes {
  private final byte[] bytes;
  private int at;

  /** To write into, or to read from, its beginning on. */
  NoteBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** What has been written. */
  byte[] written() {
    return Arrays.copyOf(bytes, at);
  }

  NoteBytes putByte(int value) {
    bytes[at++] = (byte) value;
    return this;
  }

  NoteBytes putInt(int value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      putByte(value >>> shift);
    }
    return this;
  }

  NoteBytes putLong(long value) {
    return putInt((int) (value >>> 32)).putInt((int) value);
  }

  /** Two bytes a letter, and before them how many letters there are. */
  NoteBytes putName(String name) {
    putByte(name.length());
    for (int i = 0; i < name.length(); i++) {
      putByte(name.charAt(i) >>> 8).putByte(name.charAt(i));
    }
    return this;
  }

  /**
   * The next byte, 0 … 255.
   *
   * @throws ArrayIndexOutOfBoundsException when there is none
   */
  int nextByte() {
    return bytes[at++] & 0xFF;
  }

  int nextInt() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      value = value << 8 | nextByte();
    }
    return value;
  }

  long nextLong() {
    long high = nextInt();
    return high << 32 | nextInt() & 0xFFFF_FFFFL;
  }

  String nextName() {
    char[] letters = new char[nextByte()];
    for (int i = 0; i < letters.length; i++) {
      letters[i] = (char) (nextByte() << 8 | nextByte());
    }
    return new String(letters);
  }
}
