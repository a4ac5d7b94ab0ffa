package wisp.drivers.faults;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Parameters;

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
 * @param mark of those that are ECN-capable, marked as having met congestion (RFC 3168 §5)
 * @param rateBitsPerSecond bottleneck, in bits of packets, on Ethernet with their frame; 0:
 *     unlimited
 * @param trace a bottleneck that varies: when it may send, IP bytes; {@code null}: none. A path has
 *     a rate or a trace, not both.
 * @param queuePackets what the bottleneck holds, the packet being sent included; further ones are
 *     lost
 * @param queueBytes the same in bytes: a packet is lost when it would be more; 0: no limit
 * @param mtu the largest IP packet that passes, in bytes; larger ones are lost, and never
 *     fragmented on the way; 0: any passes. An uncut packet is judged by its segments.
 * @param answersTooBig their sender is told: fragmentation needed (RFC 1191 §4; only when the
 *     packet forbids fragments) or packet too big (RFC 4443 §3.2), limited in rate
 * @param blocksIcmp ICMP and ICMPv6 errors are lost; echo and neighbour discovery pass
 * @param routerIpv4 who tells
 * @param routerIpv6 who tells
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
    double mark,
    long rateBitsPerSecond,
    @Nullable DeliveryTrace trace,
    int queuePackets,
    int queueBytes,
    int mtu,
    boolean answersTooBig,
    boolean blocksIcmp,
    IpAddress routerIpv4,
    IpAddress routerIpv6) {

  /** Nothing happens to any packet. */
  public static final PathConfig PERFECT = new Draft().config();

  /** What {@link #with(String, String)} understands, for messages. */
  public static final String PARAMETERS =
      "delay=20ms, rtt=40ms (half of it each way), jitter=2ms, loss=1%, burst=ENTER/LEAVE[/LOSS]"
          + " such as 0.1%/25%/100%, reorder=5%, hold=2ms, duplicate=1%, corrupt=0.1%, mark=1%,"
          + " rate=100mbit, trace=FILE, queue=1000 (packets), queue-bytes=64Ki, mtu=1280 (bytes; 0:"
          + " any), pmtu=silent|icmp, icmp=pass|block, router=192.0.2.1";

  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final int LONGEST_QUEUE = 1 << 20;
  private static final int SMALLEST_MTU = 68; // RFC 791 §3.2
  private static final int LARGEST_MTU = 65_575;

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
    share("mark", mark);
    if (rateBitsPerSecond < 0) {
      throw new IllegalArgumentException("rate " + rateBitsPerSecond + " is negative");
    }
    if (queuePackets < 1 || queuePackets > LONGEST_QUEUE) {
      throw new IllegalArgumentException(
          "queue " + queuePackets + " is outside 1 … " + LONGEST_QUEUE + " packets");
    }
    if (queueBytes < 0) {
      throw new IllegalArgumentException("queue-bytes " + queueBytes + " is negative");
    }
    if (rateBitsPerSecond > 0 && trace != null) {
      throw new IllegalArgumentException(
          "a path has a rate or a trace, not both: leave one of them away");
    }
    if (mtu != 0 && (mtu < SMALLEST_MTU || mtu > LARGEST_MTU)) {
      throw new IllegalArgumentException(
          "mtu " + mtu + " is outside " + SMALLEST_MTU + " … " + LARGEST_MTU);
    }
    if (!routerIpv4.isIpv4() || routerIpv6.isIpv4()) {
      throw new IllegalArgumentException(
          "the path has an address of each family, not " + routerIpv4 + " and " + routerIpv6);
    }
    if (burstEnter > 0 && burstLeave == 0) {
      throw new IllegalArgumentException("a burst that never ends: burst leave is 0");
    }
  }

  /** Whether packets wait for one another. */
  public boolean hasBottleneck() {
    return rateBitsPerSecond > 0 || trace != null;
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
      case "rtt" -> delay(parseDuration(value) / 2);
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
      case "mark" -> mark(parseShare(value));
      case "rate" -> rate(parseRate(value));
      case "trace" -> trace(DeliveryTrace.read(Path.of(value.strip())));
      case "queue" -> queue(parseCount(value, "packets"));
      case "queue-bytes" -> queueBytes(parseBytes(value));
      case "mtu" -> mtu(parseCount(value, "bytes"));
      case "pmtu" -> answersTooBig(parseChoice(parameter, value, "silent", "icmp"));
      case "icmp" -> blocksIcmp(parseChoice(parameter, value, "pass", "block"));
      case "router" -> router(IpAddress.parse(value.strip()));
      default ->
          throw new IllegalArgumentException(
              "a path has no '" + parameter + "'; there are " + PARAMETERS);
    };
  }

  /** With this delay. */
  public PathConfig delay(long nanos) {
    return changed(draft -> draft.delayNanos = nanos);
  }

  /** With this jitter. */
  public PathConfig jitter(long nanos) {
    return changed(draft -> draft.jitterNanos = nanos);
  }

  /** With this share lost independently. */
  public PathConfig loss(double share) {
    return changed(draft -> draft.loss = share);
  }

  /** With loss in bursts. */
  public PathConfig burst(double enter, double leave, double lossInside) {
    return changed(
        draft -> {
          draft.burstEnter = enter;
          draft.burstLeave = leave;
          draft.burstLoss = lossInside;
        });
  }

  /** With this share held back for so long. */
  public PathConfig reorder(double share, long holdNanos) {
    return changed(
        draft -> {
          draft.reorder = share;
          draft.reorderHoldNanos = holdNanos;
        });
  }

  /** With this share delivered twice. */
  public PathConfig duplicate(double share) {
    return changed(draft -> draft.duplicate = share);
  }

  /** With this share corrupted. */
  public PathConfig corrupt(double share) {
    return changed(draft -> draft.corrupt = share);
  }

  /** With this share of the ECN-capable packets marked. */
  public PathConfig mark(double share) {
    return changed(draft -> draft.mark = share);
  }

  /** With this bottleneck; 0: none. */
  public PathConfig rate(long bitsPerSecond) {
    return changed(draft -> draft.rateBitsPerSecond = bitsPerSecond);
  }

  /** With a queue of so many packets before the bottleneck. */
  public PathConfig queue(int packets) {
    return changed(draft -> draft.queuePackets = packets);
  }

  /** With a queue of so many bytes before the bottleneck; 0: no limit but that in packets. */
  public PathConfig queueBytes(int bytes) {
    return changed(draft -> draft.queueBytes = bytes);
  }

  /** With this bottleneck; {@code null}: none. */
  public PathConfig trace(@Nullable DeliveryTrace opportunities) {
    return changed(draft -> draft.trace = opportunities);
  }

  /** With this path MTU; 0: none. */
  public PathConfig mtu(int bytes) {
    return changed(draft -> draft.mtu = bytes);
  }

  /** With senders told of packets that are too big, or not. */
  public PathConfig answersTooBig(boolean answers) {
    return changed(draft -> draft.answersTooBig = answers);
  }

  /** With ICMP errors lost, or not. */
  public PathConfig blocksIcmp(boolean blocks) {
    return changed(draft -> draft.blocksIcmp = blocks);
  }

  /** With this address of the path, in its family. */
  public PathConfig router(IpAddress address) {
    return changed(
        draft -> {
          if (address.isIpv4()) {
            draft.routerIpv4 = address;
          } else {
            draft.routerIpv6 = address;
          }
        });
  }

  private PathConfig changed(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.config();
  }

  /** The values, to be changed one by one. A fresh one is perfect. */
  private static final class Draft {
    long delayNanos;
    long jitterNanos;
    double loss;
    double burstEnter;
    double burstLeave = 1;
    double burstLoss = 1;
    double reorder;
    long reorderHoldNanos = 2_000_000;
    double duplicate;
    double corrupt;
    double mark;
    long rateBitsPerSecond;
    @Nullable DeliveryTrace trace;
    int queuePackets = 1000;
    int queueBytes;
    int mtu;
    boolean answersTooBig;
    boolean blocksIcmp;
    IpAddress routerIpv4 = IpAddress.ofIpv4(0xC0_00_02_01); // 192.0.2.1, RFC 5737
    IpAddress routerIpv6 = new IpAddress(0x2001_0DB8L << 32, 1); // 2001:db8::1, RFC 3849

    Draft() {}

    Draft(PathConfig from) {
      delayNanos = from.delayNanos;
      jitterNanos = from.jitterNanos;
      loss = from.loss;
      burstEnter = from.burstEnter;
      burstLeave = from.burstLeave;
      burstLoss = from.burstLoss;
      reorder = from.reorder;
      reorderHoldNanos = from.reorderHoldNanos;
      duplicate = from.duplicate;
      corrupt = from.corrupt;
      mark = from.mark;
      rateBitsPerSecond = from.rateBitsPerSecond;
      trace = from.trace;
      queuePackets = from.queuePackets;
      queueBytes = from.queueBytes;
      mtu = from.mtu;
      answersTooBig = from.answersTooBig;
      blocksIcmp = from.blocksIcmp;
      routerIpv4 = from.routerIpv4;
      routerIpv6 = from.routerIpv6;
    }

    PathConfig config() {
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
          mark,
          rateBitsPerSecond,
          trace,
          queuePackets,
          queueBytes,
          mtu,
          answersTooBig,
          blocksIcmp,
          routerIpv4,
          routerIpv6);
    }
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

  private static int parseCount(String text, String unit) {
    try {
      return Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a number of " + unit, e);
    }
  }

  private static int parseBytes(String text) {
    try {
      return Math.toIntExact(Parameters.parse(text));
    } catch (NumberFormatException | ArithmeticException e) {
      throw new IllegalArgumentException("'" + text + "' is not a number of bytes like 64Ki", e);
    }
  }

  private static boolean parseChoice(String name, String text, String no, String yes) {
    String value = text.strip();
    if (!value.equals(no) && !value.equals(yes)) {
      throw new IllegalArgumentException(name + " '" + text + "' is neither " + no + " nor " + yes);
    }
    return value.equals(yes);
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
