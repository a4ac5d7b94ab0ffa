package wisp.drivers.pcap;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.StationAddress;

/**
 * How a capture is to be replayed.
 *
 * @param read what is received
 * @param write where what is sent goes; {@code null}: it is counted only
 * @param speed 1: as it was captured, 10: ten times faster; {@link #FASTEST}: without waiting
 * @param mtu of the IP packet, in bytes
 * @param trusted whether the checksums of what is received are right without looking: captures on
 *     the sending machine often have them incomplete
 * @param hardwareAddress ours, of captures on Ethernet; 0: where the first frame goes
 */
public record ReplayConfig(
    Path read, @Nullable Path write, double speed, int mtu, boolean trusted, long hardwareAddress) {
  /** The {@link #speed} that waits for nothing. */
  public static final double FASTEST = Double.POSITIVE_INFINITY;

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("read", "", "file", "a capture, whose packets are received"),
          new Parameter("write", "", "file", "a capture of what is sent; empty: it is counted"),
          new Parameter(
              "speed", "1", "number|max", "1: as captured, 10: ten times faster; max: no waiting"),
          new Parameter("mtu", "1500", "bytes", "largest IP packet"),
          new Parameter("checksums", "verify", "verify|trust", "of what is received"),
          new Parameter(
              "mac",
              "",
              "address like 02:00:00:00:00:01",
              "ours, of captures on Ethernet; empty: where the first frame goes"));

  private static final double SLOWEST = 1e-3;
  private static final double FAST = 1e6;

  /** Checks the numbers. */
  public ReplayConfig {
    if (!(speed >= SLOWEST && (speed <= FAST || speed == FASTEST))) {
      throw new IllegalArgumentException("speed=" + speed + " is outside 0.001 … 1000000");
    }
    if (hardwareAddress != 0) {
      StationAddress.checked(hardwareAddress);
    }
  }

  /** As it was captured. */
  public static ReplayConfig of(Path read) {
    return of(Map.of("read", read.toString()));
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static ReplayConfig of(Map<String, String> given) {
    Parameters values = Parameters.of("pcap", PARAMETERS, given);
    if (values.text("read").isEmpty()) {
      throw new IllegalArgumentException(
          "pcap as a link needs a capture: pcap:read=FILE (to record another link: +pcap:FILE)");
    }
    String write = values.text("write");
    String mac = values.text("mac");
    return new ReplayConfig(
        Path.of(values.text("read")),
        write.isEmpty() ? null : Path.of(write),
        speed(values.text("speed")),
        (int) values.number("mtu", 68, 65_535),
        trusted(values.text("checksums")),
        mac.isEmpty() ? 0 : StationAddress.parse(mac));
  }

  private static double speed(String text) {
    if (text.equals("max")) {
      return FASTEST;
    }
    if (!text.matches("[0-9]{1,7}([.][0-9]{1,6})?")) {
      throw new IllegalArgumentException("speed=" + text + " is neither a number like 10 nor max");
    }
    return Double.parseDouble(text);
  }

  private static boolean trusted(String text) {
    return switch (text) {
      case "verify" -> false;
      case "trust" -> true;
      default ->
          throw new IllegalArgumentException("checksums=" + text + " is neither verify nor trust");
    };
  }
}
