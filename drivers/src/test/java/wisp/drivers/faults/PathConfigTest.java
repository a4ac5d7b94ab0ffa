package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpAddress;

class PathConfigTest {
  @ParameterizedTest
  @CsvSource({
    "20ms,20000000",
    "1.5s,1500000000",
    "300us,300000",
    "40ns,40",
    "0,0",
    "0.5MS,500000",
    "2µs,2000"
  })
  void readsTimes(String text, long nanos) {
    assertEquals(nanos, PathConfig.parseDuration(text));
  }

  @ParameterizedTest
  @CsvSource({"1%,0.01", "0.5%,0.005", "100%,1", "0.25,0.25", "0,0", "1,1"})
  void readsShares(String text, double share) {
    assertEquals(share, PathConfig.parseShare(text), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "100mbit,100000000",
    "1.5gbit,1500000000",
    "64kbit,64000",
    "9600bit,9600",
    "0,0",
    "10Mbit,10000000"
  })
  void readsRates(String text, long bitsPerSecond) {
    assertEquals(bitsPerSecond, PathConfig.parseRate(text));
  }

  @Test
  void readsAWholePath() {
    assertEquals(
        PathConfig.PERFECT
            .delay(20_000_000)
            .jitter(1_000_000)
            .loss(0.01)
            .burst(0.001, 0.25, 1)
            .reorder(0.05, 3_000_000)
            .duplicate(0.02)
            .corrupt(0.001)
            .mark(0.02)
            .rate(100_000_000)
            .queue(170)
            .mtu(1280)
            .answersTooBig(true)
            .blocksIcmp(true)
            .router(IpAddress.parse("10.1.1.1"))
            .router(IpAddress.parse("fd01::1")),
        PathConfig.parse(
            "delay=20ms,jitter=1ms,loss=1%,burst=0.1%/25%,reorder=5%,hold=3ms,"
                + "duplicate=2%,corrupt=0.1%,mark=2%,rate=100mbit,queue=170,"
                + "mtu=1280,pmtu=icmp,icmp=block,router=10.1.1.1,router=fd01::1"));
    assertEquals(PathConfig.PERFECT, PathConfig.parse(""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "delay=20",
        "delay=-1ms",
        "delay=1e3ms",
        "delay=2h",
        "delay=9999s",
        "delay=",
        "loss=5",
        "loss=-1%",
        "loss=NaN",
        "loss=101%",
        "rate=100",
        "rate=mbit",
        "rate=-1mbit",
        "queue=0",
        "queue=x",
        "burst=1%",
        "burst=1%/0%",
        "speed=1",
        "mtu=67",
        "mtu=65576",
        "mtu=-1",
        "mtu=x",
        "pmtu=on",
        "icmp=",
        "router=ten",
        "loss",
        "=1%",
        "delay=1ms,"
      })
  void refusesTheRest(String text) {
    assertThrows(IllegalArgumentException.class, () -> PathConfig.parse(text));
  }

  @Test
  void expectsTheLossOfBothKindsTogether() {
    assertEquals(0, PathConfig.PERFECT.expectedLoss());
    assertEquals(0.01, PathConfig.parse("loss=1%").expectedLoss(), 1e-12);
    assertEquals(0.02, PathConfig.parse("burst=1%/49%").expectedLoss(), 1e-12);
  }
}
