//! Zip archives of stored entries, as `torch.save` writes them: nothing is inflated, so that nothing can swell.

use super::super::problem::FileProblem;

const MOST_ENTRIES: usize = 200_000;
/// The end of the central directory and the longest comment behind it.
const LONGEST_END: usize = 22 + 65_535;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub name: String,
    pub bytes: &'a [u8],
}

/// The entries of an archive, in the order of its directory.
///
/// # Errors
/// Names the byte, the field and the rule; a compressed entry is one.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, FileProblem> {
    let from = bytes.len().saturating_sub(LONGEST_END);
    let end = bytes[from..].windows(4).rposition(|four| four == b"PK\x05\x06").map(|at| from + at);
    let end =
        end.ok_or_else(|| FileProblem::at(bytes.len(), "the zip's directory", "there is none: the file is cut off"))?;
    let (count, start) = directory(bytes, end)?;
    if count > MOST_ENTRIES as u64 {
        return Err(FileProblem::at(
            end,
            "the zip's directory",
            format!("it has {count} entries, more than {MOST_ENTRIES}"),
        ));
    }
    let mut entries = Vec::new();
    let mut at = place(start, end, "the directory's offset")?;
    for _ in 0..count {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err(FileProblem::at(at, "the zip's directory", "an entry should begin here"));
        }
        let short = |offset: usize| number::<2>(bytes, at + offset);
        let [name_length, more_length, comment_length] =
            [short(28)? as usize, short(30)? as usize, short(32)? as usize];
        let name = bytes
            .get(at + 46..at + 46 + name_length)
            .ok_or_else(|| FileProblem::at(at, "an entry's name", "the bytes end within it"))?;
        let name = String::from_utf8_lossy(name).into_owned();
        let more = bytes.get(at + 46 + name_length..at + 46 + name_length + more_length).unwrap_or_default();
        let sizes = [number::<4>(bytes, at + 20)?, number::<4>(bytes, at + 24)?, number::<4>(bytes, at + 42)?];
        let [packed, size, local] = wide(sizes, more);
        let field = || format!("entry {name}");
        if short(10)? != 0 || packed != size {
            return Err(FileProblem::at(at, field(), "it is compressed, which PyTorch's files are not"));
        }
        let local = place(local, at, "an entry's offset")?;
        if bytes.get(local..local.saturating_add(4)) != Some(b"PK\x03\x04") {
            return Err(FileProblem::at(at, field(), "its offset leads to no entry"));
        }
        let skipped = 30 + number::<2>(bytes, local + 26)? as usize + number::<2>(bytes, local + 28)? as usize;
        let start = local + skipped;
        let content = usize::try_from(size).ok().and_then(|size| bytes.get(start..start.checked_add(size)?));
        let content =
            content.ok_or_else(|| FileProblem::at(at, field(), format!("its {size} bytes end outside of the file")))?;
        entries.push(Entry { name, bytes: content });
        at += 46 + name_length + more_length + comment_length;
    }
    Ok(entries)
}

/// How many entries there are, and where the first one stands; also of archives beyond 4 GiB.
fn directory(bytes: &[u8], end: usize) -> Result<(u64, u64), FileProblem> {
    let (count, start) = (number::<2>(bytes, end + 10)?, number::<4>(bytes, end + 16)?);
    if count != 0xffff && start != 0xffff_ffff {
        return Ok((count, start));
    }
    let locator = end.checked_sub(20).filter(|&at| bytes.get(at..at + 4) == Some(b"PK\x06\x07"));
    let Some(locator) = locator else { return Ok((count, start)) };
    let wide = place(number::<8>(bytes, locator + 8)?, locator, "the zip64 directory's offset")?;
    if bytes.get(wide..wide.saturating_add(4)) != Some(b"PK\x06\x06") {
        return Err(FileProblem::at(locator, "the zip64 directory's offset", "it leads to no directory"));
    }
    Ok((number::<8>(bytes, wide + 32)?, number::<8>(bytes, wide + 48)?))
}

/// Packed size, size and offset, with those of 64 bits in place of those that do not fit 32.
fn wide([packed, size, local]: [u64; 3], more: &[u8]) -> [u64; 3] {
    let mut fields = more;
    let mut found: &[u8] = &[];
    while let [a, b, c, d, rest @ ..] = fields {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(rest.len());
        if u16::from_le_bytes([*a, *b]) == 1 {
            found = &rest[..length];
        }
        fields = &rest[length..];
    }
    let mut next = |given: u64| {
        let Some((first, rest)) = found.split_first_chunk().filter(|_| given == 0xffff_ffff) else { return given };
        found = rest;
        u64::from_le_bytes(*first)
    };
    let size = next(size);
    let packed = next(packed);
    [packed, size, next(local)]
}

fn number<const LENGTH: usize>(bytes: &[u8], at: usize) -> Result<u64, FileProblem> {
    let found = bytes.get(at..).and_then(|rest| rest.get(..LENGTH));
    let found = found.ok_or_else(|| FileProblem::at(at, "the zip's directory", "the bytes end within it"))?;
    Ok(found.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn place(offset: u64, at: usize, field: &'static str) -> Result<usize, FileProblem> {
    // Far below what an address may be, so that sums of it fit.
    usize::try_from(offset)
        .ok()
        .filter(|&offset| offset < usize::MAX / 4)
        .ok_or_else(|| FileProblem::at(at, field, "it lies outside of the file"))
}
