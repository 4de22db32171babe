//! The devices that the page knows.

use super::board::{Class, Device};
use super::roofline::Roofline;
use super::source::{Figure, Source};

/// Where a chip's figures stand beside its timings.
const TINYMAIX: &str = "https://github.com/sipeed/TinyMaix/blob/0532eceb92097dc97fb39b1d01a41f6736eb51bb/benchmark.md";

const K: u64 = 1024;
const M: u64 = 1024 * 1024;
const MHZ: u64 = 1_000_000;

const fn source(title: &'static str, address: &'static str) -> Source {
    Source { title, address }
}

/// A microcontroller whose figures stand in one data sheet.
const fn microcontroller(
    (id, name, processor): (&'static str, &'static str, &'static str),
    (clock, flash, ram): (u64, u64, u64),
    source: Source,
) -> Device {
    Device {
        id,
        name,
        processor,
        class: Class::Microcontroller,
        clock: Figure { value: clock, source },
        flash: Figure { value: flash, source },
        ram: Figure { value: ram, source },
        roofline: None,
        also: &[],
        core: "",
    }
}

/// A device with its core and the names that people know it by.
const fn known_as(device: Device, core: &'static str, also: &'static [&'static str]) -> Device {
    Device { also, core, ..device }
}

/// A computer with an operating system: storage is no limit, memory is.
const fn computer(
    (id, name, processor): (&'static str, &'static str, &'static str),
    (clock, ram): (u64, u64),
    (source, roofline): (Source, Option<Roofline>),
) -> Device {
    Device {
        id,
        name,
        processor,
        class: Class::Computer,
        clock: Figure { value: clock, source },
        flash: Figure { value: ram, source },
        ram: Figure { value: ram, source },
        roofline,
        also: &[],
        core: "",
    }
}

const A100: Source = source(
    "NVIDIA A100 Tensor Core GPU data sheet (40 GB): 19.5 TFLOPS in FP32, 1,555 GB/s",
    "https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-us-nvidia-1758950-r4-web.pdf",
);

/// Each with the sources of its figures.
pub static CATALOGUE: &[Device] = &[
    known_as(
        microcontroller(
            ("nano-33-ble", "Arduino Nano 33 BLE", "nRF52840, Cortex-M4F"),
            (64 * MHZ, M, 256 * K),
            source("Arduino Nano 33 BLE, tech specs", "https://docs.arduino.cc/hardware/nano-33-ble/"),
        ),
        "Cortex-M4F",
        &["nRF52840 DK", "Nano 33 BLE Sense", "XIAO nRF52840", "Feather nRF52840"],
    ),
    known_as(
        microcontroller(
            ("pico", "Raspberry Pi Pico", "RP2040, two Cortex-M0+"),
            (133 * MHZ, 2 * M, 264 * K),
            source("Raspberry Pi Pico data sheet", "https://datasheets.raspberrypi.com/pico/pico-datasheet.pdf"),
        ),
        "Cortex-M0+",
        &["Pico W", "Nano RP2040 Connect", "XIAO RP2040", "Feather RP2040"],
    ),
    Device {
        also: &["ESP32-DevKitC", "NodeMCU-32S", "M5Stack Core", "DOIT ESP32 DevKit V1"],
        core: "Xtensa LX6",
        // Of 520 KB, 320 are for data, and of those 160 in one piece, as an arena is.
        ram: Figure {
            value: 160 * K,
            source: source(
                "ESP-IDF, memory types: the most that data of a fixed place can take, of 520 KB in all",
                "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-guides/memory-types.html",
            ),
        },
        ..microcontroller(
            ("esp32", "ESP32-WROOM-32E (4 MB)", "two Xtensa LX6"),
            (240 * MHZ, 4 * M, 520 * K),
            source(
                "ESP32-WROOM-32E data sheet",
                "https://www.espressif.com/sites/default/files/documentation/esp32-wroom-32e_esp32-wroom-32ue_datasheet_en.pdf",
            ),
        )
    },
    known_as(
        microcontroller(
            ("esp32-s3", "ESP32-S3-WROOM-1 (8 MB)", "two Xtensa LX7"),
            (240 * MHZ, 8 * M, 512 * K),
            source(
                "ESP32-S3-WROOM-1 data sheet",
                "https://www.espressif.com/sites/default/files/documentation/esp32-s3-wroom-1_wroom-1u_datasheet_en.pdf",
            ),
        ),
        "Xtensa LX7",
        &["ESP32-S3-DevKitC-1", "ESP32-S3-EYE", "XIAO ESP32S3"],
    ),
    known_as(
        microcontroller(
            ("stm32l4r5", "Nucleo-L4R5ZI", "STM32L4R5ZI, Cortex-M4F"),
            (120 * MHZ, 2 * M, 640 * K),
            source("STM32L4R5xx data sheet", "https://www.st.com/resource/en/datasheet/stm32l4r5zi.pdf"),
        ),
        "Cortex-M4F",
        &[],
    ),
    known_as(
        microcontroller(
            ("stm32f746", "STM32F746G-DISCO", "STM32F746NG, Cortex-M7"),
            (216 * MHZ, M, 320 * K),
            source("STM32F745xx STM32F746xx data sheet", "https://www.st.com/resource/en/datasheet/stm32f746ng.pdf"),
        ),
        "Cortex-M7",
        &["F746"],
    ),
    known_as(
        microcontroller(
            ("stm32h743", "Nucleo-H743ZI2", "STM32H743ZI, Cortex-M7"),
            (480 * MHZ, 2 * M, M),
            source(
                "STM32H742xI/G STM32H743xI/G data sheet",
                "https://www.st.com/resource/en/datasheet/stm32h743zi.pdf",
            ),
        ),
        "Cortex-M7",
        &["OpenMV H7"],
    ),
    known_as(
        microcontroller(
            ("stm32h747", "STM32H747I-DISCO", "STM32H747XI, Cortex-M7 + M4"),
            (480 * MHZ, 2 * M, M),
            source("STM32H747xI/G data sheet", "https://www.st.com/resource/en/datasheet/stm32h747xi.pdf"),
        ),
        "Cortex-M7",
        &["Portenta H7", "Nicla Vision", "Giga R1"],
    ),
    known_as(
        microcontroller(
            ("stm32h7a3", "Nucleo-H7A3ZI-Q", "STM32H7A3ZI, Cortex-M7"),
            (280 * MHZ, 2 * M, 1_376 * K),
            source("STM32H7A3xI/G data sheet", "https://www.st.com/resource/en/datasheet/stm32h7a3zi.pdf"),
        ),
        "Cortex-M7",
        &[],
    ),
    known_as(
        microcontroller(
            ("stm32u575", "Nucleo-U575ZI-Q", "STM32U575ZI, Cortex-M33"),
            (160 * MHZ, 2 * M, 786 * K),
            source("STM32U575xx data sheet", "https://www.st.com/resource/en/datasheet/stm32u575zi.pdf"),
        ),
        "Cortex-M33",
        &[],
    ),
    known_as(
        microcontroller(
            ("nrf5340", "nRF5340 DK", "nRF5340, Cortex-M33"),
            (128 * MHZ, M, 512 * K),
            source(
                "nRF5340 product specification",
                "https://docs.nordicsemi.com/bundle/ps_nrf5340/page/keyfeatures_html5.html",
            ),
        ),
        "Cortex-M33",
        &["Thingy:53"],
    ),
    known_as(
        microcontroller(
            ("efr32mg24", "EFR32xG24 dev kit", "EFR32MG24, Cortex-M33 with MVP"),
            (78 * MHZ, 1_536 * K, 256 * K),
            source(
                "EFR32MG24 data sheet",
                "https://www.silabs.com/documents/public/data-sheets/efr32mg24-datasheet.pdf",
            ),
        ),
        "Cortex-M33 with MVP",
        &["xG24", "SparkFun Thing Plus Matter"],
    ),
    known_as(
        microcontroller(
            ("stm32f411", "Nucleo-F411RE", "STM32F411RE, Cortex-M4F"),
            (100 * MHZ, 512 * K, 128 * K),
            source("STM32F411xC STM32F411xE data sheet", "https://www.st.com/resource/en/datasheet/stm32f411re.pdf"),
        ),
        "Cortex-M4F",
        &["Black Pill", "WeAct STM32F411CE"],
    ),
    known_as(
        microcontroller(
            ("stm32l496", "Nucleo-L496ZG", "STM32L496ZG, Cortex-M4F"),
            (80 * MHZ, M, 320 * K),
            source("STM32L496xx data sheet", "https://www.st.com/resource/en/datasheet/stm32l496zg.pdf"),
        ),
        "Cortex-M4F",
        &[],
    ),
    known_as(
        microcontroller(
            ("stm32g474", "Nucleo-G474RE", "STM32G474RE, Cortex-M4F"),
            (170 * MHZ, 512 * K, 128 * K),
            source(
                "STM32G474xB STM32G474xC STM32G474xE data sheet",
                "https://www.st.com/resource/en/datasheet/stm32g474re.pdf",
            ),
        ),
        "Cortex-M4F",
        &["B-G474E-DPOW1"],
    ),
    known_as(
        microcontroller(
            ("stm32h750", "STM32H750B-DISCO", "STM32H750XB, Cortex-M7"),
            (480 * MHZ, 128 * K, M),
            source(
                "STM32H750VB STM32H750ZB STM32H750IB STM32H750XB data sheet (internal flash)",
                "https://www.st.com/resource/en/datasheet/stm32h750xb.pdf",
            ),
        ),
        "Cortex-M7",
        &["Daisy Seed", "WeAct STM32H750VB"],
    ),
    known_as(
        microcontroller(
            ("esp32-c3", "ESP32-C3-MINI-1 (4 MB)", "RISC-V, RV32IMC"),
            (160 * MHZ, 4 * M, 400 * K),
            source(
                "ESP32-C3-MINI-1 data sheet",
                "https://www.espressif.com/sites/default/files/documentation/esp32-c3-mini-1_datasheet_en.pdf",
            ),
        ),
        "RV32IMC",
        &["ESP32-C3-DevKitM-1", "XIAO ESP32C3", "M5Stamp C3"],
    ),
    known_as(
        microcontroller(
            ("ch32v307", "CH32V307V-EVT", "QingKe V4F, RV32IMAFC"),
            (144 * MHZ, 256 * K, 64 * K),
            source(
                "CH32V307 data sheet (256 KB + 64 KB; other divisions up to 128 KB of RAM)",
                "https://www.wch-ic.com/downloads/CH32V20x_30xDS0_PDF.html",
            ),
        ),
        "QingKe V4F",
        &["CH32V307VCT6"],
    ),
    known_as(
        microcontroller(
            ("xr806", "XR806", "Star-MC1, Armv8-M"),
            (160 * MHZ, 2 * M, 288 * K),
            source("TinyMaix, benchmark.md: flash, RAM and clock of the chip", TINYMAIX),
        ),
        "Star-MC1",
        &[],
    ),
    known_as(
        microcontroller(
            ("w801", "W801", "XT804"),
            (240 * MHZ, 2 * M, 288 * K),
            source("TinyMaix, benchmark.md: flash, RAM and clock of the chip", TINYMAIX),
        ),
        "XT804",
        &["HLK-W801"],
    ),
    known_as(
        microcontroller(
            ("bk7256", "BK7256", "RISC-V"),
            (320 * MHZ, 4 * M, 512 * K),
            source("TinyMaix, benchmark.md: flash, RAM and clock of the chip", TINYMAIX),
        ),
        "BK7256",
        &[],
    ),
    computer(
        ("pi-zero-2", "Raspberry Pi Zero 2 W", "RP3A0, four Cortex-A53"),
        (1_000 * MHZ, 512 * M),
        (
            source(
                "Raspberry Pi Zero 2 W product brief",
                "https://datasheets.raspberrypi.com/rpizero2/raspberry-pi-zero-2-w-product-brief.pdf",
            ),
            None,
        ),
    ),
    computer(
        ("pi-4", "Raspberry Pi 4 Model B (2 GB)", "BCM2711, four Cortex-A72"),
        (1_800 * MHZ, 2_048 * M),
        (
            source(
                "Raspberry Pi 4 Model B product brief",
                "https://datasheets.raspberrypi.com/rpi4/raspberry-pi-4-product-brief.pdf",
            ),
            None,
        ),
    ),
    computer(
        ("pixel-1", "Google Pixel (2016)", "Snapdragon 821, Kryo"),
        (2_150 * MHZ, 4_096 * M),
        (
            source("Google Pixel, technical specifications", "https://support.google.com/pixelphone/answer/7158570"),
            None,
        ),
    ),
    computer(
        ("desktop", "A desktop core (Ryzen 5 5600)", "Zen 3, one core"),
        (4_400 * MHZ, 16_384 * M),
        (
            source(
                "AMD Ryzen 5 5600 specifications (boost clock); 16 GiB of memory is an assumption",
                "https://www.amd.com/en/products/processors/desktops/ryzen/5000-series/amd-ryzen-5-5600.html",
            ),
            None,
        ),
    ),
    computer(
        ("a100", "NVIDIA A100 (40 GB)", "GA100"),
        (1_410 * MHZ, 40_000_000_000),
        (
            A100,
            Some(Roofline {
                macs_per_second: Figure { value: 9_750_000_000_000, source: A100 },
                bytes_per_second: Figure { value: 1_555_000_000_000, source: A100 },
            }),
        ),
    ),
];
