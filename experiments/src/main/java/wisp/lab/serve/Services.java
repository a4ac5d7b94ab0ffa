package wisp.lab.serve;

import java.util.List;
import java.util.function.Supplier;
import wisp.lab.suite.Catalog;

/** All services, by name. */
public final class Services {
  private record Entry(String name, Supplier<Service> make) {}

  private static final List<Entry> ALL =
      List.of(
          new Entry("echo", Echo::new),
          new Entry("discard", Discard::new),
          new Entry("chargen", Chargen::new),
          new Entry("hello", Hello::new),
          new Entry("http", Http::new),
          new Entry("broadcast", StdinBroadcast::usual));

  private Services() {}

  /** A new one. */
  public static Service named(String name) {
    return Catalog.find("service", name, ALL, Entry::name).make().get();
  }

  /** What there is. */
  public static List<String> names() {
    return ALL.stream().map(Entry::name).toList();
  }
}
