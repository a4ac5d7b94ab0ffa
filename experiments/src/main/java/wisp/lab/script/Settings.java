package wisp.lab.script;

import java.util.Locale;
import wisp.core.stack.ConnectionProfile;
import wisp.drivers.sockets.Sockets;

/** A host's settings by Linux's names, as far as the stack has such; the rest is passed over. */
final class Settings {
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
    sockets.profile(
        before.with(
            b -> {
              switch (name) {
                case "tcp_timestamps" -> b.timestamps = on;
                case "tcp_sack" -> b.sackPermitted = on;
                case "tcp_window_scaling" -> b.windowScaling = on;
                case "tcp_congestion_control" -> b.congestionControl = congestionControl(value);
                default -> {}
              }
            }));
  }

  /** Ours for a name of Linux's. */
  static String congestionControl(String name) {
    return name.equals("reno") ? "newreno" : name;
  }
}
