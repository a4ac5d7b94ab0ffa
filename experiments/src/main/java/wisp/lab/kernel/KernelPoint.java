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

  /** Recorded on 2026-11-22, Linux 6.18, with 180,000 connections: slab and all memory per end. */
  public static final double RECORDED_SLAB_BYTES = 4965;

  /** See {@link #RECORDED_SLAB_BYTES}. */
  public static final double RECORDED_ALL_BYTES = 5204;

  /** For the column {@code note}. */
  public static final String RECORDED = "recorded 2026-11-22, Linux 6.18, 180000 connections";
}
