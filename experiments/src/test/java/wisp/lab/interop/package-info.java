/**
 * Against the Linux kernel over TUN: the referee. Each test has a network namespace of its own with
 * a {@link wisp.lab.interop.KernelLab kernel} on one side of a TUN device and a stack of ours on
 * the other.
 *
 * <p>They need root, {@code /dev/net/tun} and {@code ip}; where one is missing they are skipped and
 * say so. Start at {@link wisp.lab.interop.KernelLab}.
 */
@NullMarked
package wisp.lab.interop;

import org.jspecify.annotations.NullMarked;
