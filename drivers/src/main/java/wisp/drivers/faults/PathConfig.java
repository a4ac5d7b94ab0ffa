package wisp.drivers.faults;

import java.util.Locale;

/**
 * What a path in one direction does to packets. Shares are of packets, 0 … 1.
 *
 * @param delayNanos every packet takes so long, after the bottleneck
 * @param jitterNanos uniformly up to so much more or less than the delay; never changes the order
 * @param loss lost independently of each other
 * @param burstEnter Gilbert–Elliott: chance per packet that a bad spell begins; 0: none ever does
 * @param burstLeave chance per packet that it ends; a spell lasts {@code 1 / burstLeave} packets on
 *     average
 * @param burstLoss lost while it lasts
 * @param reorder held back so that later ones overtake
 * @param reorderHoldNanos how long
 * @param duplicate delivered twice
 * @param corrupt delivered with one bit flipped: what a checksum always finds
 * @param rateBitsPerSecond bottleneck, IP bytes; 0: unlimited
 * @param queuePackets what the bottleneck holds, the packet being sent included; further ones are
 *     lost
 */
public record PathConfig(
    long delayNanos,
    long jitterNanos,
    double loss,
    double burstEnter,
    double burstLeave,
    double burstLoss,
    double reorder,
    long reorderHoldNanos,
    double duplicate,
    double corrupt,
    long rateBitsPerSecond,
    int queuePackets) {

  /** Nothing happens to any packet. */
  public static final PathConfig PERFECT =
      new PathConfig(0, 0, 0, 0, 1, 1, 0, 2_000_000, 0, 0, 0, 1000);

  /** What {@link #with(String, String)} understands, for messages. */
  public static final String PARAMETERS =
      "delay=20ms, jitter=2ms, loss=1%, burst=ENTER/LEAVE[/LOSS] such as 0.1%/25%/100%,"
          + " reorder=5%, hold=2ms, duplicate=1%, corrupt=0.1%, rate=100mbit,"
          + " queue=1000 (packets)";

  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final int LONGEST_QUEUE = 1 << 20;

  /** Checks every value. */
  public PathConfig {
    duration("delay", delayNanos);
    duration("jitter", jitterNanos);
    duration("hold", reorderHoldNanos);
    share("loss", loss);
    share("burst enter", burstEnter);
    share("burst leave", burstLeave);
    share("burst loss", burstLoss);
    share("reorder", reorder);
    share("duplicate", duplicate);
    share("corrupt", corrupt);
    if (rateBitsPerSecond < 0) {
      throw new IllegalArgumentException("rate " + rateBitsPerSecond + " is negative");
    }
    if (queuePackets < 1 || queuePackets > LONGEST_QUEUE) {
      throw new IllegalArgumentException(
          "queue " + queuePackets + " is outside 1 … " + LONGEST_QUEUE + " packets");
    }
    if (burstEnter > 0 && burstLeave == 0) {
      throw new IllegalArgumentException("a burst that never ends: burst leave is 0");
    }
  }

  /** The share of packets that chance destroys in the long run; a full queue comes on top. */
  public double expectedLoss() {
    double bad = burstEnter == 0 ? 0 : burstEnter / (burstEnter + burstLeave);
    return 1 - (1 - loss) * (1 - bad * burstLoss);
  }

  /**
   * Reads {@code delay=20ms,loss=1%,rate=100mbit}; what is not named stays {@link #PERFECT}.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static PathConfig parse(String text) {
    PathConfig config = PERFECT;
    for (String item : text.isBlank() ? new String[0] : text.split(",", -1)) {
      int equals = item.indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException(
            "'" + item + "' is not parameter=value; there are " + PARAMETERS);
      }
      config = config.with(item.substring(0, equals).strip(), item.substring(equals + 1));
    }
    return config;
  }

  /**
   * A path that differs in one value, as the user writes it.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public PathConfig with(String parameter, String value) {
    return switch (parameter) {
      case "delay" -> delay(parseDuration(value));
      case "jitter" -> jitter(parseDuration(value));
      case "loss" -> loss(parseShare(value));
      case "burst" -> {
        String[] parts = value.split("/", -1);
        if (parts.length != 2 && parts.length != 3) {
          throw new IllegalArgumentException(
              "burst '" + value + "' is not ENTER/LEAVE[/LOSS] such as 0.1%/25%");
        }
        yield burst(
            parseShare(parts[0]),
            parseShare(parts[1]),
            parts.length == 3 ? parseShare(parts[2]) : 1);
      }
      case "reorder" -> reorder(parseShare(value), reorderHoldNanos);
      case "hold" -> reorder(reorder, parseDuration(value));
      case "duplicate" -> duplicate(parseShare(value));
      case "corrupt" -> corrupt(parseShare(value));
      case "rate" -> rate(parseRate(value));
      case "queue" -> queue(parseCount(value));
      default ->
          throw new IllegalArgumentException(
              "a path has no '" + parameter + "'; there are " + PARAMETERS);
    };
  }

  /** With this delay. */
  public PathConfig delay(long nanos) {
    return new PathConfig(
        nanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this jitter. */
  public PathConfig jitter(long nanos) {
    return new PathConfig(
        delayNanos,
        nanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this share lost independently. */
  public PathConfig loss(double share) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        share,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With loss in bursts. */
  public PathConfig burst(double enter, double leave, double lossInside) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        enter,
        leave,
        lossInside,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this share held back for so long. */
  public PathConfig reorder(double share, long holdNanos) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        share,
        holdNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this share delivered twice. */
  public PathConfig duplicate(double share) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        share,
        corrupt,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this share corrupted. */
  public PathConfig corrupt(double share) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        share,
        rateBitsPerSecond,
        queuePackets);
  }

  /** With this bottleneck; 0: none. */
  public PathConfig rate(long bitsPerSecond) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        bitsPerSecond,
        queuePackets);
  }

  /** With a queue of so many packets before the bottleneck. */
  public PathConfig queue(int packets) {
    return new PathConfig(
        delayNanos,
        jitterNanos,
        loss,
        burstEnter,
        burstLeave,
        burstLoss,
        reorder,
        reorderHoldNanos,
        duplicate,
        corrupt,
        rateBitsPerSecond,
        packets);
  }

  /** {@code 20ms}, {@code 1.5s}, {@code 300us}, {@code 40ns} or {@code 0} in nanoseconds. */
  public static long parseDuration(String text) {
    String value = text.strip().toLowerCase(Locale.ROOT);
    long unit;
    int suffix;
    if (value.endsWith("ns")) {
      unit = 1;
      suffix = 2;
    } else if (value.endsWith("us") || value.endsWith("µs")) {
      unit = 1_000;
      suffix = 2;
    } else if (value.endsWith("ms")) {
      unit = 1_000_000;
      suffix = 2;
    } else if (value.endsWith("s")) {
      unit = 1_000_000_000;
      suffix = 1;
    } else if (value.equals("0")) {
      return 0;
    } else {
      throw new IllegalArgumentException("'" + text + "' is not a time like 20ms (ns, us, ms, s)");
    }
    double number = decimal(text, value.substring(0, value.length() - suffix), "a time like 20ms");
    return Math.round(number * unit);
  }

  /** {@code 1%}, {@code 0.5%} or {@code 0.005} as a share. */
  public static double parseShare(String text) {
    String value = text.strip();
    boolean percent = value.endsWith("%");
    double number =
        decimal(
            text,
            percent ? value.substring(0, value.length() - 1) : value,
            "a share like 1% or 0.01");
    double share = percent ? number / 100 : number;
    if (share > 1) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is more than all packets; "
              + (percent ? "write a share like 1% or 0.01" : "did you mean " + text + "%?"));
    }
    return share;
  }

  /** {@code 100mbit}, {@code 1.5gbit}, {@code 64kbit}, {@code 9600bit} or {@code 0} in bit/s. */
  public static long parseRate(String text) {
    String value = text.strip().toLowerCase(Locale.ROOT);
    if (value.equals("0")) {
      return 0;
    }
    if (!value.endsWith("bit")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a rate like 100mbit (bit, kbit, mbit, gbit)");
    }
    value = value.substring(0, value.length() - 3);
    long unit = 1;
    if (!value.isEmpty()) {
      switch (value.charAt(value.length() - 1)) {
        case 'k' -> unit = 1_000;
        case 'm' -> unit = 1_000_000;
        case 'g' -> unit = 1_000_000_000;
        default -> {}
      }
    }
    double number =
        decimal(
            text,
            unit == 1 ? value : value.substring(0, value.length() - 1),
            "a rate like 100mbit");
    return Math.round(number * unit);
  }

  private static int parseCount(String text) {
    try {
      return Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a number of packets", e);
    }
  }

  /** Digits with at most one point: no sign, no exponent, no "NaN". */
  private static double decimal(String text, String digits, String what) {
    if (!digits.strip().matches("[0-9]{1,15}([.][0-9]{1,15})?")) {
      throw new IllegalArgumentException("'" + text + "' is not " + what);
    }
    return Double.parseDouble(digits.strip());
  }

  private static void duration(String name, long nanos) {
    if (nanos < 0 || nanos > LONGEST_NANOS) {
      throw new IllegalArgumentException(name + " of " + nanos + " ns is outside 0 … 1 h");
    }
  }

  private static void share(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + " of " + share + " is outside 0 … 1");
    }
  }
}
