package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;

/**
 * What phantoms do once they are connected. An errand keeps no memory by phantom: what it needs to
 * know of one is in the packet that came, or follows from its number.
 */
public interface Errand {
  /** Bytes that a packet may have. */
  int PACKET_BYTES = 64;

  /** Writes the next packet; 0: there is none at present. */
  int next(MemorySegment m, long at);

  /**
   * A phantom has received a packet, which is no SYN-ACK.
   *
   * @param at where its IPv4 header begins
   * @param answer where an answer may be written
   * @return the answer's length; 0: none
   */
  int heard(long number, MemorySegment m, long at, int length, MemorySegment answers, long answer);
}
