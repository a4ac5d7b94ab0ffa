/**
 * The public API: a {@link wisp.core.stack.Context} owns connections, a {@link
 * wisp.core.stack.ConnectionHandler} hears of them. Read {@code Context} first, then {@code
 * ConnectionHandler}.
 */
@NullMarked
package wisp.core.stack;

import org.jspecify.annotations.NullMarked;
