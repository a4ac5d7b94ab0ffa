/**
 * What the same connections cost in the Linux kernel, measured in namespaces made for it. Read
 * {@code KernelBaseline} first.
 */
@NullMarked
package wisp.lab.kernel;

import org.jspecify.annotations.NullMarked;
