/**
 * The script port: packet-script suites drive the stack over a UNIX socket, with socket calls and
 * raw packets, in virtual or in real time. {@link wisp.lab.script.ScriptServer} speaks the frames,
 * {@link wisp.lab.script.Session} has a stack of its own for each script, {@link
 * wisp.lab.script.Verbs} turns requests into calls on sockets.
 */
@NullMarked
package wisp.lab.script;

import org.jspecify.annotations.NullMarked;
