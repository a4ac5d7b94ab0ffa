package wisp.drivers;

import java.util.regex.Pattern;
import wisp.core.wire.HardwareAddress;

/** Hardware addresses as users write them, and ones that we make. */
public final class StationAddress {
  private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
  private static final long LOCAL = 0x02L << 40;

  private StationAddress() {}

  /**
   * Reads one, 48 bits with the first byte highest.
   *
   * @throws IllegalArgumentException when it is none, or not that of one station
   */
  public static long parse(String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "mac=" + text + " is not a hardware address like 02:00:00:00:00:01");
    }
    return checked(Long.parseLong(text.replace(":", ""), 16));
  }

  /**
   * Demands that it can be a station's.
   *
   * @throws IllegalArgumentException when it can't
   */
  public static long checked(long address) {
    if (!HardwareAddress.isUnicast(address)) {
      throw new IllegalArgumentException(
          "mac: a hardware address has 48 bits, not all of them 0, and its first byte is even");
    }
    return address;
  }

  /** One that only this text decides: unicast, locally administered. */
  public static long madeFrom(String text) {
    long hash = 0xCBF29CE484222325L; // FNV-1a
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
    }
    return LOCAL | hash >>> 24;
  }
}
