//! Boards and chips by their makers' figures.

use super::roofline::Roofline;
use super::source::{Figure, Source};

/// A device that a network may have to run on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Stands in links.
    pub id: &'static str,
    pub name: &'static str,
    pub processor: &'static str,
    pub class: Class,
    /// Hz.
    pub clock: Figure,
    /// Bytes for program and weights.
    pub flash: Figure,
    /// Bytes for tensors and everything else that runs.
    pub ram: Figure,
    /// The makers' peaks, where they state them.
    pub roofline: Option<Roofline>,
}

/// What limits a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Weights stay in flash, tensors in RAM; int8.
    Microcontroller,
    /// Weights and tensors share the RAM; 32-bit floats.
    Computer,
}

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
    }
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
    }
}

const A100: Source = source(
    "NVIDIA A100 Tensor Core GPU data sheet (40 GB): 19.5 TFLOPS in FP32, 1,555 GB/s",
    "https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-us-nvidia-1758950-r4-web.pdf",
);

pub static CATALOGUE: &[Device] = &[
    microcontroller(
        ("nano-33-ble", "Arduino Nano 33 BLE", "nRF52840, Cortex-M4F"),
        (64 * MHZ, M, 256 * K),
        source("Arduino Nano 33 BLE, tech specs", "https://docs.arduino.cc/hardware/nano-33-ble/"),
    ),
    microcontroller(
        ("pico", "Raspberry Pi Pico", "RP2040, two Cortex-M0+"),
        (133 * MHZ, 2 * M, 264 * K),
        source("Raspberry Pi Pico data sheet", "https://datasheets.raspberrypi.com/pico/pico-datasheet.pdf"),
    ),
    Device {
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
    microcontroller(
        ("esp32-s3", "ESP32-S3-WROOM-1 (8 MB)", "two Xtensa LX7"),
        (240 * MHZ, 8 * M, 512 * K),
        source(
            "ESP32-S3-WROOM-1 data sheet",
            "https://www.espressif.com/sites/default/files/documentation/esp32-s3-wroom-1_wroom-1u_datasheet_en.pdf",
        ),
    ),
    microcontroller(
        ("stm32l4r5", "Nucleo-L4R5ZI", "STM32L4R5ZI, Cortex-M4F"),
        (120 * MHZ, 2 * M, 640 * K),
        source("STM32L4R5xx data sheet", "https://www.st.com/resource/en/datasheet/stm32l4r5zi.pdf"),
    ),
    microcontroller(
        ("stm32f746", "STM32F746G-DISCO", "STM32F746NG, Cortex-M7"),
        (216 * MHZ, M, 320 * K),
        source("STM32F745xx STM32F746xx data sheet", "https://www.st.com/resource/en/datasheet/stm32f746ng.pdf"),
    ),
    microcontroller(
        ("stm32h743", "Nucleo-H743ZI2", "STM32H743ZI, Cortex-M7"),
        (480 * MHZ, 2 * M, M),
        source("STM32H742xI/G STM32H743xI/G data sheet", "https://www.st.com/resource/en/datasheet/stm32h743zi.pdf"),
    ),
    microcontroller(
        ("stm32h747", "STM32H747I-DISCO", "STM32H747XI, Cortex-M7 + M4"),
        (480 * MHZ, 2 * M, M),
        source("STM32H747xI/G data sheet", "https://www.st.com/resource/en/datasheet/stm32h747xi.pdf"),
    ),
    microcontroller(
        ("stm32h7a3", "Nucleo-H7A3ZI-Q", "STM32H7A3ZI, Cortex-M7"),
        (280 * MHZ, 2 * M, 1_376 * K),
        source("STM32H7A3xI/G data sheet", "https://www.st.com/resource/en/datasheet/stm32h7a3zi.pdf"),
    ),
    microcontroller(
        ("stm32u575", "Nucleo-U575ZI-Q", "STM32U575ZI, Cortex-M33"),
        (160 * MHZ, 2 * M, 786 * K),
        source("STM32U575xx data sheet", "https://www.st.com/resource/en/datasheet/stm32u575zi.pdf"),
    ),
    microcontroller(
        ("nrf5340", "nRF5340 DK", "nRF5340, Cortex-M33"),
        (128 * MHZ, M, 512 * K),
        source(
            "nRF5340 product specification",
            "https://docs.nordicsemi.com/bundle/ps_nrf5340/page/keyfeatures_html5.html",
        ),
    ),
    microcontroller(
        ("efr32mg24", "EFR32xG24 dev kit", "EFR32MG24, Cortex-M33 with MVP"),
        (78 * MHZ, 1_536 * K, 256 * K),
        source("EFR32MG24 data sheet", "https://www.silabs.com/documents/public/data-sheets/efr32mg24-datasheet.pdf"),
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

/// The device of an id.
pub fn by_id(id: &str) -> Option<&'static Device> {
    CATALOGUE.iter().find(|device| device.id == id)
}

/// The device of an id: of the catalogue, or one's own, whose id holds its limits (`own-1048576-262144`).
pub fn find(id: &str) -> Option<Device> {
    if let Some(device) = by_id(id) {
        return Some(*device);
    }
    let (flash, ram) = id.strip_prefix("own-")?.split_once('-')?;
    Some(Device::own(flash.parse().ok()?, ram.parse().ok()?))
}

/// The id of a device with one's own limits, in bytes.
pub fn own_id(flash: u64, ram: u64) -> String {
    format!("own-{flash}-{ram}")
}

impl Device {
    /// A device with one's own limits, in bytes.
    pub const fn own(flash: u64, ram: u64) -> Self {
        Self {
            id: "own",
            name: "Your own",
            processor: "limits given by you",
            class: Class::Microcontroller,
            clock: Figure::own(0),
            flash: Figure::own(flash),
            ram: Figure::own(ram),
            roofline: None,
        }
    }
}
