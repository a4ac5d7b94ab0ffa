package wisp.lab.matrix;

import java.util.List;

/**
 * What differs from cell to cell, and how. The first level is what is usual. An option of TCP is on
 * at both ends, or off at one of them: then neither may use it.
 */
enum Factor {
  OPEN("open", "ours", "kernel"),
  DATA("data", "to-kernel", "to-us", "both"),
  FAMILY("ip", "4", "6"),
  LINK("link", "tun", "veth"),
  OFFLOAD("offload", "on", "off"),
  MTU("mtu", "1500", "least", "4000", "9000"),
  TIMESTAMPS("ts", "on", "not-ours", "not-kernels"),
  SACK("sack", "on", "not-ours", "not-kernels"),
  SCALING("ws", "on", "not-ours", "not-kernels"),
  ECN("ecn", "on", "not-ours", "not-kernels"),
  CONTROL("control", "cubic", "reno", "bbr"),
  LOSS("loss", "0", "0.1%", "1%", "3%", "10%"),
  DELAY("delay", "0", "5ms", "50ms", "200ms"),
  REORDER("reorder", "0", "5%"),
  DUPLICATE("duplicate", "0", "1%"),
  CORRUPT("corrupt", "0", "0.5%");

  /** Levels of the options of TCP. */
  static final String ON = "on";

  static final String NOT_OURS = "not-ours";
  static final String NOT_KERNELS = "not-kernels";

  private final String text;
  private final List<String> levels;

  Factor(String text, String... levels) {
    this.text = text;
    this.levels = List.of(levels);
  }

  /** As in {@code loss=1%}. */
  String text() {
    return text;
  }

  List<String> levels() {
    return levels;
  }
}
