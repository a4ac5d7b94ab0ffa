/**
 * The laboratory: read {@link wisp.lab.Main}, then a suite ({@code wisp.lab.memory.MemorySuite}).
 */
@NullMarked
package wisp.lab;

import org.jspecify.annotations.NullMarked;
