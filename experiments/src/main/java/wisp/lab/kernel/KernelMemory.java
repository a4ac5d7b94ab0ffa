package wisp.lab.kernel;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
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

  /**
   * Now, with free objects given back first: a cache that has some left from earlier traffic would
   * not grow with new sockets, and they would seem to cost nothing.
   */
  static KernelMemory now() {
    giveFreeObjectsBack();
    long all = field("MemTotal");
    for (String name : new String[] {"MemFree", "Buffers", "Cached", "SwapCached", "AnonPages"}) {
      all -= field(name);
    }
    return new KernelMemory(SlabInfo.now(), field("Slab"), all);
  }

  private static void giveFreeObjectsBack() {
    File[] caches = new File("/sys/kernel/slab").listFiles();
    if (caches == null) {
      return; // no SLUB: the figures are as good as without it
    }
    for (File cache : caches) {
      try {
        Files.writeString(cache.toPath().resolve("shrink"), "1");
      } catch (IOException e) {
        // Aliases of merged caches come and go; a cache that is not shrunk is only less exact.
      }
    }
  }

  private static long field(String name) {
    return ProcFile.field(MEMINFO, name);
  }
}
