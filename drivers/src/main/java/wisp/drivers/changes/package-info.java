/**
 * What a process changes on the system that the kernel does not undo when the process ends: routes,
 * rules, settings. Each change is noted in a file before it is made, and undone on close, when the
 * JVM ends, or, should it be killed, by the next process that opens a link.
 *
 * <p>Start at {@link wisp.drivers.changes.SystemChanges}. What the kernel undoes by itself
 * (sockets, devices bound to a descriptor, BPF links, promiscuity by membership) has no place here.
 */
@NullMarked
package wisp.drivers.changes;

import org.jspecify.annotations.NullMarked;
