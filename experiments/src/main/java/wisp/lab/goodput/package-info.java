/**
 * What our stack gets through a bad wire, beside what the kernel gets through the same one in the
 * same run: {@code goodput}, {@code fairness} and {@code pauses}.
 */
@NullMarked
package wisp.lab.goodput;

import org.jspecify.annotations.NullMarked;
