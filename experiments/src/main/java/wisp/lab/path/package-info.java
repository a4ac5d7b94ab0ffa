/**
 * One wire of known quality, and over it the same transfer twice: between our stack and a kernel,
 * and between two kernels. Read {@link wisp.lab.path.PathLab} first.
 */
@NullMarked
package wisp.lab.path;

import org.jspecify.annotations.NullMarked;
