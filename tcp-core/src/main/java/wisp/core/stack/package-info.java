/**
 * The public API: a {@link wisp.core.stack.Context} owns connections, a {@link
 * wisp.core.stack.ConnectionHandler} hears of them. Read {@code Context} first, then {@code
 * ConnectionHandler}; for UDP {@link wisp.core.stack.DatagramPort}.
 */
@NullMarked
package wisp.core.stack;

import org.jspecify.annotations.NullMarked;
