/**
 * How packets move: one package a link ({@code inmemory}, {@code tun}, …), and wrappers around any
 * link ({@code faults}, {@code pcap}). {@link wisp.drivers.Links} finds them by name; the contract
 * is {@link wisp.core.spi.Link}. What the kernel interfaces look like stands where they are called.
 */
@NullMarked
package wisp.drivers;

import org.jspecify.annotations.NullMarked;
