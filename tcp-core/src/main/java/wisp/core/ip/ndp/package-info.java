/**
 * What an IPv6 host says on its link: neighbour discovery (RFC 4861), stateless autoconfiguration
 * with duplicate detection (RFC 4862), multicast listener reports (RFC 3810). Stations are kept in
 * the {@link wisp.core.link.NeighbourCache}, which IPv4 shares. Read {@link wisp.core.ip.ndp.Ndp}
 * first.
 */
@NullMarked
package wisp.core.ip.ndp;

import org.jspecify.annotations.NullMarked;
