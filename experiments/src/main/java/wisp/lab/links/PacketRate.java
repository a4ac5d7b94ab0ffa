package wisp.lab.links;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import wisp.core.spi.Link;
import wisp.lab.path.PathLab;

/**
 * What comes back of a flood.
 *
 * @param perSecond packets that came back a second, while the flood was at full strength
 * @param sent packets that the peer's kernel took, from the first to the last
 * @param echoed packets that the end says it sent back; −1: it does not count
 * @param arrived packets that the peer's device received, whoever sent them
 * @param drops packets that the end says its link lost
 */
record PacketRate(double perSecond, long sent, long echoed, long arrived, long drops) {
  private static final long DRAIN_MILLIS = 100;
  private static final int MOST_LOOKS = 50;
  private static final int SMALLEST_BUFFER = 1;

  /** Packets that did not come back. */
  long lost() {
    return Math.max(0, sent - arrived);
  }

  /**
   * Measures.
   *
   * @param to address of the end
   * @param warmMillis before anything is counted into the rate
   */
  static PacketRate of(
      Lab lab, Link.Kind kind, EndProcess end, int to, long warmMillis, long millis)
      throws IOException {
    long hardware = end.hardwareAddress();
    if (hardware == 0 && kind == Link.Kind.ETHERNET) {
      hardware = lab.ourHardwareAddress();
    }
    try (DatagramChannel sink = lab.peer().with(PacketRate::sink)) {
      Lab.Arrived first = lab.arrived();
      Tally before = end.tally();
      long sent;
      Lab.Arrived begin;
      Lab.Arrived now;
      try (var flood = new Flood(lab, kind, hardware, to, Stack.ECHO)) {
        PathLab.pause(warmMillis);
        begin = lab.arrived();
        PathLab.pause(millis);
        now = lab.arrived();
        sent = flood.stop();
      }
      Still still = still(lab, end);
      long arrived = still.arrived() - first.packets();
      Tally counts = still.end().since(before);
      double rate = 1e9 * (now.packets() - begin.packets()) / (now.nanos() - begin.nanos());
      long echoed = counts.counts().containsKey("echoed") ? counts.get("echoed") : -1;
      return new PacketRate(rate, sent, echoed, arrived, counts.get("drops"));
    }
  }

  /**
   * What is counted at both ends when nothing moves any more. The end has to answer each time, so
   * it has had its turn on the core, and found nothing.
   */
  private static Still still(Lab lab, EndProcess end) throws IOException {
    var now = new Still(lab.arrived().packets(), end.tally());
    for (int i = 0; i < MOST_LOOKS; i++) {
      Still before = now;
      PathLab.pause(DRAIN_MILLIS);
      now = new Still(lab.arrived().packets(), end.tally());
      if (now.equals(before)) {
        break;
      }
    }
    return now;
  }

  private record Still(long arrived, Tally end) {}

  /**
   * Of two processes of ours, while packets flow: each is asked on its own, so their counts belong
   * to windows that are not quite the same.
   */
  static PacketRate ofProcesses(EndProcess end, EndProcess far, long warmMillis, long millis) {
    PathLab.pause(warmMillis);
    Tally before = end.tally();
    Tally farBefore = far.tally();
    long begin = System.nanoTime();
    PathLab.pause(millis);
    Tally counts = far.tally().since(farBefore);
    double rate = 1e9 * counts.get("arrived") / (System.nanoTime() - begin);
    Tally ours = end.tally().since(before);
    long echoed = ours.counts().containsKey("echoed") ? ours.get("echoed") : -1;
    return new PacketRate(
        rate, counts.get("sent"), echoed, counts.get("arrived"), ours.get("drops"));
  }

  /** Of both ends in one thread. */
  static PacketRate ofMemory(EndProcess end, long warmMillis, long millis) {
    PathLab.pause(warmMillis);
    Tally before = end.tally();
    long begin = System.nanoTime();
    PathLab.pause(millis);
    Tally counts = end.tally().since(before);
    double rate = 1e9 * counts.get("arrived") / (System.nanoTime() - begin);
    return new PacketRate(
        rate, counts.get("sent"), counts.get("echoed"), counts.get("arrived"), counts.get("drops"));
  }

  /** Whoever sends to a port where nobody is gets an error from the kernel: here is somebody. */
  private static DatagramChannel sink() throws IOException {
    return DatagramChannel.open(java.net.StandardProtocolFamily.INET)
        .setOption(StandardSocketOptions.SO_RCVBUF, SMALLEST_BUFFER)
        .bind(new InetSocketAddress(Lab.PEER, Probe.KERNEL_PORT));
  }
}
