/**
 * TUN: a network device of the Linux kernel whose other side is this program. The kernel owns one
 * address of the device's subnet; whoever reads here answers for the others. Needs no hardware and
 * has the kernel cut and checksum packets of 64 KiB, which makes it the best link for bulk data.
 * TAP is the same with Ethernet headers: then the kernel asks for hardware addresses first.
 *
 * <p>Start at {@link wisp.drivers.tun.TunLink}; how the device is made stands in {@code TunDevice}.
 * (Linux {@code Documentation/networking/tuntap.rst}, {@code include/uapi/linux/if_tun.h}, {@code
 * virtio_net.h}.)
 */
@NullMarked
package wisp.drivers.tun;

import org.jspecify.annotations.NullMarked;
