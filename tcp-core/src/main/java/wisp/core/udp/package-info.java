/** UDP, as much as lets applications build on it (RFC 768, RFC 1122 §4.1). */
@NullMarked
package wisp.core.udp;

import org.jspecify.annotations.NullMarked;
