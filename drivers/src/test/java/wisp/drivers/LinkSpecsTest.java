package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;

/** A plus is part of a value, or begins a wrapper; never both. */
class LinkSpecsTest {
  private static Links.Stage stage(String wrapper, String... pairs) {
    var parameters = new java.util.LinkedHashMap<String, String>();
    for (int i = 0; i < pairs.length; i += 2) {
      parameters.put(pairs[i], pairs[i + 1]);
    }
    return new Links.Stage(wrapper, parameters);
  }

  @Test
  void readsWrappersInTheOrderWritten() {
    assertEquals(
        new Links.Spec(
            "tun",
            Map.of("name", "wa", "host", "10.9.0.1/16"),
            List.of(
                stage("shaped", "rtt", "40ms", "rate", "100mbit"),
                stage("pcap", "file", "/tmp/a.pcap"))),
        Links.parse("tun:wa,host=10.9.0.1/16+shaped:rtt=40ms,rate=100mbit+pcap:/tmp/a.pcap"));
    assertEquals(
        new Links.Spec("tun", Map.of(), List.of(stage("faults", "loss", "1%"), stage("pcap"))),
        Links.parse("tun+faults:1%+pcap"));
    assertEquals(
        new Links.Spec(
            "pcap", Map.of("read", "/tmp/a.pcap"), List.of(stage("pcap", "file", "/tmp/b.pcap"))),
        Links.parse("pcap:read=/tmp/a.pcap+pcap:/tmp/b.pcap"));
    assertEquals(
        Links.parse("tun+shaped:rtt=40ms+pcap:x"), Links.parse("tun + shaped: rtt=40ms +pcap: x"));
  }

  /** What stands in the tests, the scripts and the documentation, and what else has a plus. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tun|{}",
        "tap|{}",
        "tun:wa|{name=wa}",
        "tun:host=|{host=}",
        "tun:wa,host=10.9.0.1/16,mtu=9000|{name=wa, host=10.9.0.1/16, mtu=9000}",
        "tun:wa,host=10.9.0.1/24+fd09::1/64|{name=wa, host=10.9.0.1/24+fd09::1/64}",
        "tun:w,host=fd09::1/64+fd09::1/64|{name=w, host=fd09::1/64+fd09::1/64}",
        "tun:w,host=fd09::1/64,route=fd30::/32+fd30::/32"
            + "|{name=w, host=fd09::1/64, route=fd30::/32+fd30::/32}",
        "tun:wisp7,host=10.20.0.1/20,mtu=1400,route=10.30.0.0/16+10.40.1.0/24"
            + "|{name=wisp7, host=10.20.0.1/20, mtu=1400, route=10.30.0.0/16+10.40.1.0/24}",
        "tun:wb,offload=off,host=10.21.0.2/24+fd21::2/64,route=10.9.0.0/16+fd00:9::/48,netns=a"
            + "|{name=wb, offload=off, host=10.21.0.2/24+fd21::2/64,"
            + " route=10.9.0.0/16+fd00:9::/48, netns=a}",
        "tun:wl,host=10.60.2.254/24+fd60:2::ffff:1/64,mtu=1500,offload=on,netns=n"
            + "|{name=wl, host=10.60.2.254/24+fd60:2::ffff:1/64, mtu=1500, offload=on, netns=n}",
        "tun:host=fe80::1/64+cafe::1/64|{host=fe80::1/64+cafe::1/64}",
        "tun:host=::1/128+F00D:1::/64+a::b/64|{host=::1/128+F00D:1::/64+a::b/64}",
        "tap:wa,mac=02:00:00:00:00:01|{name=wa, mac=02:00:00:00:00:01}",
        "tap:w,host=fd09::1/64,mac=02:00:00:00:00:07"
            + "|{name=w, host=fd09::1/64, mac=02:00:00:00:00:07}",
        "tun:wisp0,netns=/proc/self/status|{name=wisp0, netns=/proc/self/status}",
        "tun:x%d|{name=x%d}",
        "tun:netns=a+b|{netns=a+b}",
        "tun:netns=one+two,mtu=1400|{netns=one+two, mtu=1400}",
        "pcap:read=/tmp/my+pcap.file|{read=/tmp/my+pcap.file}",
        "pcap:read=/tmp/c++|{read=/tmp/c++}",
        "memif:/tmp/a+b/c|{name=/tmp/a+b/c}",
      })
  void everySpecWithoutWrappersIsReadAsBefore(String spec, String parameters) {
    Links.Spec parsed = Links.parse(spec);
    assertEquals(List.of(), parsed.wrappers());
    assertEquals(parameters, parsed.parameters().toString());
    assertEquals(spec.replaceFirst(":.*", ""), parsed.provider());
    // The same with wrappers behind it: they take nothing of it.
    Links.Spec wrapped = Links.parse(spec + "+shaped:rtt=1ms+faults:loss=1%");
    assertEquals(parsed.parameters(), wrapped.parameters());
    assertEquals(
        List.of(stage("shaped", "rtt", "1ms"), stage("faults", "loss", "1%")), wrapped.wrappers());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tun+shapd:rtt=40ms|there is no wrapper 'shapd'",
        "tun+shapd|there is no wrapper 'shapd'",
        "tun:wa+shapd:rtt=40ms|there is no wrapper 'shapd'",
        "tun:wa,host=10.9.0.1/16+delayed:40ms|there is no wrapper 'delayed'",
        "tun+shaped+foo|there is no wrapper 'foo'",
        "tun:wa,host=10.9.0.1/16+shaped,rtt=40ms|follow a colon: +shaped:…",
        "tun+shaped:|is not parameter=value",
        "tun+shaped:rtt=1ms,|is not parameter=value",
        "tun+shaped:rtt=1ms,40ms|is not parameter=value",
        "tun+shaped:rtt=1ms,rtt=2ms|rtt' is given twice",
        "tun+shaped:1ms,rtt=2ms|rtt' is given twice",
        "tun+pcap:a,file=b|file' is given twice",
      })
  void refusesWhatCouldMeanTwoThingsInOneLine(String spec, String why) {
    var refused = assertThrows(IllegalArgumentException.class, () -> Links.parse(spec));
    assertEquals(1, refused.getMessage().lines().count());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  /** A name that could be a group of an IPv6 address would make a host of {@code +face::1}. */
  @ParameterizedTest
  @ValueSource(strings = {"face", "a", "bad", "Delay", "x1", ""})
  void refusesAWrapperWhoseNameCouldBePartOfAnAddress(String name) {
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> LinkSpecs.parse("tun", List.of(named(name))));
    assertTrue(refused.getMessage().contains("can't be called"), refused.getMessage());
  }

  private static LinkWrapperProvider named(String name) {
    return new LinkWrapperProvider() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public String description() {
        return "";
      }

      @Override
      public List<Parameter> parameters() {
        return List.of();
      }

      @Override
      public Link wrap(Link link, Map<String, String> parameters) {
        return link;
      }
    };
  }

  @Test
  void everyWrapperDescribesItself() {
    List<LinkWrapperProvider> all = Links.wrappers();
    assertEquals(
        List.of("drain", "faults", "pcap", "shaped"),
        all.stream().map(LinkWrapperProvider::name).toList());
    for (LinkWrapperProvider wrapper : all) {
      assertEquals(1, wrapper.description().lines().count());
      assertFalse(wrapper.parameters().isEmpty());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "+shaped|shaped needs a parameter, like shaped:rtt=…",
        "+faults|faults needs a parameter",
        "+pcap|pcap needs a file",
        "+shaped:loss=1%|shaped has no parameter 'loss'; it has [rtt, delay",
        "+faults:los=1%|faults has no parameter 'los'",
        "+faults:loss-up-up=1%|faults has no parameter 'loss-up-up'",
        "+faults:loss=2|faults: loss: '2' is more than all packets",
        "+shaped:rate=fast|shaped: rate: 'fast' is not a rate",
        "+shaped:rate=1mbit,trace=/nowhere/up|there is no trace /nowhere/up",
        "+shaped:seed=x|seed=x is not a seed",
        "+shaped:seed-up=1|seed-up=1 is not a seed",
        "+pcap:file=x,snaplen=3|snaplen=3 is outside",
        "+pcap:file=x,first=1,every=2|first or every, not both",
      })
  void refusesWrongParametersOfWrappersAndLeavesNothingOpen(String wrappers, String why) {
    var opened = new java.util.concurrent.atomic.AtomicInteger();
    var pipe = new wisp.drivers.inmemory.InMemoryPipe();
    Links.Spec spec = Links.parse("tun" + wrappers);
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> {
              for (Links.Stage stage : spec.wrappers()) {
                opened.incrementAndGet();
                Links.wrappers().stream()
                    .filter(w -> w.name().equals(stage.wrapper()))
                    .findFirst()
                    .orElseThrow()
                    .wrap(pipe.a(), stage.parameters());
              }
            });
    assertEquals(1, opened.get());
    assertEquals(1, refused.getMessage().lines().count());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
    assertTrue(Packets.commit(pipe.a(), new byte[20]), "the link is still its owner's");
    pipe.close();
  }

  @Test
  void aFileThatCantBeWrittenIsRefusedInOneLine() {
    var pipe = new wisp.drivers.inmemory.InMemoryPipe();
    var refused =
        assertThrows(
            LinkException.class,
            () ->
                new wisp.drivers.pcap.PcapWrapperProvider()
                    .wrap(pipe.a(), Map.of("file", "/nowhere/a.pcap")));
    assertEquals(
        "pcap can't write /nowhere/a.pcap (No such file or directory)", refused.getMessage());
    pipe.close();
  }
}
