package wisp.drivers.dpdk;

import java.util.List;

/**
 * Where things lie in the structures of DPDK that are not the same in all its versions. The rest is
 * in {@link Mbuf}, {@link MbufPool} and {@link Port}.
 *
 * <pre>
 *   struct rte_eth_fp_ops (128 B, one a port)
 *   22.11        rx burst 8 │ rx queue count 8 │ rx status 8 │ rx queues 8, … │ at 64: tx burst 8 │ tx prepare 8 │ tx status 8 │ tx queues 8, …
 *   23.11, later rx queues 8, callbacks 8 │ rx burst 8 │ …                    │ at 64: tx queues 8, callbacks 8 │ tx burst 8 │ …
 * </pre>
 *
 * @param number the suffix of the libraries: {@code librte_eal.so.23}
 * @param release what {@code rte_version} begins with
 * @param receiveBurst offset of the function that receives
 * @param receiveQueues offset of the array of its queues
 * @param transmitBurst offset of the function that sends
 * @param transmitQueues offset of the array of its queues
 */
record Abi(
    int number,
    String release,
    int receiveBurst,
    int receiveQueues,
    int transmitBurst,
    int transmitQueues) {

  /** What is looked for, in this order. All but the first have not been run yet. */
  static final List<Abi> KNOWN =
      List.of(
          dpdk23(23, "DPDK 22.11"),
          dpdk24plus(24, "DPDK 23.11"),
          dpdk24plus(25, "DPDK 24.11"),
          dpdk24plus(26, "DPDK 25.11"));

  private static Abi dpdk23(int number, String release) {
    return new Abi(number, release, 0, 24, 64, 88);
  }

  private static Abi dpdk24plus(int number, String release) {
    return new Abi(number, release, 16, 0, 80, 64);
  }

  /** The file of a library, as the dynamic linker knows it. */
  String file(String library) {
    return "librte_" + library + ".so." + number;
  }
}
