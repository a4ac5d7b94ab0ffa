/**
 * Two links joined in one JVM, without a kernel, privileges or threads: what simulations and most
 * suites run on. Deterministic, and free of garbage once warm. Start at {@link
 * wisp.drivers.inmemory.InMemoryPipe}; for a bad path between the two ends see {@link
 * wisp.drivers.faults.FaultyLink}.
 */
@NullMarked
package wisp.drivers.inmemory;

import org.jspecify.annotations.NullMarked;
