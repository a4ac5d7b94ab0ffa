/**
 * UDP, as much as lets applications build on it (RFC 768, RFC 1122 §4.1, RFC 8085): ports, input
 * and output, and the ICMP errors that belong to a connected port. Read {@link
 * wisp.core.udp.UdpInput} first.
 */
@NullMarked
package wisp.core.udp;

import org.jspecify.annotations.NullMarked;
