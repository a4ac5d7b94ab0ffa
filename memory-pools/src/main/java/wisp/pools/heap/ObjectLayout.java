package wisp.pools.heap;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * How large objects are in this virtual machine. It asks once for what decides: compact headers (8
 * bytes instead of 12; 16 without compressed class pointers, which no JDK since 25 does without)
 * and compressed references.
 *
 * <pre>
 *   object = header + fields, rounded up to 8             (HotSpot fills gaps with smaller fields)
 *   array  = header + 4, rounded up to the element size, + elements, rounded up to 8
 * </pre>
 */
final class ObjectLayout {
  static final int REFERENCE = isOn("UseCompressedOops", true) ? 4 : 8;
  private static final int HEADER = isOn("UseCompactObjectHeaders", false) ? 8 : 12;

  /** A segment on an array: length, read-only flag, scope, offset, array. */
  static final long SEGMENT = object(8 + 1 + REFERENCE + 8 + REFERENCE);

  private ObjectLayout() {}

  /** Bytes of an object with so many bytes of fields. */
  static long object(int fieldBytes) {
    return align(HEADER + fieldBytes, 8);
  }

  /** Bytes of an array. */
  static long array(int elementBytes, long length) {
    return align(align(HEADER + 4, elementBytes) + elementBytes * length, 8);
  }

  private static long align(long bytes, int to) {
    return (bytes + to - 1) / to * to;
  }

  private static boolean isOn(String option, boolean otherwise) {
    try {
      var machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return machine == null
          ? otherwise
          : Boolean.parseBoolean(machine.getVMOption(option).getValue());
    } catch (IllegalArgumentException e) {
      return otherwise; // another machine than HotSpot
    }
  }
}
