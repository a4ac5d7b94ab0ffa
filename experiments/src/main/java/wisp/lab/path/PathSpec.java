package wisp.lab.path;

import java.util.Map;
import java.util.TreeMap;
import wisp.drivers.faults.PathConfig;

/**
 * What lies between the two sides, and how the kernels there are set.
 *
 * @param path each way
 * @param mtu of all devices
 * @param ipv6 or IPv4
 * @param offload whether our stack leaves checksums and cutting to its TUN device, and the kernels
 *     theirs to the veth pairs
 * @param veth whether a veth pair and a router lie between each kernel and the wire, so that the
 *     kernels too have something that cuts and puts together for them
 * @param sysctls {@code net.ipv4} settings of both kernels, by name
 * @param seed of the wire
 */
public record PathSpec(
    PathConfig path,
    int mtu,
    boolean ipv6,
    boolean offload,
    boolean veth,
    Map<String, String> sysctls,
    long seed) {
  private static final int ETHERNET_MTU = 1_500;

  /** Keeps a copy, in order. */
  public PathSpec {
    sysctls = Map.copyOf(new TreeMap<>(sysctls));
  }

  /** As on most ways: IPv4, 1,500 bytes, offloads, TUN devices, kernels as they come. */
  public static PathSpec of(PathConfig path, long seed) {
    return new PathSpec(path, ETHERNET_MTU, false, true, false, Map.of(), seed);
  }
}
