/**
 * Two stacks, a bad path between them, a virtual clock: one seed, one history. Read {@link
 * wisp.lab.sim.Simulation} first.
 */
@NullMarked
package wisp.lab.sim;

import org.jspecify.annotations.NullMarked;
