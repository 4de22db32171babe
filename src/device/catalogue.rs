//! Devices by id and by name.

use super::board::Device;
use super::devices::CATALOGUE;

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

/// The devices of the catalogue with a name that a text is part of: `nRF52840`, `Nicla`, `F411`, `black pill`.
pub fn called(text: &str) -> impl Iterator<Item = &'static Device> {
    CATALOGUE.iter().filter(move |device| device.is_called(text))
}
