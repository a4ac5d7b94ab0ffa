package wisp.lab.kernel;

import java.util.HashMap;
import java.util.Map;
import wisp.lab.measure.ProcFile;

/**
 * What the kernel's slab caches hold at one moment.
 *
 * @param caches by name
 */
record SlabInfo(Map<String, Cache> caches) {
  private static final int PAGE_BYTES = 4096;

  /**
   * One cache.
   *
   * @param objects in use
   * @param objectBytes size of each
   * @param pageBytes all pages of the cache
   */
  record Cache(long objects, long objectBytes, long pageBytes) {}

  static SlabInfo now() {
    return parse(ProcFile.text("/proc/slabinfo"));
  }

  /** Version 2.1 of the format. */
  static SlabInfo parse(String text) {
    var caches = new HashMap<String, Cache>();
    text.lines()
        .filter(line -> !line.startsWith("slabinfo") && !line.startsWith("#"))
        .map(line -> line.split("\\s+", -1))
        .filter(words -> words.length >= 15)
        .forEach(
            words ->
                caches.put(
                    words[0],
                    new Cache(
                        Long.parseLong(words[1]),
                        Long.parseLong(words[3]),
                        Long.parseLong(words[14]) * Long.parseLong(words[5]) * PAGE_BYTES)));
    return new SlabInfo(caches);
  }

  /** How many more objects and bytes than {@code before}, by cache. */
  Map<String, Cache> since(SlabInfo before) {
    var growth = new HashMap<String, Cache>();
    caches.forEach(
        (name, now) -> {
          Cache then = before.caches.getOrDefault(name, new Cache(0, 0, 0));
          growth.put(
              name,
              new Cache(
                  now.objects - then.objects, now.objectBytes, now.pageBytes - then.pageBytes));
        });
    return growth;
  }
}
