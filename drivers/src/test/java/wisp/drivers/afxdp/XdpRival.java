package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.BpfCalls;
import wisp.drivers.linux.EbpfAssembler;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.NetworkNamespace;

/** Somebody else's program on an interface, which passes everything on. */
record XdpRival(int program, int attachment) implements AutoCloseable {
  static XdpRival attach(String namespace, String device) throws LinkException {
    return NetworkNamespace.inside(
        namespace,
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            var bpf = new BpfCalls(arena);
            int index = NetworkInterface.find(device).index();
            int program =
                bpf.loadXdp(new EbpfAssembler().set(0, 2).exit().build(arena), 0, "rival");
            int attachment = bpf.attachXdp(program, index, BpfCalls.XDP_SKB_MODE);
            if (program < 0 || attachment < 0) {
              throw new AssertionError(program + " " + attachment + " " + bpf.log());
            }
            return new XdpRival(program, attachment);
          }
        });
  }

  @Override
  public void close() {
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      libc.close(attachment);
      libc.close(program);
    }
  }
}
