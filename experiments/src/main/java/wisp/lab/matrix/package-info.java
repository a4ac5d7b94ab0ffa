/**
 * Our stack and the Linux kernel with everything that the two can differ in: factors with their
 * levels, covered by few cells, each a transfer that is checked and stands beside the kernel's own.
 * Read {@link wisp.lab.matrix.Factor}, then {@link wisp.lab.matrix.Trial}.
 */
@NullMarked
package wisp.lab.matrix;

import org.jspecify.annotations.NullMarked;
