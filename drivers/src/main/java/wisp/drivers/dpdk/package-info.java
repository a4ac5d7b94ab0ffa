/**
 * Links over DPDK, by way of Debian's {@code librte} packages and {@code java.lang.foreign}: {@link
 * wisp.drivers.dpdk.DpdkLink}. DPDK's functions for a packet are inlined by C compilers and can't
 * be called; what they do is done here, on structures whose form {@link wisp.drivers.dpdk.Abi}
 * tells, and a self-test at the start refuses a DPDK whose structures look otherwise. To read
 * first: {@code DpdkLink}, then {@code Port}, {@code MbufPool} and {@code Eal}.
 */
@NullMarked
package wisp.drivers.dpdk;

import org.jspecify.annotations.NullMarked;
