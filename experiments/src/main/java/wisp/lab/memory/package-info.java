/**
 * Suite {@code memory}: bytes per connection, each point in a JVM of its own. Read {@code
 * MemorySuite} first, then {@code MemoryPoint}.
 */
@NullMarked
package wisp.lab.memory;

import org.jspecify.annotations.NullMarked;
