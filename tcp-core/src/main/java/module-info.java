import wisp.core.spi.CongestionControlProvider;
import wisp.core.tcp.congestion.Cubic;
import wisp.core.tcp.congestion.NewReno;

/** The protocol and what others implement; depends on the JDK's base module alone. */
module wisp.core {
  requires static org.jspecify;

  exports wisp.core;
  exports wisp.core.ip;
  exports wisp.core.spi;
  exports wisp.core.stack;
  exports wisp.core.wire;

  uses CongestionControlProvider;

  provides CongestionControlProvider with
      Cubic.Provider,
      Cubic.PacedProvider,
      NewReno.Provider;
}
