package wisp.drivers.dpdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A physical device as the kernel shows it in {@code /sys}. */
final class PciDevice {
  private static final Path ALL = Path.of("/sys/bus/pci/devices");

  /** Kernel drivers with which a driver of DPDK can have a device; the latter share it. */
  private static final Set<String> OURS =
      Set.of("vfio-pci", "igb_uio", "uio_pci_generic", "mlx4_core", "mlx5_core", "mana");

  private PciDevice() {}

  /** Why DPDK can't have it; null when nothing is known. */
  static @Nullable String unavailable(String address) {
    Path device = ALL.resolve(address.length() == 7 ? "0000:" + address : address);
    if (!Files.isDirectory(device)) {
      return "there is no PCI device "
          + address
          + "; those there are: ls /sys/bus/pci/devices, or dpdk-devbind.py --status";
    }
    String driver = "none";
    try {
      driver = Files.readSymbolicLink(device.resolve("driver")).getFileName().toString();
    } catch (IOException e) {
      // no driver has it
    }
    return OURS.contains(driver)
        ? null
        : "PCI device "
            + address
            + " has the kernel's driver "
            + driver
            + "; bind it with: dpdk-devbind.py -b vfio-pci "
            + address;
  }
}
