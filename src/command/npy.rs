//! NumPy's `.npy`, versions 1 to 3, of 32-bit floats in C order.

use super::Stopped;

const MAGIC: &[u8] = b"\x93NUMPY";

/// The values of a file, in order.
///
/// # Errors
/// Where it is none, or holds anything but `<f4` in C order.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<f32>, Stopped> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a .npy file")?;
    let (length, start) = match rest {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), 4),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 6),
        _ => return Err("its version is not 1, 2 or 3".to_string()),
    };
    let header = rest.get(start..).and_then(|rest| rest.get(..length)).ok_or("its header is longer than the file")?;
    let header = String::from_utf8_lossy(header).replace('"', "'");
    if !header.contains("'descr': '<f4'") || !header.contains("'fortran_order': False") {
        return Err("it holds no 32-bit floats in C order; save it with .astype('<f4')".to_string());
    }
    let values = &rest[start + length..];
    if values.len() % 4 != 0 {
        return Err(format!("its values end within a number, after {} bytes", values.len()));
    }
    Ok(values.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
}

/// A file of version 1 with these values.
pub(super) fn write(values: &[f32], shape: &[usize]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.join(" "));
    // The values begin at a multiple of 64.
    let padding = 63 - (MAGIC.len() + 4 + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(u16::try_from(header.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(header.as_bytes());
    values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let values = [1.5, -0.0, f32::MAX];
        let bytes = write(&values, &[1, 3]);
        assert_eq!(read(&bytes).unwrap(), values);
        assert_eq!((bytes.len() - 12) % 64, 0);
        for end in 0..bytes.len() {
            // Cut short it is refused, or has fewer values.
            assert!(read(&bytes[..end]).map_or(true, |values| values.len() < 3));
        }
    }
}
