/**
 * Captures for Wireshark: {@link wisp.drivers.pcap.PcapLink} records what passes any link, {@link
 * wisp.drivers.pcap.PcapWriter} writes the file (nanosecond pcap, draft-ietf-opsawg-pcap), {@link
 * wisp.drivers.pcap.Sampling} chooses what is worth keeping. {@link wisp.drivers.pcap.ReplayLink}
 * has a stack receive what a file holds.
 */
@NullMarked
package wisp.drivers.pcap;

import org.jspecify.annotations.NullMarked;
