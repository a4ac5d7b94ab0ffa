package wisp.lab.kernel;

import wisp.lab.measure.ProcFile;

/**
 * The kernel's memory at one moment.
 *
 * @param slab by cache
 * @param slabBytes all slab caches
 * @param allBytes everything that is neither free, nor cache of files, nor memory of processes.
 *     Taken this way, and not as the fall of MemFree, because processes come and go on any machine
 */
record KernelMemory(SlabInfo slab, long slabBytes, long allBytes) {
  private static final String MEMINFO = "/proc/meminfo";

  static KernelMemory now() {
    long all = field("MemTotal");
    for (String name : new String[] {"MemFree", "Buffers", "Cached", "SwapCached", "AnonPages"}) {
      all -= field(name);
    }
    return new KernelMemory(SlabInfo.now(), field("Slab"), all);
  }

  private static long field(String name) {
    return ProcFile.field(MEMINFO, name);
  }
}
