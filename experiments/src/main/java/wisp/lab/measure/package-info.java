/**
 * How memory is measured from outside the stack: resident set, Java heap, the machine's own
 * figures.
 */
@NullMarked
package wisp.lab.measure;

import org.jspecify.annotations.NullMarked;
