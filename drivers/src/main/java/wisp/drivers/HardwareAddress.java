package wisp.drivers;

import java.util.regex.Pattern;

/** Ethernet addresses as people write them; 48 bits, first byte highest. */
public final class HardwareAddress {
  private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
  private static final long GROUP_BIT = 1L << 40;

  private HardwareAddress() {}

  /**
   * Reads {@code 02:00:00:00:00:01}.
   *
   * @param parameter named in errors
   * @throws IllegalArgumentException in one line for the user
   */
  public static long parse(String parameter, String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          parameter + "=" + text + " is not a hardware address like 02:00:00:00:00:01");
    }
    return Long.parseLong(text.replace(":", ""), 16);
  }

  /** Whether it can be that of one station: not a group's, not zero, no more than 48 bits. */
  public static boolean isStation(long address) {
    return address != 0 && (address & GROUP_BIT) == 0 && address >>> 48 == 0;
  }
}
