/**
 * Headers as cursors over bytes that belong to others: they hold no state between packets, allocate
 * nothing, and check lengths in one place, {@code wrap}. What a {@code wrap} has accepted can be
 * read without another check; what it has refused must not be read at all. RFC 791 (IPv4), RFC 8200
 * (IPv6), RFC 792 and 4443 (ICMP), RFC 768 (UDP), RFC 9293 §3.1–3.2 (TCP), RFC 1071 (checksum), RFC
 * 826 (ARP), RFC 4861 §4 (neighbour discovery), RFC 3810 §5 (multicast listeners). An IPv6 address
 * is two {@code long}s, high and low; a station's is 48 bits of one. Read {@link
 * wisp.core.wire.TcpHeader} first.
 */
@NullMarked
package wisp.core.wire;

import org.jspecify.annotations.NullMarked;
