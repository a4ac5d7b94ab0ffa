/**
 * Sockets in the style of BSD over a {@link wisp.core.stack.Context}: small handles, bind, listen,
 * accept, connect, read, write, readiness. For applications that were written for them; the price
 * is a copy each way and the buffers that these calls need, all of it here and none in the core.
 *
 * <p>Begin with {@link wisp.drivers.sockets.Sockets}, which never waits. {@link
 * wisp.drivers.sockets.Calls} makes calls that wait out of it: continuations, since one thread
 * drives all.
 */
@NullMarked
package wisp.drivers.sockets;

import org.jspecify.annotations.NullMarked;
