/**
 * Raw IP sockets: the kernel's own IPv4 layer is the link. It hands over whole packets that came
 * for our addresses, on any kind of interface, and sends those that we give it, complete with their
 * header. Needs no device of its own, and is the slowest of the links: the kernel looks at each
 * packet itself as well, and would answer with RST, were it not kept from that by a routing rule.
 *
 * <p>Start at {@link wisp.drivers.rawip.RawIpLink}; what it changes on the machine stands in {@link
 * wisp.drivers.changes}. (raw(7), ip(7), Linux {@code net/ipv4/raw.c}.)
 */
@NullMarked
package wisp.drivers.rawip;

import org.jspecify.annotations.NullMarked;
