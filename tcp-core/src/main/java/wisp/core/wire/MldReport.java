package wisp.core.wire;

import java.lang.foreign.MemorySegment;

/**
 * Multicast listener discovery (RFC 3810): a cursor over queries of both versions, and the writing
 * of version 2 reports. It points at bytes, owns none, and one instance is reused for ever.
 *
 * <pre>
 *   query:  type 130, code, checksum (4) | max response code (2), 0 (2) | group (16)
 *           version 2: | S, QRV (1) | QQIC (1) | sources (2) | sources …
 *   report: type 143, 0, checksum (4)    | 0 (2), records (2) | records …
 *   record: type (1), 0 (1), sources (2) | group (16)
 * </pre>
 */
public final class MldReport {
  /** Record: the group is listened to, whatever the source. In answers to queries. */
  public static final int MODE_IS_EXCLUDE = 2;

  /** Record: nobody listens any more. When a group is left. */
  public static final int CHANGE_TO_INCLUDE = 3;

  /** Record: the group is listened to from now on. When it is joined. */
  public static final int CHANGE_TO_EXCLUDE = 4;

  /** Bytes of a report in front of its records. */
  public static final int HEADER_LENGTH = 8;

  /** Bytes of a record without sources. */
  public static final int RECORD_LENGTH = 20;

  /** The hop limit of all these messages. */
  public static final int HOP_LIMIT = 1;

  /** What the IPv6 header names as next in front of {@link #writeRouterAlert}. */
  public static final int ROUTER_ALERT_NEXT_HEADER = 0;

  /** Bytes of {@link #writeRouterAlert}. */
  public static final int ROUTER_ALERT_LENGTH = 8;

  private static final int VERSION_1_LENGTH = 24;
  private static final int VERSION_2_LENGTH = 28;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private boolean version1;

  /**
   * Points at a query and checks its length: 24 bytes are version 1, 28 or more version 2, others
   * are nothing (RFC 3810 §8.1). When this returns false, nothing may be read.
   *
   * @param m borrowed for as long as this cursor is in use
   * @param start where the ICMPv6 header begins
   * @param length of the message in bytes; any value is allowed
   */
  public boolean wrapQuery(MemorySegment m, long start, int length) {
    assert length <= 0 || Wire.holds(m, start, length);
    if (length != VERSION_1_LENGTH && length < VERSION_2_LENGTH
        || Wire.u8(m, start) != Icmpv6Header.MULTICAST_LISTENER_QUERY) {
      return false;
    }
    if (length >= VERSION_2_LENGTH && Wire.u16(m, start + 26) > (length - VERSION_2_LENGTH) / 16) {
      return false;
    }
    memory = m;
    this.start = start;
    version1 = length == VERSION_1_LENGTH;
    return true;
  }

  /** How long answers may be put off, in milliseconds (RFC 3810 §5.1.3). */
  public long maxResponseMillis() {
    int code = Wire.u16(memory, start + 4);
    if (version1 || code < 0x8000) {
      return code;
    }
    return (long) (code & 0xFFF | 0x1000) << ((code >>> 12 & 7) + 3);
  }

  /** First half of the group asked about; both are zero in a general query. */
  public long groupHigh() {
    return Wire.i64(memory, start + 8);
  }

  /** Second half. */
  public long groupLow() {
    return Wire.i64(memory, start + 16);
  }

  /**
   * Writes the hop-by-hop header with which these messages are sent: router alert of value 0 (RFC
   * 2711), then two bytes of padding.
   *
   * @param nextHeader what stands behind it
   * @return {@link #ROUTER_ALERT_LENGTH}
   */
  public static int writeRouterAlert(MemorySegment m, long start, int nextHeader) {
    Wire.i32(m, start, nextHeader << 24 | 5 << 8 | 2);
    Wire.i32(m, start + 4, 1 << 8);
    return ROUTER_ALERT_LENGTH;
  }

  /** Bytes of a report with so many records. */
  public static int reportLength(int records) {
    return HEADER_LENGTH + records * RECORD_LENGTH;
  }

  /** Writes the front of a report, its checksum zero. */
  public static void writeReport(MemorySegment m, long start, int records) {
    Wire.i32(m, start, Icmpv6Header.MULTICAST_LISTENER_REPORT_V2 << 24);
    Wire.i32(m, start + 4, records);
  }

  /** Writes record number {@code i}, counted from 0, without sources. */
  public static void writeRecord(
      MemorySegment m, long start, int i, int recordType, long groupHigh, long groupLow) {
    long at = start + reportLength(i);
    Wire.i32(m, at, recordType << 24);
    Wire.i64(m, at + 4, groupHigh);
    Wire.i64(m, at + 12, groupLow);
  }
}
