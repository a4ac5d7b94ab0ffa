/** Addresses, IPv4 input and output (RFC 791, RFC 1122 §3), ICMP (RFC 792). */
@NullMarked
package wisp.core.ip;

import org.jspecify.annotations.NullMarked;
