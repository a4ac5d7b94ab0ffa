/**
 * Suites about blocks: what becomes of transfers when there are few ({@code scarcity}), and how
 * many a path in trouble takes ({@code trouble}). Many peers and our stack on one thread, over an
 * in-memory path with faults, in virtual time: one seed, one history. Read {@link VirtualPath}
 * first.
 */
@NullMarked
package wisp.lab.scarce;

import org.jspecify.annotations.NullMarked;
