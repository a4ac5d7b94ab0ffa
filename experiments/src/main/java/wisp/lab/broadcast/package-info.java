/**
 * Suite {@code broadcast}: one message to all connections, and what memory that takes at its peak.
 * Read {@code BroadcastSuite} first, then {@code BroadcastPoint}.
 */
@NullMarked
package wisp.lab.broadcast;

import org.jspecify.annotations.NullMarked;
