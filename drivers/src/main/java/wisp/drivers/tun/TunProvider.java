package wisp.drivers.tun;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;

/** Opens {@link TunLink}s by name. */
public final class TunProvider implements LinkProvider {
  @Override
  public String name() {
    return "tun";
  }

  @Override
  public String description() {
    return "a TUN device of the Linux kernel, with checksum and segmentation offload";
  }

  @Override
  public List<Parameter> parameters() {
    return TunConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    String reason = Linux.unavailable();
    if (reason != null) {
      return "tun " + reason;
    }
    if (!Files.exists(Path.of(TunDevice.CONTROL))) {
      return "tun needs "
          + TunDevice.CONTROL
          + "; load it with: modprobe tun (in a container: --device "
          + TunDevice.CONTROL
          + ")";
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int descriptor = libc.open(TunDevice.CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK);
      if (descriptor < 0) {
        return "tun can't open "
            + TunDevice.CONTROL
            + ": "
            + libc.describe(descriptor)
            + "; run as root";
      }
      libc.close(descriptor);
    }
    if (!Linux.hasCapability(Linux.CAP_NET_ADMIN)) {
      return TunDevice.NOT_ALLOWED;
    }
    return null;
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return TunLink.open(TunConfig.of(parameters));
  }
}
