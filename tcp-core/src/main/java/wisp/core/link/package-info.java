/**
 * IP over Ethernet: frames in and out, the neighbour cache that both families share (RFC 4861 §5,
 * §7.3), ARP (RFC 826). Addresses are two longs, IPv4 in the mapped form; stations 48 bits in a
 * long ({@link wisp.core.wire.HardwareAddress}). Neighbour discovery itself needs IPv6 and lives in
 * {@code wisp.core.ip.ndp}. Read {@link wisp.core.link.NeighbourCache} first.
 */
@NullMarked
package wisp.core.link;

import org.jspecify.annotations.NullMarked;
