/**
 * AF_PACKET: frames straight from and to a network interface that the kernel already has, a card or
 * one end of a veth pair. What comes in lies in a ring that the kernel shares with us; what goes
 * out leaves in batches. Both carry packets of up to 64 KiB with a partial checksum where the
 * interface can do the rest. The kernel's own stack stays at work beside us: we have a hardware
 * address of our own.
 *
 * <p>Start at {@link wisp.drivers.afpacket.AfPacketLink}; then {@code ReceiveRing}, {@code
 * TransmitBatch}, and {@code PacketSocket} for how the kernel is asked. (Linux {@code
 * Documentation/networking/packet_mmap.rst}, {@code packet(7)}, {@code
 * include/uapi/linux/if_packet.h}.)
 */
@NullMarked
package wisp.drivers.afpacket;

import org.jspecify.annotations.NullMarked;
