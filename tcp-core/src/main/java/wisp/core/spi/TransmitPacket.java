package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * One packet on its way out: the link sets {@link #memory} and {@link #start} in {@link
 * Link#claim}, the stack writes there and sets the rest before {@link Link#commit}. One instance is
 * reused for ever.
 */
public final class TransmitPacket {
  /** Where to write; borrowed until commit. */
  public MemorySegment memory = MemorySegment.NULL;

  /** First byte of the packet in {@link #memory}. */
  public long start;

  /** Bytes written. */
  public int length;

  /** The link has to complete a checksum from {@link #checksumStart} on; only if it offers that. */
  public boolean needsChecksum;

  /** Where the checksummed part begins, from the packet's start. */
  public int checksumStart;

  /** Where the checksum field is, from {@link #checksumStart}. */
  public int checksumOffset;

  /** Payload bytes of each segment the link is to cut; 0: send as it is. */
  public int segmentBytes;

  /** IP and TCP header together, in bytes; set when {@link #segmentBytes} is. */
  public int headerBytes;

  /** Set by the link when it lends memory. */
  public void lend(MemorySegment memory, long start) {
    this.memory = memory;
    this.start = start;
    length = 0;
    needsChecksum = false;
    checksumStart = 0;
    checksumOffset = 0;
    segmentBytes = 0;
    headerBytes = 0;
  }
}
