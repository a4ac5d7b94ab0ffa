/**
 * Services over the stack's public API: examples of an application as much as peers for
 * measurements.
 */
@NullMarked
package wisp.lab.serve;

import org.jspecify.annotations.NullMarked;
