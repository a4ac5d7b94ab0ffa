package wisp.lab.phantom;

/**
 * What passed the phantom link.
 *
 * @param syns SYNs sent by phantoms
 * @param synAcks correct SYN-ACKs received: checksums, ports, acknowledgment number and options
 *     were verified
 * @param acks ACKs sent in answer
 * @param wrong SYN-ACKs with a wrong checksum, number or option: a fault of the stack
 * @param resets RSTs received
 * @param others other packets received
 * @param dropped answers lost because the stack did not fetch them
 */
public record PhantomCounts(
    long syns, long synAcks, long acks, long wrong, long resets, long others, long dropped) {}
