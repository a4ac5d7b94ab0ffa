/**
 * AF_XDP: memory shared with the kernel, into which it puts what a program on the interface picks
 * out before the kernel's own stack has seen it. That program is ours too, assembled here and
 * attached for as long as a link is open: it takes what is for our addresses and leaves all else
 * where it was, so that the interface stays the kernel's as well.
 *
 * <p>Start at {@link wisp.drivers.afxdp.AfXdpLink}; which packets are taken stands in {@code
 * XdpFilter}, where they lie in {@code UmemLayout}. (Linux {@code
 * Documentation/networking/af_xdp.rst}.)
 */
@NullMarked
package wisp.drivers.afxdp;

import org.jspecify.annotations.NullMarked;
