package wisp.lab.links;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.NetworkInterface;
import wisp.lab.FailedException;
import wisp.lab.kernel.KernelHost;
import wisp.lab.measure.ProcFile;

/**
 * The two namespaces of one measurement: the peer's, which is 10.9.0.1 on {@code wisp0}, and that
 * of the end that is measured. With a veth pair between them, or one and the same with the device
 * that the link makes.
 */
final class Lab implements AutoCloseable {
  /** The peer's address. */
  static final String PEER = "10.9.0.1";

  /** That of the stack that is measured. */
  static final String OURS = "10.9.1.1";

  /** That of the kernel at our end of a veth pair, which is measured beside it. */
  static final String KERNEL = "10.9.0.2";

  private static final String PREFIX = "/16";
  private final LinkCase.Path path;
  private final KernelHost ours;
  private final KernelHost peer;

  /**
   * Makes them.
   *
   * @param kernel whether the kernel at our end gets an address
   */
  Lab(LinkCase link, boolean kernel) {
    this.path = link.path();
    ours = new KernelHost();
    try {
      // Nobody is asked whether he has an address, nor says so: only what is measured is sent.
      ours.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
      peer = path == LinkCase.Path.VETH ? new KernelHost() : ours;
    } catch (RuntimeException e) {
      ours.close();
      throw e;
    }
    if (path == LinkCase.Path.VETH) {
      try {
        pair(link, kernel);
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }
  }

  private void pair(LinkCase link, boolean kernel) {
    peer.vethTo(ours, LinkCase.PEER_DEVICE, PEER + PREFIX, LinkCase.OUR_DEVICE, KERNEL + PREFIX);
    if (!kernel && !link.name().equals("rawip")) { // where the kernel itself asks for neighbours
      ours.run("ip", "address", "flush", "dev", LinkCase.OUR_DEVICE);
    }
    if (!kernel && link.name().equals("dpdk-af_packet")) { // slots of 2048 bytes
      peer.run("ip", "link", "set", LinkCase.PEER_DEVICE, "gso_max_segs", "1");
    }
  }

  /** To be called when the link is open: devices that DPDK makes have no address. */
  void opened() {
    if (path == LinkCase.Path.BARE_DEVICE) {
      addressed();
    }
  }

  /** Gives the peer's device, which a program has made, what our links give it by themselves. */
  void addressed() {
    peer.run("ip", "address", "add", PEER + PREFIX, "dev", LinkCase.PEER_DEVICE);
    peer.run("ip", "link", "set", LinkCase.PEER_DEVICE, "up");
  }

  /** Has the kernel at our end take packets to our address, as {@code rawip} does. */
  void local() {
    ours.run("ip", "route", "add", "local", OURS + "/32", "dev", "lo");
    ours.run("ip", "rule", "add", "from", OURS + "/32", "blackhole");
    ours.run("sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done");
  }

  /** The kernel that is the peer. */
  KernelHost peer() {
    return peer;
  }

  /** A command that runs where the end is that is measured. */
  List<String> inOurs() {
    return new ArrayList<>(List.of("ip", "netns", "exec", ours.name()));
  }

  /** What packets to our end are addressed to, unless the link has an address of its own. */
  long ourHardwareAddress() throws IOException {
    return path == LinkCase.Path.VETH ? ours.with(() -> address(LinkCase.OUR_DEVICE)) : 0;
  }

  /** The peer's. */
  long peerHardwareAddress() throws IOException {
    return peer.with(() -> address(LinkCase.PEER_DEVICE));
  }

  private static long address(String device) throws IOException {
    try {
      return NetworkInterface.find(device).hardwareAddress();
    } catch (LinkException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Packets that the peer's device has received up to a time.
   *
   * @param nanos {@link System#nanoTime}
   */
  record Arrived(long packets, long nanos) {}

  /** What has arrived at the peer's device up to now. */
  Arrived arrived() throws IOException {
    return peer.with(
        () -> {
          for (String line : ProcFile.text("/proc/thread-self/net/dev").lines().toList()) {
            String text = line.strip();
            if (text.startsWith(LinkCase.PEER_DEVICE + ":")) {
              String[] fields = text.substring(text.indexOf(':') + 1).strip().split("\\s+", -1);
              return new Arrived(Long.parseLong(fields[1]), System.nanoTime());
            }
          }
          throw new FailedException("the peer's device is gone");
        });
  }

  @Override
  public void close() {
    if (peer != ours) {
      peer.close();
    }
    ours.close();
  }
}
