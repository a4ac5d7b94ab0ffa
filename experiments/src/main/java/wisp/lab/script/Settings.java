package wisp.lab.script;

import java.util.Locale;
import wisp.core.spi.EcnMode;
import wisp.core.spi.FastOpenMode;
import wisp.core.stack.ConnectionProfile;
import wisp.drivers.sockets.FastOpenSettings;
import wisp.drivers.sockets.ReceiveLimits;
import wisp.drivers.sockets.SendLimits;
import wisp.drivers.sockets.Sockets;

/** A host's settings by Linux's names, as far as the stack has such; the rest is passed over. */
final class Settings {
  /** Bits of tcp_fastopen. */
  private static final int CLIENT = 1;

  private static final int SERVER = 2;
  private static final int CLIENT_WITHOUT_COOKIE = 4;
  private static final int SERVER_WITHOUT_COOKIE = 0x200;
  private static final int EVERY_LISTENER = 0x400;

  /** Such that the window scale is 8, as suites expect that were written for Linux. */
  static final ReceiveLimits RECEIVE_LIMITS = new ReceiveLimits(540_000, 15 << 20);

  private static final int LEAST_RECEIVE_BYTES = 4_096;

  private Settings() {}

  /** Applies {@code name=value}; the name with slashes or dots, in full or not. */
  static void apply(String setting, Sockets sockets) {
    int equals = setting.indexOf('=');
    if (equals < 0) {
      return;
    }
    String path = setting.substring(0, equals).trim().replace('/', '.');
    String name = path.substring(path.lastIndexOf('.') + 1);
    String value = setting.substring(equals + 1).trim().toLowerCase(Locale.ROOT);
    ConnectionProfile before = sockets.profile();
    boolean on = !value.startsWith("0");
    SendLimits limits = sockets.sendLimits();
    switch (name) {
      case "tcp_wmem" -> {
        String[] words = words(value);
        if (words.length == 3) {
          int usual = bytes(words[1]);
          int most = Math.max(usual, bytes(words[2]));
          sockets.sendLimits(new SendLimits(usual, most, limits.notSentLowWater()));
        }
      }
      case "tcp_notsent_lowat" ->
          sockets.sendLimits(
              new SendLimits(limits.usualBytes(), limits.mostBytes(), (int) Long.parseLong(value)));
      case "tcp_fastopen" -> sockets.fastOpen(fastOpen(Long.decode(value), key(sockets)));
      case "tcp_fastopen_key" -> {
        FastOpenSettings f = sockets.fastOpen();
        var cookies = LinuxFastOpenCookies.of(value, key(sockets).required());
        sockets.fastOpen(new FastOpenSettings(f.client(), f.server(), f.everyListener(), cookies));
      }
      case "defaults" -> { // of the suite: its script sets these
        sockets.receiveLimits(RECEIVE_LIMITS);
        apply("tcp_fastopen=0x70403", sockets);
        apply("tcp_fastopen_key=a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4", sockets);
      }
      case "tcp_rmem" -> {
        String[] words = words(value);
        if (words.length == 3) {
          sockets.receiveLimits(
              new ReceiveLimits(Math.max(LEAST_RECEIVE_BYTES, bytes(words[1])), bytes(words[2])));
        }
      }
      default -> {}
    }
    sockets.profile(
        before.with(
            b -> {
              switch (name) {
                case "tcp_timestamps" -> b.timestamps = on;
                case "tcp_sack" -> b.sackPermitted = on;
                case "tcp_window_scaling" -> b.windowScaling = on;
                case "tcp_ecn" -> b.ecn = ecn(value);
                case "defaults" -> {
                  b.ecn = EcnMode.OFF;
                  b.congestionControl = congestionControl("cubic");
                }
                case "tcp_congestion_control" -> {
                  String ours = congestionControl(value);
                  b.congestionControl = sockets.knows(ours) ? ours : b.congestionControl;
                }
                default -> {}
              }
            }));
  }

  private static FastOpenSettings fastOpen(long bits, LinuxFastOpenCookies key) {
    FastOpenMode client =
        (bits & CLIENT) == 0
            ? FastOpenMode.OFF
            : (bits & CLIENT_WITHOUT_COOKIE) == 0 ? FastOpenMode.ON : FastOpenMode.WITHOUT_COOKIE;
    return new FastOpenSettings(
        client,
        (bits & SERVER) != 0,
        (bits & EVERY_LISTENER) != 0,
        key.withRequired((bits & SERVER_WITHOUT_COOKIE) == 0));
  }

  private static LinuxFastOpenCookies key(Sockets sockets) {
    return sockets.fastOpen().cookies() instanceof LinuxFastOpenCookies linux
        ? linux
        : new LinuxFastOpenCookies(LinuxFastOpenCookies.Key.ZERO, null, true);
  }

  private static String[] words(String value) {
    return value.replace("\"", "").trim().split("\\s+");
  }

  private static int bytes(String text) {
    return (int) Math.clamp(Long.parseLong(text), 1, Integer.MAX_VALUE / 2);
  }

  private static EcnMode ecn(String value) {
    return switch (value) {
      case "0" -> EcnMode.OFF;
      case "1" -> EcnMode.ASK;
      case "2" -> EcnMode.ON_REQUEST;
      default -> EcnMode.ACCURATE;
    };
  }

  /** Ours for a name of Linux's, whose slow start follows ACKs of any size. */
  static String congestionControl(String name) {
    return switch (name) {
      case "reno" -> "newreno";
      case "cubic" -> "cubic-paced";
      default -> name;
    };
  }

  /** Linux's name for one of ours. */
  static String linuxName(String congestionControl) {
    return switch (congestionControl) {
      case "newreno" -> "reno";
      case "cubic-paced" -> "cubic";
      default -> congestionControl;
    };
  }
}
