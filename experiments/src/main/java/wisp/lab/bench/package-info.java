/** JMH benchmarks: {@code ./wisp bench}. */
@NullMarked
package wisp.lab.bench;

import org.jspecify.annotations.NullMarked;
