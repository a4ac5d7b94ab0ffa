package wisp.lab.kernel;

import java.util.Map;

/**
 * What idle connections cost the kernel, per end (both ends are counted, and halved).
 *
 * @param connections pairs of ends
 * @param socketBytes pages of those slab caches that grow with connections
 * @param slabBytes growth of all slab caches, whoever caused it
 * @param allBytes growth of all kernel memory, whoever caused it
 * @param caches objects per end, by cache, of those that grow with connections
 * @param setupRate connections per second
 */
public record KernelPoint(
    long connections,
    double socketBytes,
    double slabBytes,
    double allBytes,
    Map<String, Double> caches,
    double setupRate) {

  /**
   * {@link #socketBytes} where it can't be measured: what this class measured on 2026-11-23 with
   * 100,000 connections on Linux 6.18 (run 20261123-173205), so that both mean the same.
   */
  public static final double RECORDED_SOCKET_BYTES = 4050;

  /** {@link #allBytes} of the same run. */
  public static final double RECORDED_ALL_BYTES = 4766;

  /** For the column {@code note}. */
  public static final String RECORDED = "recorded 2026-11-23, Linux 6.18, 100000 connections";
}
