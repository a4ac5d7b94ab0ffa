package wisp.drivers.afpacket;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Several links that share what one interface receives, each connection always at the same one of
 * them.
 *
 * @param group number that they have in common, within a network namespace; {@link #NEW}: one that
 *     nobody has
 * @param mode how the one is found
 * @param fragmentsToAll whether each link gets the pieces of datagrams, instead of the one that
 *     their addresses lead to
 */
public record Fanout(int group, Mode mode, boolean fragmentsToAll) {
  /** The kernel finds a number: {@link AfPacketLink#fanoutGroup} tells it. */
  public static final int NEW = -1;

  /** How a flow finds its link. Either way both directions of a flow find the same. */
  public enum Mode {
    /** By the kernel's hash of addresses and ports, with a key that nobody is told. */
    HASH(0),
    /** By a number made of addresses and ports, the same on every start. */
    CBPF(6);

    /** {@code PACKET_FANOUT_…} of {@code if_packet.h}. */
    final int number;

    Mode(int number) {
      this.number = number;
    }
  }

  /**
   * A group does not do as its sockets were told. Older kernels do not know the flag and ignore it.
   */
  private static final int IGNORE_OUTGOING = 0x4000;

  private static final int UNIQUE_ID = 0x2000;
  private static final int LARGEST_GROUP = 65_535;

  /** Fragments by their addresses alone. */
  public Fanout(int group, Mode mode) {
    this(group, mode, false);
  }

  /** The same of another group. */
  Fanout of(int number) {
    return new Fanout(number, mode, fragmentsToAll);
  }

  /**
   * Reads {@code GROUP} or {@code GROUP/MODE}; null when empty.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  static @Nullable Fanout parse(String text) {
    if (text.isEmpty()) {
      return null;
    }
    String[] parts = text.split("/", -1);
    if (parts.length <= 2 && parts[0].matches("[0-9]{1,5}")) {
      int group = Integer.parseInt(parts[0]);
      Mode mode = parts.length == 1 ? Mode.HASH : mode(parts[1]);
      if (group <= LARGEST_GROUP && mode != null) {
        return new Fanout(group, mode);
      }
    }
    throw new IllegalArgumentException(
        "fanout=" + text + " is not a group from 0 to 65535 with a mode like 7, 7/hash or 7/cbpf");
  }

  private static @Nullable Mode mode(String text) {
    for (Mode mode : Mode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(text)) {
        return mode;
      }
    }
    return null;
  }

  /** As the kernel wants to be told. */
  int option() {
    int flags = IGNORE_OUTGOING | (group == NEW ? UNIQUE_ID : 0);
    return (group == NEW ? 0 : group) | (mode.number | flags) << 16;
  }

  @Override
  public String toString() {
    return (group == NEW ? "new" : group) + "/" + mode.name().toLowerCase(Locale.ROOT);
  }
}
