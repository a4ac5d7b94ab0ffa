/**
 * Growing from a thousand connections to a hundred million and back: how long the longest call
 * takes, what a look-up costs, whether connections still answer, and what goes back to the machine
 * when they go.
 */
@NullMarked
package wisp.lab.growth;

import org.jspecify.annotations.NullMarked;
